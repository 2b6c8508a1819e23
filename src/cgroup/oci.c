/* SPDX-License-Identifier: Apache-2.0 */
/* Where the groups of an OCI container are, in every hierarchy. */
#include "cgroup/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/group.h"
#include "cgroup/oci_scope.h"
#include "host/owner.h"
#include "host/program.h"
#include "host/text.h"

struct placing {
	struct nk_arena *a;
	const struct nk_config *config;
	const char *path; /* worked out: "docker/ID", never empty and without .. */
	bool absolute;
	bool given;    /* by the configuration: then it is to be had, or the start fails */
	bool rootless; /* what cannot be written is left out */
	bool scope;    /* systemd makes the group and those above it */
	struct nk_cg_groups *groups;
	struct nk_err *e;
	const char *writable; /* a directory of this hierarchy that is known to be, or NULL */
};

static bool word_in(const char *list, const char *word, const char *separators)
{
	size_t len = strlen(word);

	for (const char *s = list; *s; s += strspn(s, separators)) {
		size_t n = strcspn(s, separators);

		if (n == len && memcmp(s, word, n) == 0)
			return true;
		s += n;
	}
	return false;
}

bool nk_cg_has(const struct nk_cg_group *g, const char *controller)
{
	return g->name && word_in(g->name, controller, g->v2 ? " " : ",");
}

const struct nk_cg_group *nk_cg_of(const struct nk_cg_groups *g, const char *controller)
{
	const struct nk_cg_group *found = NULL;

	for (size_t i = 0; i < g->n; i++)
		if (nk_cg_has(&g->v[i], controller) && (!found || found->v2))
			found = &g->v[i];
	return found;
}

const struct nk_cg_group *nk_cg_unified(const struct nk_cg_groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].v2)
			return &g->v[i];
	return NULL;
}

bool nk_cg_pure_v2(const struct nk_cg_groups *g)
{
	return g->n == 1 && g->v[0].v2;
}

/* The path without ".", "..", "//", as a text: ".." at the top stays there. */
static const char *clean(struct nk_arena *a, const char *path)
{
	char *out = nk_strdup(a, path), *to = out;

	for (const char *s = path; *(s += strspn(s, "/"));) {
		size_t n = strcspn(s, "/");

		if (n == 2 && s[0] == '.' && s[1] == '.') {
			while (to > out && *--to != '/')
				;
		} else if (n != 1 || s[0] != '.') {
			if (to > out)
				*to++ = '/';
			memmove(to, s, n);
			to += n;
		}
		s += n;
	}
	if (to != out || *out)
		*to = '\0';
	return out;
}

/* The first line of a group's file, "" when it cannot be read. */
static const char *line_of(struct nk_arena *a, const char *dir, const char *file)
{
	_free_ char *text = nk_text_read(nk_fmt(a, "%s/%s", dir, file), 65536);

	return text ? nk_strndup(a, text, strcspn(text, "\n")) : "";
}

/*
 * Where relative paths begin. An ordinary user: beside the own group of version 2, since that one
 * has processes (this one) and could not have controllers for groups below, else in it.
 */
static const char *base_of(struct placing *p, const struct nk_cg_hierarchy *h)
{
	const char *own = nk_cg_dir(p->a, h, h->self);

	p->writable = NULL;
	if (!p->absolute && nk_cg_can_write(p->a, h->mount))
		return p->writable = h->mount;
	if (p->absolute || !own)
		return h->mount;
	const char *slash = strrchr(own, '/');
	if (h->v2 && strlen(own) > strlen(h->mount)) {
		const char *above = nk_strndup(p->a, own, (size_t)(slash - own));

		if (nk_cg_can_write(p->a, above))
			return above;
	}
	return nk_cg_can_write(p->a, own) ? own : h->mount;
}

/* "cpu io" of the one that are not in the other, as "+cpu +io"; NULL if there are none. */
static const char *to_enable(struct nk_arena *a, const char *available, const char *enabled)
{
	const char *list = NULL;

	for (const char *s = available; *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		const char *word = nk_strndup(a, s, n);

		if (!word_in(enabled, word, " "))
			list = nk_fmt(a, "%s%s+%s", list ? list : "", list ? " " : "", word);
		s += n;
	}
	return list;
}

/* v2: controllers go down level by level; what an existing level has is what can be had below. */
static void add_v2_level(struct placing *p, struct nk_cg_group *g, struct nk_cg_level *l)
{
	struct nk_arena *a = p->a;

	if (!l->exists) {
		l->enable = to_enable(a, g->name, "");
		return;
	}
	const char *enabled = line_of(a, l->dir, "cgroup.subtree_control");
	bool may = faccessat(AT_FDCWD, nk_fmt(a, "%s/cgroup.subtree_control", l->dir), W_OK,
			     AT_EACCESS) == 0;

	g->name = line_of(a, l->dir, "cgroup.controllers");
	if (may)
		l->enable = to_enable(a, g->name, enabled);
	else
		g->name = enabled;
}

static void add_cpuset_level(struct placing *p, struct nk_cg_group *g, struct nk_cg_level *l)
{
	const char *cpus = l->exists ? line_of(p->a, l->dir, "cpuset.cpus") : "";
	const char *mems = l->exists ? line_of(p->a, l->dir, "cpuset.mems") : "";

	l->bare = !*cpus || !*mems;
	if (!l->bare) {
		g->cpus = cpus;
		g->mems = mems;
	}
}

/* Every directory from the mount to the one above the group. Answers the deepest that exists. */
static const char *add_levels(struct placing *p, struct nk_cg_group *g)
{
	const char *deepest = g->mount;
	bool exists = true;

	for (size_t n = strlen(g->mount);; n += 1 + strcspn(g->dir + n + 1, "/")) {
		if (!g->dir[n])
			break;
		struct nk_cg_level *l = NK_PUSH(p->a, &g->levels);
		if (!l)
			break;
		l->dir = nk_strndup(p->a, g->dir, n);
		l->exists = exists =
			exists && (!strcmp(l->dir, g->mount) || access(l->dir, F_OK) == 0);
		if (exists)
			deepest = l->dir;
		if (g->v2)
			add_v2_level(p, g, l);
		else if (nk_cg_has(g, "cpuset"))
			add_cpuset_level(p, g, l);
	}
	return deepest;
}

/*
 * The top group has no weight file, but what the same part of the kernel puts there shows that
 * others will have one.
 */
void nk_cg_find_weight(struct nk_arena *a, struct nk_cg_group *g, const char *dir)
{
	static const struct {
		bool v2;
		const char *sign, *file;
	} t[] = {
		{false, "blkio.weight", "blkio.weight"},
		{false, "blkio.bfq.weight", "blkio.bfq.weight"},
		{false, "blkio.bfq.io_service_bytes", "blkio.bfq.weight"},
		{true, "io.bfq.weight", "io.bfq.weight"},
		{true, "io.weight", "io.weight"},
		{true, "io.cost.qos", "io.weight"},
	};

	if (!nk_cg_has(g, g->v2 ? "io" : "blkio"))
		return;
	for (size_t i = 0; i < NK_COUNT(t) && !g->weight_file; i++)
		if (t[i].v2 == g->v2 && access(nk_fmt(a, "%s/%s", dir, t[i].sign), F_OK) == 0)
			g->weight_file = t[i].file;
	if (!g->weight_file && g->v2 && access("/sys/module/bfq", F_OK) == 0)
		g->weight_file = "io.bfq.weight";
}

static int count(int dir, void *arg)
{
	_pids_ struct nk_pids pids = {0};
	size_t *sum = arg;
	int ret = nk_group_pids(dir, &pids);

	*sum += pids.n;
	return ret;
}

/* A group that is there already: nobody may be in it, and whoever starts in it has to run. */
static int check_existing(struct placing *p, struct nk_cg_group *g)
{
	char state[16] = "";
	size_t n = 0;
	_close_ int dir = nk_group_open(g->dir);

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return nk_fail(p->e, -dir, "open cgroup %s", g->dir);
	g->existed = true;
	nk_group_each(dir, count, &n);
	if (n) {
		nk_fail(p->e, 0, "container's cgroup is not empty: %zu process(es) found in %s", n,
			g->dir);
		return nk_hint(p->e, "another container runs there: change linux.cgroupsPath");
	}
	if (nk_group_word(dir, g->v2 ? "cgroup.freeze" : "freezer.state", state, sizeof(state)) ==
		    0 &&
	    strcmp(state, g->v2 ? "0" : "THAWED") != 0) {
		nk_fail(p->e, 0, "container's cgroup unexpectedly frozen: %s", g->dir);
		return nk_hint(p->e, "echo %s > %s/%s", g->v2 ? "0" : "THAWED", g->dir,
			       g->v2 ? "cgroup.freeze" : "freezer.state");
	}
	return 0;
}

/* Only systemd's own names and a hybrid's unified hierarchy: nothing is limited there. */
static bool only_keeps(const struct nk_cg_hierarchy *h, const struct nk_cgroups *c)
{
	if (h->v2)
		return c->hierarchies.n + c->others.n > 1 && !h->controllers;
	return h->name && strncmp(h->name, "name=", 5) == 0;
}

static int refused(struct placing *p, const char *dir, int err)
{
	nk_fail(p->e, err, "make a cgroup in %s", dir);
	return nk_hint(p->e, "%s",
		       err == EROFS || !p->rootless
			       ? "inside another container /sys/fs/cgroup is often read-only: give "
				 "that one cgroups of its own, or use --cgroup-manager=disabled"
			       : "leave linux.cgroupsPath away, use --systemd-cgroup, or get a "
				 "group of your own: systemd-run --user --scope -p Delegate=yes …");
}

static int place_in(struct placing *p, const struct nk_cgroups *c, const struct nk_cg_hierarchy *h)
{
	struct nk_cg_group g = {.v2 = h->v2, .mount = h->mount, .name = h->name};

	if (!h->name)
		return 0;
	g.controllers = h->controllers;
	g.dir = nk_fmt(p->a, "%s/%s", base_of(p, h), p->path);
	const char *deepest = add_levels(p, &g);
	if (g.v2)
		g.controllers = nk_cg_controllers(g.name);
	if (p->config->resources.weight != NK_UNSET || p->config->resources.weights.n)
		nk_cg_find_weight(p->a, &g, deepest);
	if (!p->scope && !(p->writable && !strcmp(deepest, p->writable)) &&
	    faccessat(AT_FDCWD, deepest, W_OK, AT_EACCESS) < 0) {
		int err = errno;

		if (only_keeps(h, c) || (p->rootless && !p->given))
			return 0;
		return refused(p, deepest, err);
	}
	int ret = check_existing(p, &g);
	struct nk_cg_group *new = ret < 0 ? NULL : NK_PUSH(p->a, p->groups);
	if (new)
		*new = g;
	return ret;
}

/* The hierarchies where systemd's user manager has its units begin at user@UID.service. */
static const char *user_manager(struct nk_arena *a, const struct nk_cgroups *c)
{
	unsigned uid = nk_outer_uid();
	const char *usual = nk_fmt(a, "user.slice/user-%u.slice/user@%u.service", uid, uid);
	const char *self = c->unified >= 0 ? c->hierarchies.v[c->unified].self : NULL;
	const char *at = self ? strstr(self, nk_fmt(a, "/user@%u.service", uid)) : NULL;

	if (!at)
		return usual;
	return nk_strndup(a, self + 1, (size_t)(at - self - 1) + strcspn(at + 1, "/") + 1);
}

static int systemd_path(struct placing *p, const struct nk_cgroups *c, const char *id,
			struct nk_cg_unit *unit)
{
	const char *path;

	unit->user = p->rootless;
	int ret = nk_cg_unit_names(p->a, p->config->cgroups_path, id, unit->user, unit, p->e);
	if (ret == 0)
		ret = nk_cg_unit_path(p->a, unit, &path, p->e);
	if (ret < 0)
		return ret;
	unit->program = nk_host_program(p->a, "nook-systemd");
	bool v2 = c->unified >= 0 && c->hierarchies.n == 1;
	ret = nk_cg_scope_limits(p->a, &p->config->resources, v2, &unit->properties, p->e);
	if (ret == 0)
		ret = nk_cg_scope_annotations(p->a, p->config, &unit->properties, p->e);
	if (ret < 0)
		return ret;
	p->scope = p->absolute = true;
	p->path = unit->user ? nk_fmt(p->a, "%s%s", user_manager(p->a, c), path) : path + 1;
	return 0;
}

int nk_cg_place(struct nk_arena *a, const struct nk_cgroups *c, enum nk_cg_manager manager,
		const struct nk_config *config, const char *id, bool rootless,
		struct nk_cg_groups *groups, struct nk_cg_unit *unit, struct nk_err *e)
{
	const char *path = config->cgroups_path;
	struct placing p = {
		.a = a,
		.config = config,
		.given = path && *path,
		.rootless = rootless,
		.groups = groups,
		.e = e,
	};
	int ret = 0;

	*unit = (struct nk_cg_unit){0};
	if (manager == NK_CG_DISABLED)
		return 0;
	if (manager == NK_CG_SYSTEMD) {
		ret = systemd_path(&p, c, id, unit);
	} else {
		p.absolute = p.given && path[0] == '/';
		p.path = p.given ? clean(a, path) : id;
		if (!*p.path)
			ret = nk_fail(e, EINVAL, "linux.cgroupsPath %s names no group of its own",
				      path);
	}
	for (size_t i = 0; ret >= 0 && i < c->hierarchies.n; i++)
		ret = place_in(&p, c, &c->hierarchies.v[i]);
	for (size_t i = 0; ret >= 0 && i < c->others.n; i++)
		ret = place_in(&p, c, &c->others.v[i]);
	return ret < 0 ? ret : nk_arena_ok(a, e);
}
