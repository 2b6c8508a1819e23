/* SPDX-License-Identifier: Apache-2.0 */
#include "data/passwd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Groups of one process: NGROUPS_MAX of the kernel. */
#define MOST_GROUPS 65536

/* A part of a text; never NUL-terminated. */
struct part {
	const char *v;
	size_t n;
};

static bool same(struct part p, const char *s, size_t n)
{
	return p.n == n && !memcmp(p.v, s, n);
}

/* Decimal digits only, without a zero in front, below 2^32 - 1. */
static bool number(struct part p, uint32_t *out)
{
	uint64_t n = 0;

	if (!p.n || p.n > 10 || (p.v[0] == '0' && p.n > 1))
		return false;
	for (size_t i = 0; i < p.n; i++) {
		if (p.v[i] < '0' || p.v[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(p.v[i] - '0');
	}
	if (n >= UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/*
 * The next line that has exactly `want` fields, a name in the first of them and
 * no control characters anywhere.
 */
static bool next_line(struct nk_text *t, struct part *field, size_t want)
{
	while (t->n) {
		const char *line = t->v, *nl = memchr(line, '\n', t->n);
		size_t len = nl ? (size_t)(nl - line) : t->n, have = 0, from = 0;
		bool good = len <= NK_PASSWD_LONGEST_LINE;

		t->v += len + (nl != NULL);
		t->n -= len + (nl != NULL);
		for (size_t i = 0; good && i <= len; i++) {
			if (i == len || line[i] == ':') {
				good = have < want;
				if (good)
					field[have++] = (struct part){line + from, i - from};
				from = i + 1;
			} else {
				good = (unsigned char)line[i] >= 0x20 && line[i] != 0x7f;
			}
		}
		/* "+name" and "-name" were network lists once: no names of users. */
		if (good && have == want && field[0].n && !strchr("+-#", field[0].v[0]))
			return true;
	}
	return false;
}

static void found_user(struct nk_user *u, struct nk_arena *a, const struct part *f, uint32_t uid,
		       uint32_t gid)
{
	u->uid = uid;
	u->gid = gid;
	u->name = nk_strndup(a, f[0].v, f[0].n);
	if (f[5].n && f[5].v[0] == '/')
		u->home = nk_strndup(a, f[5].v, f[5].n);
}

/* By name first, as chown and Docker do: a user may be called "1000". */
static bool find_user(struct nk_user *u, struct nk_arena *a, struct nk_text passwd, struct part who)
{
	uint32_t wanted = 0, uid, gid;
	bool numeric = number(who, &wanted);
	struct part f[7];

	for (struct nk_text t = passwd; next_line(&t, f, 7);)
		if (same(who, f[0].v, f[0].n) && number(f[2], &uid) && number(f[3], &gid)) {
			found_user(u, a, f, uid, gid);
			return true;
		}
	if (!numeric)
		return false;
	for (struct nk_text t = passwd; next_line(&t, f, 7);)
		if (number(f[2], &uid) && uid == wanted && number(f[3], &gid)) {
			found_user(u, a, f, uid, gid);
			return true;
		}
	u->uid = wanted;
	return true;
}

static bool find_group(struct nk_text group, struct part who, uint32_t *gid)
{
	struct part f[4];

	for (struct nk_text t = group; next_line(&t, f, 4);)
		if (same(who, f[0].v, f[0].n) && number(f[2], gid))
			return true;
	return number(who, gid);
}

static int add_group(struct nk_user *u, struct nk_arena *a, uint32_t gid, struct nk_err *e)
{
	if (u->groups.n >= MOST_GROUPS)
		return nk_fail(e, 0, "more than %d groups", MOST_GROUPS);
	gid_t *g = NK_PUSH(a, &u->groups);
	if (g)
		*g = gid;
	return nk_arena_ok(a, e);
}

static int ascending(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

/* In order and without doubles; the main group is not an additional one. */
static void tidy_groups(struct nk_user *u)
{
	size_t kept = 0;

	if (u->groups.n)
		qsort(u->groups.v, u->groups.n, sizeof(gid_t), ascending);
	for (size_t i = 0; i < u->groups.n; i++)
		if (u->groups.v[i] != u->gid && (!kept || u->groups.v[kept - 1] != u->groups.v[i]))
			u->groups.v[kept++] = u->groups.v[i];
	u->groups.n = kept;
}

static bool lists(struct part members, const char *name, size_t len)
{
	while (members.n) {
		const char *comma = memchr(members.v, ',', members.n);
		size_t n = comma ? (size_t)(comma - members.v) : members.n;
		if (same((struct part){members.v, n}, name, len))
			return true;
		members.v += n + (comma != NULL);
		members.n -= n + (comma != NULL);
	}
	return false;
}

static int own_groups(struct nk_user *u, struct nk_arena *a, struct nk_text group, struct nk_err *e)
{
	size_t len = u->name ? strlen(u->name) : 0;
	struct part f[4];
	uint32_t gid;

	for (struct nk_text t = group; u->name && next_line(&t, f, 4);)
		if (number(f[2], &gid) && lists(f[3], u->name, len) && add_group(u, a, gid, e) < 0)
			return -EINVAL;
	return 0;
}

static int unknown(const char *what, struct part who, const char *file, struct nk_err *e)
{
	int n = who.n > 80 ? 80 : (int)who.n;

	nk_fail(e, 0, "no %s \"%.*s\" in the command's /etc/%s", what, n, who.v, file);
	return nk_hint(e, "give a number, or a name that stands in that file");
}

int nk_user_resolve(struct nk_user *u, struct nk_arena *a, struct nk_text passwd,
		    struct nk_text group, const char *user, const struct nk_strv *more,
		    struct nk_err *e)
{
	size_t len = user ? strcspn(user, ":") : 0;
	const char *group_word = user && user[len] ? user + len + 1 : NULL;
	struct part who = len ? (struct part){user, len} : (struct part){"0", 1};
	uint32_t gid;

	*u = (struct nk_user){.home = "/"};
	if (passwd.n > NK_PASSWD_LARGEST || group.n > NK_PASSWD_LARGEST) {
		nk_fail(e, 0, "the container's /etc/%s is larger than 1 MiB",
			passwd.n > NK_PASSWD_LARGEST ? "passwd" : "group");
		return nk_hint(e, "a file that large is no list of users; replace it");
	}
	if (!find_user(u, a, passwd, who))
		return unknown("user", who, "passwd", e);
	if (group_word) {
		struct part g = {group_word, strlen(group_word)};
		if (!find_group(group, g, &u->gid))
			return unknown("group", g, "group", e);
	} else if (own_groups(u, a, group, e) < 0) {
		return -EINVAL;
	}
	for (size_t i = 0; more && i < more->n; i++) {
		struct part g = {more->v[i], strlen(more->v[i])};
		if (!find_group(group, g, &gid))
			return unknown("group", g, "group", e);
		if (add_group(u, a, gid, e) < 0)
			return -EINVAL;
	}
	tidy_groups(u);
	return nk_arena_ok(a, e);
}
