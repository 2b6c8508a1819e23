/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of cgroups, from the texts of /proc (cgroups(7), proc_pid_mountinfo(5)). */
#include "host/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/cgplace.h"
#include "host/text.h"

/* A machine with thousands of mounts is still far below it. */
#define TEXT_MAX (8u << 20)

static const struct {
	const char *v1, *v2;
} names[NK_CG_COUNT] = {
	[NK_CG_MEMORY] = {"memory", "memory"}, [NK_CG_CPU] = {"cpu", "cpu"},
	[NK_CG_CPUSET] = {"cpuset", "cpuset"}, [NK_CG_PIDS] = {"pids", "pids"},
	[NK_CG_IO] = {"blkio", "io"},	       [NK_CG_DEVICES] = {"devices", NULL},
	[NK_CG_FREEZER] = {"freezer", NULL},   [NK_CG_HUGETLB] = {"hugetlb", "hugetlb"},
};

const char *nk_controller_name(enum nk_controller k, bool v2)
{
	return v2 && names[k].v2 ? names[k].v2 : names[k].v1;
}

/* Which controllers a list names: "rw,cpu,cpuacct" of v1, "cpu io memory" of v2. */
static unsigned controllers_in(const char *s, size_t n, char sep, bool v2)
{
	unsigned found = 0;

	for (size_t at = 0; at < n;) {
		const char *end = memchr(s + at, sep, n - at);
		struct nk_field f = {s + at, end ? (size_t)(end - s) - at : n - at};

		for (int k = 0; k < NK_CG_COUNT; k++) {
			const char *name = v2 ? names[k].v2 : names[k].v1;
			if (name && nk_field_is(f, name))
				found |= NK_CG_BIT(k);
		}
		at += f.n + 1;
	}
	return found;
}

unsigned nk_cg_controllers(const char *text)
{
	return controllers_in(text, strcspn(text, "\n"), ' ', true);
}

/* mountinfo writes blank, tab, newline and backslash as three octal digits. */
static char *unescape(struct nk_arena *a, struct nk_field f)
{
	char *s = nk_strndup(a, f.s, f.n), *to = s;

	for (const char *from = s; *from; from++, to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 3;
		} else {
			*to = *from;
		}
	}
	if (to != s)
		*to = '\0';
	return s;
}

/* The part of group below root, beginning with "/" or empty; NULL if it is not below. */
static const char *below(const char *group, const char *root)
{
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

	/* Seen from inside a cgroup namespace, what lies outside begins with "/..". */
	if (strncmp(group, "/..", 3) == 0 && (!group[3] || group[3] == '/'))
		return NULL;
	if (strncmp(group, root, n) != 0 || (group[n] && group[n] != '/'))
		return NULL;
	group += n;
	return strcmp(group, "/") == 0 ? "" : group;
}

/* Is every word of the list (of /proc/self/cgroup) among the mount's options? */
static bool mounted_with(const char *list, size_t n, struct nk_field options)
{
	for (size_t at = 0; at < n;) {
		const char *end = memchr(list + at, ',', n - at);
		size_t len = end ? (size_t)(end - list) - at : n - at;
		bool found = false;

		for (size_t o = 0; o < options.n && !found;) {
			const char *stop = memchr(options.s + o, ',', options.n - o);
			size_t size = stop ? (size_t)(stop - options.s) - o : options.n - o;

			found = size == len && memcmp(options.s + o, list + at, len) == 0;
			o += size + 1;
		}
		if (!found)
			return false;
		at += len + 1;
	}
	return n > 0;
}

/* Our group in the hierarchy that is mounted with these options (v2: no options), or NULL, and
 * the hierarchy's name. */
static const char *own_group(struct nk_arena *a, const char *text, struct nk_field options,
			     const char **name)
{
	const char *cursor = text, *line;
	size_t n;

	while ((line = nk_text_line(&cursor, &n))) {
		const char *list = memchr(line, ':', n);
		const char *path =
			list ? memchr(list + 1, ':', n - (size_t)(list + 1 - line)) : NULL;

		if (!path)
			continue;
		list++;
		size_t len = (size_t)(path - list);
		if (options.s ? !mounted_with(list, len, options) : len != 0)
			continue;
		*name = nk_strndup(a, list, len);
		return nk_strndup(a, path + 1, n - (size_t)(path + 1 - line));
	}
	return NULL;
}

/* The same hierarchy can be mounted twice: the mount that shows more of it wins. */
static void take_better(struct nk_cg_hierarchy *old, const struct nk_cg_hierarchy *new)
{
	if ((!old->self && new->self) ||
	    (!old->self == !new->self &&strlen(new->root) < strlen(old->root)))
		*old = *new;
}

/* name=systemd, net_cls, …: nothing that nook run limits. */
static void add_other(struct nk_arena *a, struct nk_cgroups *c, struct nk_cg_hierarchy new)
{
	for (size_t i = 0; i < c->others.n && new.name; i++)
		if (strcmp(c->others.v[i].name, new.name) == 0) {
			take_better(&c->others.v[i], &new);
			return;
		}
	struct nk_cg_hierarchy *h = new.name ? NK_PUSH(a, &c->others) : NULL;
	if (h)
		*h = new;
}

static void add_hierarchy(struct nk_arena *a, struct nk_cgroups *c, struct nk_cg_hierarchy new)
{
	for (size_t i = 0; i < c->hierarchies.n; i++) {
		struct nk_cg_hierarchy *old = &c->hierarchies.v[i];

		if (old->v2 != new.v2 || old->controllers != new.controllers)
			continue;
		take_better(old, &new);
		return;
	}
	struct nk_cg_hierarchy *h = NK_PUSH(a, &c->hierarchies);
	if (!h)
		return;
	*h = new;
	int index = (int)c->hierarchies.n - 1;
	if (h->v2)
		c->unified = index;
	for (int k = 0; k < NK_CG_COUNT; k++)
		if (h->controllers & NK_CG_BIT(k))
			c->where[k] = index;
}

void nk_cgroups_v2_controllers(struct nk_cgroups *c, int index, unsigned controllers)
{
	c->hierarchies.v[index].controllers = controllers;
	for (int k = 0; k < NK_CG_COUNT; k++)
		if (controllers & NK_CG_BIT(k))
			c->where[k] = index;
}

/* One line of mountinfo: id parent dev root mountpoint options [tags] - type source super. */
static void parse_mount(struct nk_arena *a, struct nk_cgroups *c, const char *line, size_t n,
			const char *self_cgroup)
{
	struct nk_field f[32];
	size_t count = nk_text_split(line, n, ' ', f, NK_COUNT(f)), dash = 6;

	if (count > NK_COUNT(f))
		return;
	while (dash < count && !nk_field_is(f[dash], "-"))
		dash++;
	if (dash + 3 >= count)
		return;
	bool v2 = nk_field_is(f[dash + 1], "cgroup2");
	if (!v2 && !nk_field_is(f[dash + 1], "cgroup"))
		return;
	unsigned list = v2 ? 0 : controllers_in(f[dash + 3].s, f[dash + 3].n, ',', false);
	struct nk_cg_hierarchy h = {
		.v2 = v2,
		.controllers = list,
		.root = unescape(a, f[3]),
		.mount = unescape(a, f[4]),
	};
	h.self = own_group(a, self_cgroup, v2 ? (struct nk_field){0} : f[dash + 3], &h.name);
	if (h.self && !below(h.self, h.root))
		h.self = NULL;
	if (v2 || list)
		add_hierarchy(a, c, h);
	else
		add_other(a, c, h);
}

void nk_cgroups_parse(struct nk_arena *a, struct nk_cgroups *c, const char *mountinfo,
		      const char *self_cgroup)
{
	const char *cursor = mountinfo, *line;
	size_t n;

	*c = (struct nk_cgroups){.unified = -1, .cpuset_cpus = "", .cpuset_mems = ""};
	for (int k = 0; k < NK_CG_COUNT; k++)
		c->where[k] = -1;
	while ((line = nk_text_line(&cursor, &n)))
		if (memmem(line, n, " - cgroup", 9))
			parse_mount(a, c, line, n, self_cgroup);
}

int nk_cg_holder(const struct nk_cgroups *c)
{
	/* Of the rest, not cpuset: a new group of it is not usable at once. */
	static const enum nk_controller best[] = {NK_CG_FREEZER, NK_CG_PIDS,   NK_CG_DEVICES,
						  NK_CG_CPU,	 NK_CG_MEMORY, NK_CG_IO};

	for (size_t i = 0; i < NK_COUNT(best); i++)
		if (c->where[best[i]] >= 0 && c->where[best[i]] != c->unified)
			return c->where[best[i]];
	return -1;
}

const char *nk_cg_dir(struct nk_arena *a, const struct nk_cg_hierarchy *h, const char *group)
{
	const char *rest = group ? below(group, h->root) : NULL;

	return rest ? nk_fmt(a, "%s%s", h->mount, rest) : NULL;
}

int nk_cg_chain(struct nk_arena *a, const struct nk_cg_hierarchy *h, const char *parent,
		const char *dirs[NK_CG_DEPTH], struct nk_err *e)
{
	int n = 0;

	dirs[0] = parent && parent[0] == '/' ? h->mount : nk_cg_dir(a, h, h->place);
	/* The top, if that is all there is: the message should come from the attempt. */
	if (!dirs[0] && parent)
		dirs[0] = h->mount;
	if (!dirs[0])
		return 0;
	for (const char *s = parent ? parent : ""; *(s += strspn(s, "/"));) {
		size_t len = strcspn(s, "/");

		if ((len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.'))
			return nk_fail(e, 0,
				       "--cgroup-parent %s: a path without . and .. is needed",
				       parent);
		if (++n == NK_CG_DEPTH)
			return nk_fail(e, 0, "--cgroup-parent %s: more than %d levels", parent,
				       NK_CG_DEPTH - 1);
		dirs[n] = nk_fmt(a, "%s/%.*s", dirs[n - 1], (int)len, s);
		s += len;
	}
	return n + 1;
}

bool nk_cg_can_write(struct nk_arena *a, const char *dir)
{
	/* Both: processes are moved by writing the common ancestor's cgroup.procs too. Root is kept
	 * from it by read-only mounts only, and those hold for both. */
	return faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0 &&
	       (geteuid() == 0 ||
		faccessat(AT_FDCWD, nk_fmt(a, "%s/cgroup.procs", dir), W_OK, AT_EACCESS) == 0);
}

/* Root makes groups at the top; an ordinary user below the own one, if it is delegated. */
void nk_cg_find_place(struct nk_arena *a, struct nk_cg_hierarchy *h)
{
	const char *own = nk_cg_dir(a, h, h->self);

	if (nk_cg_can_write(a, h->mount))
		h->place = h->root;
	else if (own && nk_cg_can_write(a, own))
		h->place = h->self;
	h->writable = h->place;
}

int nk_cgroups_detect(struct nk_arena *a, struct nk_cgroups *c, struct nk_err *e)
{
	_free_ char *mountinfo = nk_text_read("/proc/self/mountinfo", TEXT_MAX);
	if (!mountinfo)
		return nk_fail(e, errno, "read /proc/self/mountinfo");
	_free_ char *self = nk_text_read("/proc/self/cgroup", TEXT_MAX);
	/* A kernel without cgroups has no such file: that is a layout too. */
	if (!self && errno != ENOENT)
		return nk_fail(e, errno, "read /proc/self/cgroup");

	nk_cgroups_parse(a, c, mountinfo, self ? self : "");
	if (c->unified >= 0) {
		struct nk_cg_hierarchy *h = &c->hierarchies.v[c->unified];

		nk_cg_find_place(a, h);
		const char *dir = nk_cg_dir(a, h, h->place ? h->place : h->self);
		_free_ char *text = nk_text_read(
			nk_fmt(a, "%s/cgroup.controllers", dir ? dir : h->mount), 4096);
		nk_cgroups_v2_controllers(c, c->unified, text ? nk_cg_controllers(text) : 0);
	}
	return nk_arena_ok(a, e);
}
