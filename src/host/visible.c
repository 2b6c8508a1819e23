/* SPDX-License-Identifier: Apache-2.0 */
#include "host/visible.h"

#include <string.h>

#include "host/text.h"

struct mount {
	struct nk_field id, parent, root, point, options, type, super;
};

/*
 * Directories that the kernel makes only to be mounted upon and that can hold
 * nothing else (proc_create_mount_point, sysfs_create_mount_point): covering
 * them hides nothing. Paths are relative to the mount.
 */
static const char *const proc_points[] = {"/sys/fs/binfmt_misc", "/fs/nfsd", "/openprom", NULL};
static const char *const sys_points[] = {
	"/fs/cgroup",
	"/fs/bpf",
	"/fs/pstore",
	"/fs/fuse/connections",
	"/fs/selinux",
	"/fs/smackfs",
	"/fs/resctrl",
	"/kernel/debug",
	"/kernel/tracing",
	"/kernel/security",
	"/kernel/config",
	"/firmware/efi/efivars",
	NULL,
};

static bool parse(const char *line, size_t n, struct mount *m)
{
	struct nk_field f[64];
	size_t fields = nk_text_split(line, n, ' ', f, 64);

	if (fields < 10 || fields > 64)
		return false;
	/* Fields 7… are optional ("shared:3"), until a lone hyphen. */
	size_t dash = 6;
	while (dash < fields && !nk_field_is(f[dash], "-"))
		dash++;
	if (dash + 3 >= fields)
		return false;
	*m = (struct mount){f[0], f[1], f[3], f[4], f[5], f[dash + 1], f[dash + 3]};
	return true;
}

static bool has_option(struct nk_field list, const char *word)
{
	struct nk_field f[64];
	size_t n = nk_text_split(list.s, list.n, ',', f, 64);

	for (size_t i = 0; i < n && i < 64; i++)
		if (nk_field_is(f[i], word))
			return true;
	return false;
}

static bool same(struct nk_field x, struct nk_field y)
{
	return x.n == y.n && !memcmp(x.s, y.s, x.n);
}

/* Is child mounted on a directory that is empty for good? */
static bool harmless(const struct mount *over, const struct mount *child, const char *fstype)
{
	const char *const *points = !strcmp(fstype, "proc") ? proc_points : sys_points;
	size_t base = over->point.n == 1 ? 0 : over->point.n;

	if (child->point.n <= base || memcmp(child->point.s, over->point.s, base))
		return false;
	struct nk_field below = {child->point.s + base, child->point.n - base};
	for (; *points; points++)
		if (nk_field_is(below, *points))
			return true;
	return false;
}

static const char *cover_of(struct nk_arena *a, const char *mountinfo, const struct mount *m,
			    const char *fstype)
{
	const char *line;
	size_t n;

	if (!nk_field_is(m->root, "/"))
		return nk_fmt(a, "only a part of %s is at %.*s", fstype, (int)m->point.n,
			      m->point.s);
	if (has_option(m->options, "ro") || has_option(m->super, "ro"))
		return nk_fmt(a, "%.*s is read-only", (int)m->point.n, m->point.s);
	/* The copy in a new user namespace has its atime flags locked, and a new
	 * mount has to agree with them; ours is made with the default, relatime. */
	if (!has_option(m->options, "relatime"))
		return nk_fmt(a, "%.*s is not mounted relatime", (int)m->point.n, m->point.s);
	while ((line = nk_text_line(&mountinfo, &n))) {
		struct mount c;
		if (parse(line, n, &c) && same(c.parent, m->id) && !harmless(m, &c, fstype))
			return nk_fmt(a, "another mount covers %.*s", (int)c.point.n, c.point.s);
	}
	return NULL;
}

bool nk_mounts_cover(struct nk_arena *a, const char *mountinfo, const char *fstype, const char **by)
{
	const char *text = mountinfo, *line, *first = NULL;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct mount m;
		if (!parse(line, n, &m) || !nk_field_is(m.type, fstype))
			continue;
		const char *cover = cover_of(a, mountinfo, &m, fstype);
		if (!cover) {
			if (by)
				*by = NULL;
			return false;
		}
		if (!first)
			first = cover;
	}
	if (by)
		*by = first ? first : nk_fmt(a, "no %s is mounted here", fstype);
	return true;
}
