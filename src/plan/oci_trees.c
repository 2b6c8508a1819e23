/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `mounts` of config.json mounts: copies of host mounts, taken by whoever may (nook as root,
 * else init), and new file systems.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>

#include "base/weaken.h"
#include "plan/oci_mounts.h"

/* ---- copies of host mounts ---- */

/*
 * "ro" of a recursive bind holds for its top only. Of /sys that left the cgroups below it to a
 * rootless container, whose user owns a part of them (CVE-2023-25809).
 */
static bool shows_cgroups(const struct nk_oci_mount *m)
{
	return (m->flags & NK_MNT_RECURSIVE) && (m->attr_set & MOUNT_ATTR_RDONLY) &&
	       !strncmp(m->source, "/sys", 4) && (!m->source[4] || m->source[4] == '/') &&
	       !nk_weak("CVE-2023-25809");
}

/* The mount itself, by descriptor; a weakened build finds it as others did: by a name in /proc,
 * which may be the container's own (crun 2026-115521). */
static int by_its_name(struct nk_build *b, int tree, uint64_t set)
{
	if (!nk_weak("crun-2026-115521") || !(set & MOUNT_ATTR_RDONLY))
		return tree;
	return nk_b_open(b->p, b->rootfs, "proc/self/fd/100", O_PATH, RESOLVE_IN_ROOT, "by_name",
			 "by its name");
}

/* A locked flag cannot be taken away in a user namespace: then it stays, as runc has it. */
void nk_oci_attributes(struct nk_build *b, int tree, const struct nk_oci_mount *m)
{
	struct nk_plan *p = b->p;
	const char *hint = "a user namespace may not take away options that the host's mount has "
			   "(ro, nodev, nosuid, noexec)";

	if (m->attr_set || m->attr_clear) {
		int to = by_its_name(b, tree, m->attr_set);
		nk_b_setattr(p, to, false, m->attr_set, m->attr_clear, 0,
			     m->attr_set & MOUNT_ATTR_RDONLY ? "read-only" : "with its options");
		nk_plan_last(p)->hint = hint;
		if (to != tree)
			nk_tolerate(nk_plan_last(p), EINVAL, 0, 0);
		if (!m->attr_set)
			nk_tolerate(nk_plan_last(p), EPERM, 0, 0);
	}
	if (shows_cgroups(m))
		nk_b_setattr(p, tree, true, MOUNT_ATTR_RDONLY, 0, 0,
			     "and so are the cgroups below it (CVE-2023-25809)");
	if (m->rec_set || m->rec_clear) {
		nk_b_setattr(p, tree, true, m->rec_set, m->rec_clear, 0,
			     "with its options, and those below it");
		nk_plan_last(p)->hint = hint;
	}
}

void nk_oci_spread(struct nk_build *b, int tree, uint64_t propagation, bool recursive)
{
	nk_b_setattr(b->p, tree, recursive, 0, 0, propagation & ~(uint64_t)MS_REC,
		     propagation & MS_PRIVATE ? "mounts on it are not seen outside"
		     : propagation & MS_SLAVE ? "mounts of the host on it are seen, not the reverse"
		     : propagation & MS_SHARED ? "mounts on it are seen by all who share it"
					       : "it cannot be bound again");
}

static void propagation(struct nk_build *b, int tree, const struct nk_oci_mount *m)
{
	uint64_t base = nk_b_base_propagation(b), asked = m->propagation & ~(uint64_t)MS_REC;
	bool all = m->flags & NK_MNT_RECURSIVE;

	/* What init copies has it from init's "/". */
	if (b->trees == NK_PARENT && base != MS_SHARED && asked != base)
		nk_oci_spread(b, tree, base, all);
	else if (b->trees == NK_PARENT && base != MS_SHARED)
		nk_oci_spread(b, tree, base, all || (m->propagation & MS_REC));
	if (asked && asked != base)
		nk_oci_spread(b, tree, m->propagation, m->propagation & MS_REC);
}

static void map_by(struct nk_build *b, int tree, const struct nk_oci_mount *m, int userns)
{
	struct nk_step *s = nk_b_setattr(b->p, tree, m->flags & NK_MNT_IDMAP_REC, MOUNT_ATTR_IDMAP,
					 0, 0, "owners of files as its maps say");
	s->fd[1] = (int16_t)userns;
	s->hint = "this file system cannot be idmapped: leave `idmap` away";
}

static void idmap(struct nk_build *b, int tree, const struct nk_oci_mount *m)
{
	struct nk_plan *p = b->p;

	if (!(m->flags & NK_MNT_IDMAP))
		return;
	if (m->uid_maps.n) {
		int userns = nk_plan_slot(p, "mount_users");
		struct nk_step *s = nk_plan_add(p, NK_OP_USERNS, "the maps of this mount");

		s->s[0] = nk_b_map_text(b, &m->uid_maps);
		s->s[1] = nk_b_map_text(b, &m->gid_maps);
		s->out = (int16_t)userns;
		s->hint = "uidMappings and gidMappings of a mount: is an id there twice?";
		map_by(b, tree, m, userns);
	} else if (b->spec->ns[NK_NS_USER].mode == NK_NS_JOIN) {
		map_by(b, tree, m,
		       nk_b_open(p, NK_CWD, b->spec->ns[NK_NS_USER].path, O_RDONLY, 0,
				 "mount_users", "the user namespace that is joined"));
	} else {
		b->idmap_flat[b->n_idmapped] = !(m->flags & NK_MNT_IDMAP_REC);
		b->idmapped[b->n_idmapped++] = tree;
	}
}

static int bind_tree(struct nk_build *b, const struct nk_oci_mount *m, const char *slot)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_VOLUME;
	int tree = nk_b_copy_mount(p, NK_CWD, m->source, m->flags & NK_MNT_RECURSIVE, slot,
				   nk_fmt(p->arena, "a copy of the mount of %s", m->source));
	nk_plan_last(p)->hint = "the path has to exist on the host, and this user must reach it";
	propagation(b, tree, m);
	nk_oci_attributes(b, tree, m);
	idmap(b, tree, m);
	return tree;
}

static int outer_tree(struct nk_build *b, const struct nk_oci_mount *m, const char *path)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_MOUNTS;
	int tree = nk_b_copy_mount(
		p, NK_CWD, path, true, path + 1,
		nk_fmt(p->arena, "the outer %s: the kernel refuses a new one here", path));
	uint64_t set = m->attr_set;
	if (!strcmp(path, "/sys") && !nk_weak("CVE-2023-25809"))
		set |= MOUNT_ATTR_RDONLY; /* its cgroups are not the container's */
	nk_b_setattr(p, tree, true, set, 0, MS_SLAVE, "with its options");
	return tree;
}

/* ---- new file systems ---- */

struct options {
	struct nk_fs_option *v;
	size_t n;
};

static void add(struct options *o, const char *key, const char *value)
{
	o->v[o->n++] = (struct nk_fs_option){key, value};
}

/* Of the superblock flags only those that fsconfig knows by name; silent is for the log. */
static struct options options_of(struct nk_build *b, const struct nk_oci_mount *m)
{
	struct nk_arena *a = b->p->arena;
	struct options o = {.v = nk_alloc(a, (m->data.n + 10) * sizeof(*o.v))};

	if (!o.v)
		return o;
	if (m->source)
		add(&o, "source", m->source);
	for (size_t i = 0; i < m->data.n; i++) {
		const char *value = strchr(m->data.v[i], '=');
		const char *key =
			value ? nk_strndup(a, m->data.v[i], (size_t)(value - m->data.v[i]))
			      : m->data.v[i];

		/* In a user namespace without that group the kernel refuses the mount. */
		if (nk_oci_is(m, "devpts") && !strcmp(key, "gid") && value &&
		    !strcmp(value + 1, "5") && !nk_b_maps_gid(b, 5))
			continue;
		add(&o, key, value ? value + 1 : NULL);
	}
	if (m->sb_rdonly && !nk_oci_is(m, "tmpfs") && !nk_oci_is(m, "proc") &&
	    !nk_oci_is(m, "cgroup2"))
		add(&o, "ro", NULL);
	if (m->sync)
		add(&o, "sync", NULL);
	if (m->dirsync)
		add(&o, "dirsync", NULL);
	if (m->lazytime)
		add(&o, "lazytime", NULL);
	if (m->mand)
		add(&o, "mand", NULL);
	if (m->iversion)
		add(&o, "iversion", NULL);
	if (b->oci->config->mount_label && *b->oci->config->mount_label && !nk_oci_is(m, "proc") &&
	    !nk_oci_is(m, "sysfs") && !nk_oci_is(m, "cgroup2"))
		add(&o, "context", b->oci->config->mount_label);
	return o;
}

static uint64_t attr_of(const struct nk_oci_mount *m)
{
	uint64_t set = m->attr_set | m->rec_set;

	/* What a tmpfs shall hold comes first. */
	return nk_oci_is(m, "tmpfs") ? set & ~(uint64_t)MOUNT_ATTR_RDONLY : set;
}

int nk_oci_new_mount(struct nk_build *b, const struct nk_oci_mount *m, const char *slot)
{
	struct options o = options_of(b, m);

	if (!o.v)
		return NK_NOFD;
	int out = nk_b_filesystem(b->p, m->type, o.v, o.n, attr_of(m), slot,
				  nk_fmt(b->p->arena, "a new %s for %s", m->type, m->destination));
	nk_plan_last(b->p)->hint = "mounts: is the type known to the kernel (/proc/filesystems), "
				   "and may this user mount it?";
	if (m->propagation && m->propagation != MS_PRIVATE &&
	    m->propagation != (MS_PRIVATE | MS_REC))
		nk_oci_spread(b, out, m->propagation, m->propagation & MS_REC);
	return out;
}

/* ---- by whoever may ---- */

/* By nook itself: in the container's group init may not open the disk. */
static bool of_a_disk(const struct nk_build *b, const struct nk_oci_mount *m)
{
	return b->trees == NK_PARENT && !(m->flags & (NK_MNT_BIND | NK_MNT_REMOUNT)) && m->source &&
	       !strncmp(m->source, "/dev/", 5);
}

static bool mqueue_is_bound(const struct nk_build *b)
{
	return !nk_b_owns(b, NK_NS_IPC);
}

void nk_part_oci_mount_trees(struct nk_build *b)
{
	size_t n = b->oci->config->mounts.n;

	b->volumes = nk_alloc(b->p->arena, (n + 1) * sizeof(int));
	for (size_t i = 0; b->volumes && i < n; i++) {
		const struct nk_oci_mount *m = nk_oci_mount_at(b, i);

		b->volumes[i] = NK_NOFD;
		if (nk_oci_copies_link(m))
			continue;
		if ((m->flags & NK_MNT_BIND) && !(m->flags & NK_MNT_REMOUNT))
			b->volumes[i] = bind_tree(b, m, nk_fmt(b->p->arena, "mount%zu", i + 1));
		else if (of_a_disk(b, m))
			b->volumes[i] =
				nk_oci_new_mount(b, m, nk_fmt(b->p->arena, "mount%zu", i + 1));
		else if (nk_oci_is(m, "proc") && nk_b_proc_is_bound(b))
			b->volumes[i] = outer_tree(b, m, "/proc");
		else if (nk_oci_is(m, "sysfs") && nk_b_sys_is_bound(b))
			b->volumes[i] = outer_tree(b, m, "/sys");
		else if (nk_oci_is(m, "mqueue") && mqueue_is_bound(b))
			b->volumes[i] = outer_tree(b, m, "/dev/mqueue");
	}
}
