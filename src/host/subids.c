/* SPDX-License-Identifier: Apache-2.0 */
#include "host/subids.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/text.h"

/* Machines with a hundred thousand users have such files of several MiB. */
#define TABLE_MAX ((size_t)16 << 20)

static bool is_user(struct nk_field f, const char *name, uid_t uid)
{
	uint32_t n;

	if (name && nk_field_is(f, name))
		return true;
	/* subuid(5) allows "login name or UID"; a login name that is all digits
	 * was compared above, as newuidmap compares names first. */
	return nk_text_u32(f.s, f.n, &n) && n == uid;
}

unsigned nk_subids_parse(struct nk_arena *a, const char *text, const char *name, uid_t uid,
			 struct nk_idmaps *out)
{
	unsigned bad = 0;
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_field f[3];
		uint32_t first, count;
		size_t fields = nk_text_split(line, n, ':', f, 3);

		if (!fields || !is_user(f[0], name, uid))
			continue;
		/* 2^32-1 is "no such id" to the kernel and may not be mapped. */
		if (fields != 3 || !nk_text_u32(f[1].s, f[1].n, &first) ||
		    !nk_text_u32(f[2].s, f[2].n, &count) || !count ||
		    (uint64_t)first + count > UINT32_MAX) {
			bad++;
			continue;
		}
		struct nk_idmap *m = NK_PUSH(a, out);
		if (m)
			*m = (struct nk_idmap){.outside = first, .count = count};
	}
	return bad;
}

unsigned nk_subids_read(struct nk_arena *a, const char *path, const char *name, uid_t uid,
			struct nk_idmaps *out)
{
	_free_ char *text = nk_text_read(path, TABLE_MAX);

	return text ? nk_subids_parse(a, text, name, uid, out) : 0;
}

uint64_t nk_subids_total(const struct nk_idmaps *m)
{
	uint64_t total = 0;

	for (size_t i = 0; i < m->n; i++)
		total += m->v[i].count;
	return total;
}

const char *nk_passwd_name(struct nk_arena *a, const char *text, uid_t uid)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_field f[7];
		uint32_t id;

		if (nk_text_split(line, n, ':', f, 7) == 7 && f[0].n &&
		    nk_text_u32(f[2].s, f[2].n, &id) && id == uid)
			return nk_strndup(a, f[0].s, f[0].n);
	}
	return NULL;
}

int nk_passwd_uid(const char *text, const char *name, uid_t *uid)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_field f[7];
		uint32_t id;

		if (nk_text_split(line, n, ':', f, 7) == 7 && nk_field_is(f[0], name) &&
		    nk_text_u32(f[2].s, f[2].n, &id)) {
			*uid = id;
			return 0;
		}
	}
	return -ENOENT;
}
