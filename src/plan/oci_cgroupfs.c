/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount of type cgroup. Init has been placed, and has its cgroup namespace, when it gets here.
 *
 * Version 2: a new cgroup2, whose top is the cgroup namespace's (the machine's, where the
 * configuration has none, as under runc); in a user namespace without one of its own that would be
 * refused, and the container's group is bound. Version 1 and hybrid: a
 * tmpfs with one directory a hierarchy, and links for controllers that share one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "plan/build.h"

static const struct nk_cg_group *group_of(const struct nk_build *b, const char *mount)
{
	const struct nk_cg_groups *groups = b->oci->groups;

	for (size_t i = 0; groups && i < groups->n; i++)
		if (!strcmp(groups->v[i].mount, mount))
			return &groups->v[i];
	return NULL;
}

/* Does a new mount of a hierarchy show no more than the container's part? */
static bool has_namespace(const struct nk_build *b)
{
	return b->spec->ns[NK_NS_CGROUP].mode != NK_NS_HOST && nk_b_owns(b, NK_NS_CGROUP);
}

static int bind_dir(struct nk_build *b, const char *dir, uint64_t attr, const char *slot)
{
	struct nk_plan *p = b->p;
	int tree = nk_b_copy_mount(p, NK_CWD, dir, true, slot,
				   nk_fmt(p->arena, "the container's own group, %s", dir));

	nk_b_setattr(p, tree, true, attr, 0, MS_SLAVE, "with its options");
	return tree;
}

static int version2(struct nk_build *b, const char *mount, uint64_t attr, const char *slot)
{
	const struct nk_cg_group *g = group_of(b, mount);
	const struct nk_fs_option source = {"source", "cgroup"};

	if (has_namespace(b) || (!b->new_user && !b->oci->rootless))
		return nk_b_filesystem(b->p, "cgroup2", &source, 1, attr, slot,
				       "cgroups as this cgroup namespace sees them");
	/* Not the container's own: nothing in it is to be changed (CVE-2023-25809). */
	return bind_dir(b, g ? g->dir : mount, g ? attr : attr | MOUNT_ATTR_RDONLY, slot);
}

/* "cpu,cpuacct", "name=systemd" as options of a new mount. */
static int version1(struct nk_build *b, const struct nk_cg_hierarchy *h, uint64_t attr,
		    const char *slot)
{
	struct nk_plan *p = b->p;
	const struct nk_cg_group *g = group_of(b, h->mount);
	struct nk_fs_option options[16] = {{"source", "cgroup"}};
	size_t n = 1;

	if (!has_namespace(b))
		return g ? bind_dir(b, g->dir, attr, slot) : NK_NOFD;
	if (!strncmp(h->name, "name=", 5)) {
		options[n++] = (struct nk_fs_option){"none", NULL};
		options[n++] = (struct nk_fs_option){"name", h->name + 5};
		options[0].value = h->name + 5; /* as runc calls it */
	}
	for (const char *c = n > 1 ? "" : h->name; *c && n < 16; c += *c == ',') {
		size_t len = strcspn(c, ",");
		options[n++] = (struct nk_fs_option){nk_strndup(p->arena, c, len), NULL};
		c += len;
	}
	return nk_b_filesystem(p, "cgroup", options, n, attr, slot,
			       nk_fmt(p->arena, "%s as this cgroup namespace sees it", h->name));
}

static void links(struct nk_build *b, int dir, const char *name)
{
	struct nk_plan *p = b->p;

	for (const char *c = name; *c && strchr(name, ','); c += *c == ',') {
		size_t len = strcspn(c, ",");
		struct nk_step *s = nk_plan_add(p, NK_OP_SYMLINKAT, "and by its own name");

		s->s[0] = name;
		s->fd[0] = (int16_t)dir;
		s->s[1] = nk_strndup(p->arena, c, len);
		nk_tolerate(s, EEXIST, 0, 0);
		c += len;
	}
}

static void hierarchy(struct nk_build *b, const struct nk_cg_hierarchy *h, int dir, uint64_t attr)
{
	struct nk_plan *p = b->p;
	const char *name = strrchr(h->mount, '/') ? strrchr(h->mount, '/') + 1 : h->mount;
	const char *slot = nk_fmt(p->arena, "cgroup_%s", name);
	int tree = h->v2 ? version2(b, h->mount, attr, slot) : version1(b, h, attr, slot);

	if (tree == NK_NOFD)
		return;
	nk_b_mkdir(p, dir, name, 0755, nk_fmt(p->arena, "a place for %s", name));
	nk_b_attach(p, tree, dir, name, nk_fmt(p->arena, "seen as %s", name));
	if (!h->v2)
		links(b, dir, name);
}

static void all_hierarchies(struct nk_build *b, size_t i, const char *path, uint64_t attr)
{
	struct nk_plan *p = b->p;
	const struct nk_cgroups *c = &b->facts->cgroups;
	const struct nk_fs_option options[] = {{"source", "tmpfs"}, {"mode", "0755"}};
	int dir = nk_b_filesystem(p, "tmpfs", options, 2, attr & ~(uint64_t)MOUNT_ATTR_RDONLY,
				  nk_fmt(p->arena, "mount%zu", i + 1),
				  "a directory for the hierarchies of cgroups");
	int target = nk_b_place(b, path, true, false, nk_fmt(p->arena, "mount%zu_place", i + 1));

	nk_b_attach(p, dir, target, "", nk_fmt(p->arena, "seen as %s", path));
	for (size_t k = 0; k < c->hierarchies.n; k++)
		hierarchy(b, &c->hierarchies.v[k], dir, attr);
	for (size_t k = 0; k < c->others.n; k++)
		hierarchy(b, &c->others.v[k], dir, attr);
	if (attr & MOUNT_ATTR_RDONLY)
		nk_b_setattr(p, dir, false, MOUNT_ATTR_RDONLY, 0, 0, "read-only");
	b->volumes[i] = dir;
}

void nk_part_oci_cgroupfs(struct nk_build *b, size_t i, const char *path)
{
	struct nk_plan *p = b->p;
	const struct nk_oci_mount *m = &b->oci->config->mounts.v[i];
	const struct nk_cgroups *c = &b->facts->cgroups;
	uint64_t attr = m->attr_set | m->rec_set;
	bool pure = c->unified >= 0 && c->hierarchies.n == 1 && !c->others.n;

	if (!pure && !strcmp(m->type, "cgroup") && (c->hierarchies.n || c->others.n)) {
		all_hierarchies(b, i, path, attr);
		return;
	}
	const char *slot = nk_fmt(p->arena, "mount%zu", i + 1);
	const char *mount = c->unified >= 0 ? c->hierarchies.v[c->unified].mount : "/sys/fs/cgroup";
	b->volumes[i] = version2(b, mount, attr, slot);
	int target = nk_b_place(b, path, true, false, nk_fmt(p->arena, "%s_place", slot));
	nk_b_attach(p, b->volumes[i], target, "", nk_fmt(p->arena, "seen as %s", path));
}
