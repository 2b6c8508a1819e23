/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree that becomes "/": a directory as it is, a directory below a
 * throw-away overlay, or the machine's own directories (`host`).
 *
 * Both scratch and root are mounted on "/" of the new mount namespace, on top
 * of what is there. Paths of the process go on meaning the host's until
 * pivot_root, because its root directory is the mount below; what lies on top
 * is reached by descriptor only, and goes away with the old root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>

#include "plan/build.h"

#define DEFAULT_OVERLAY_SIZE ((uint64_t)1 << 30)

static const char *size_text(struct nk_build *b, uint64_t size)
{
	return nk_fmt(b->p->arena, "%llu", (unsigned long long)size);
}

void nk_part_mounts_begin(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	uint64_t size = b->spec->overlay_size ? b->spec->overlay_size : DEFAULT_OVERLAY_SIZE;
	const struct nk_fs_option options[] = {{"mode", "0700"}, {"size", size_text(b, size)}};

	nk_actor_topic(p, NK_INIT, NK_T_MOUNTS);
	nk_plan_add(p, NK_OP_UMASK, "modes are meant as they are written");
	struct nk_step *s = nk_b_setattr(p, NK_CWD, true, 0, 0, MS_PRIVATE,
					 "nothing that happens here is seen outside");
	s->s[0] = "/";
	s->n[0] = AT_RECURSIVE;
	b->scratch = nk_b_filesystem(p, "tmpfs", options, 2, MOUNT_ATTR_NOSUID, "scratch",
				     "a place for what nook itself puts in");
	nk_b_attach(p, b->scratch, NK_CWD, "/", "above the old root, seen by nobody");
}

static int overlay_on(struct nk_build *b, int dir, const char *lower, const char *name)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;
	const char *upper = nk_fmt(p->arena, "%s-upper", name);
	const char *work = nk_fmt(p->arena, "%s-work", name);
	int fs = nk_plan_slot(p, nk_fmt(p->arena, "%s_fs", name));
	int out = nk_plan_slot(p, name);
	const struct {
		const char *key, *value;
		int slot;
	} options[] = {
		{"lowerdir", "/proc/self/fd/%d", dir},
		{"upperdir", nk_fmt(p->arena, "/proc/self/fd/%%d/%s", upper), b->scratch},
		{"workdir", nk_fmt(p->arena, "/proc/self/fd/%%d/%s", work), b->scratch},
	};

	nk_b_mkdir(p, b->scratch, upper, 0755, "where its changes go");
	nk_b_mkdir(p, b->scratch, work, 0700, "where the overlay works");
	s = nk_plan_add(p, NK_OP_FSOPEN, "an overlay over %s", lower);
	s->s[0] = "overlay";
	s->out = (int16_t)fs;
	for (size_t i = 0; i < 3; i++) {
		s = nk_plan_add(p, NK_OP_FSCONFIG, "with its %s", options[i].key);
		s->fd[0] = (int16_t)fs;
		s->fd[1] = (int16_t)options[i].slot;
		s->n[0] = FSCONFIG_SET_STRING;
		s->s[0] = options[i].key;
		s->s[1] = options[i].value;
	}
	if (b->new_user) {
		s = nk_plan_add(p, NK_OP_FSCONFIG, "marks in xattrs that a user may write");
		s->fd[0] = (int16_t)fs;
		s->n[0] = FSCONFIG_SET_FLAG;
		s->s[0] = "userxattr";
	}
	s = nk_plan_add(p, NK_OP_FSCONFIG, "a new overlay");
	s->fd[0] = (int16_t)fs;
	s->n[0] = FSCONFIG_CMD_CREATE;
	s->hint =
		"the kernel must know overlayfs, and have it in user namespaces: see `nook doctor`";
	s = nk_plan_add(p, NK_OP_FSMOUNT, "as a mount that nobody sees yet");
	s->fd[0] = (int16_t)fs;
	s->n[0] = MOUNT_ATTR_NODEV;
	s->out = (int16_t)out;
	return out;
}

int nk_b_overlay(struct nk_build *b, const char *lower, const char *name, const char *why)
{
	struct nk_plan *p = b->p;

	return overlay_on(b,
			  nk_b_open(p, NK_CWD, lower, O_PATH | O_DIRECTORY, 0,
				    nk_fmt(p->arena, "%s_lower", name), why),
			  lower, name);
}

/* Empty directories of `host` that are nobody's but the container's. */
static const struct {
	const char *path;
	unsigned mode;
} private_dirs[] = {
	{"tmp", 01777},	     {"root", 0700},	{"home", 0755},	    {"run", 0755},
	{"run/lock", 01777}, {"var", 0755},	{"var/tmp", 01777}, {"var/log", 0755},
	{"var/cache", 0755}, {"var/lib", 0755},
};

static void host_dir(struct nk_build *b, const struct nk_host_dir *dir)
{
	struct nk_plan *p = b->p;
	const char *path = nk_fmt(p->arena, "/%s", dir->name);
	int tree;

	if (dir->link) {
		struct nk_step *s = nk_plan_add(p, NK_OP_SYMLINKAT, "%s as on the host", path);
		s->s[0] = dir->link;
		s->fd[0] = (int16_t)b->rootfs;
		s->s[1] = dir->name;
		return;
	}
	nk_b_mkdir(p, b->rootfs, dir->name, 0755, nk_fmt(p->arena, "a place for %s", path));
	if (b->facts->overlay && !dir->covered && !b->spec->read_only) {
		tree = nk_b_overlay(b, path, dir->name,
				    nk_fmt(p->arena, "the machine's own %s", path));
	} else {
		tree = nk_b_copy_mount(p, NK_CWD, path, true, dir->name,
				       nk_fmt(p->arena, "the machine's own %s", path));
		nk_b_setattr(p, tree, true,
			     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, 0,
			     MS_PRIVATE, "read-only, because no overlay is possible here");
	}
	nk_b_attach(p, tree, b->rootfs, dir->name, nk_fmt(p->arena, "seen as %s", path));
}

static void host_rootfs(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	uint64_t size = b->spec->overlay_size ? b->spec->overlay_size : DEFAULT_OVERLAY_SIZE;
	const struct nk_fs_option options[] = {{"mode", "0755"}, {"size", size_text(b, size)}};

	b->rootfs = nk_b_filesystem(p, "tmpfs", options, 2, MOUNT_ATTR_NODEV, "rootfs",
				    "an empty root directory");
	nk_b_attach(p, b->rootfs, NK_CWD, "/", "above the old root, entered by pivot_root below");
	for (size_t i = 0; i < b->facts->host_dirs.n; i++)
		host_dir(b, &b->facts->host_dirs.v[i]);
	for (size_t i = 0; i < sizeof(private_dirs) / sizeof(private_dirs[0]); i++)
		nk_b_mkdir(p, b->rootfs, private_dirs[i].path, private_dirs[i].mode,
			   "empty, and nobody else's");
}

/* The copy of the rootfs' mount, by whoever may make it. */
static int rootfs_tree(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_ROOTFS;
	int tree = nk_b_copy_mount(
		p, NK_CWD, b->spec->rootfs, true, "rootfs",
		nk_fmt(p->arena, "a private copy of the mount of %s", b->spec->rootfs));
	nk_plan_last(p)->hint = "the rootfs has to be a directory that this user can reach";
	/* A device file in a rootfs opens nothing: nodes come from /dev alone. */
	nk_b_setattr(p, tree, true, b->spec->privileged ? 0 : MOUNT_ATTR_NODEV, 0, MS_PRIVATE,
		     "device files in it open nothing");
	if (b->spec->rootfs_idmap && b->n_idmapped < NK_IDMAPPED_MAX)
		b->idmapped[b->n_idmapped++] = tree;
	return tree;
}

void nk_part_rootfs_tree(struct nk_build *b)
{
	if (!b->spec->rootfs_host && (!b->spec->rootfs_overlay || b->spec->rootfs_idmap))
		b->rootfs = rootfs_tree(b);
}

/* An overlay cannot be idmapped, but what lies below it can. Only a mount in this mount
 * namespace may be a layer. */
static int overlay_on_idmapped(struct nk_build *b)
{
	nk_b_mkdir(b->p, b->scratch, "rootfs-lower", 0700, "a place for the layer below");
	nk_b_attach(b->p, b->rootfs, b->scratch, "rootfs-lower", "seen by the overlay only");
	return overlay_on(b, b->rootfs, b->spec->rootfs, "overlay");
}

void nk_part_rootfs(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_INIT, NK_T_ROOTFS);
	if (b->spec->rootfs_host) {
		host_rootfs(b);
		return;
	}
	if (b->spec->rootfs_overlay && b->spec->rootfs_idmap)
		b->rootfs = overlay_on_idmapped(b);
	else if (b->spec->rootfs_overlay)
		b->rootfs = nk_b_overlay(b, b->spec->rootfs, "rootfs",
					 "the rootfs, which stays as it is");
	nk_b_attach(p, b->rootfs, NK_CWD, "/", "above the old root, entered by pivot_root below");
}

void nk_part_pivot(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	nk_actor_topic(p, NK_INIT, NK_T_PIVOT);
	if (b->spec->read_only)
		nk_b_setattr(p, b->rootfs, false, MOUNT_ATTR_RDONLY, 0, 0,
			     "the root file system becomes read-only");
	s = nk_plan_add(p, NK_OP_FCHDIR, "into the new root");
	s->fd[0] = (int16_t)b->rootfs;
	s = nk_plan_add(p, NK_OP_PIVOT_ROOT, "it becomes \"/\", the old one lies on top of it");
	s->s[0] = ".";
	s->s[1] = ".";
	s->hint = "pivot_root cannot leave an initramfs: `nook doctor`";
	/* "." means the topmost of what is stacked there: scratch lies on the old root. */
	static const char *const gone[] = {"the scratch space lies on top of that: gone",
					   "and the old root is gone, with every mount in it"};
	for (size_t i = 0; i < 2; i++) {
		s = nk_plan_add(p, NK_OP_UMOUNT2, "%s", gone[i]);
		s->s[0] = ".";
		s->n[0] = MNT_DETACH;
	}
	s = nk_plan_add(p, NK_OP_CHDIR, "at the top of what is left");
	s->s[0] = "/";
}
