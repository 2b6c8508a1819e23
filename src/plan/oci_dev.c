/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and links of an OCI container: those that the specification wants in every /dev
 * (unless it is bound from the host), and linux.devices.
 *
 * On a tmpfs that was just mounted nothing can be in the way. Anywhere else the rootfs may have
 * put something there: what exists is opened without following a link, and has to be that very
 * device. In a user namespace mknod is not allowed, and the host's nodes are bound.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/weaken.h"
#include "plan/build.h"

#define NODE(path, major, minor)                                        \
	{                                                               \
		path, 'c', major, minor, true, false, false, 0666, 0, 0 \
	}
static const struct nk_oci_device usual[] = {
	NODE("/dev/null", 1, 3),   NODE("/dev/zero", 1, 5),    NODE("/dev/full", 1, 7),
	NODE("/dev/random", 1, 8), NODE("/dev/urandom", 1, 9), NODE("/dev/tty", 5, 0),
};
#define N_USUAL (sizeof(usual) / sizeof(usual[0]))

static const struct {
	const char *name, *target;
} links[] = {
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
};

static bool makes_nodes(const struct nk_build *b)
{
	return nk_b_may_mknod(b) && (b->facts->caps >> CAP_MKNOD & 1);
}

static bool mounted_on(struct nk_build *b, const char *path, bool bind_only)
{
	for (size_t i = 0; i < b->oci->config->mounts.n; i++) {
		const struct nk_oci_mount *m = &b->oci->config->mounts.v[i];

		if ((!bind_only || (m->flags & NK_MNT_BIND)) &&
		    !strcmp(nk_b_clean_path(b, m->destination), path))
			return true;
	}
	return false;
}

static bool has_own_dev(struct nk_build *b)
{
	return !mounted_on(b, "/dev", true);
}

/* All that is to be made: the usual ones, unless the configuration has them itself. */
static size_t device_count(const struct nk_build *b)
{
	return N_USUAL + b->oci->config->devices.n;
}

static const struct nk_oci_device *device(struct nk_build *b, size_t i)
{
	const struct nk_config *c = b->oci->config;
	const struct nk_oci_device *d = i < N_USUAL ? &usual[i] : &c->devices.v[i - N_USUAL];
	const char *path = nk_b_clean_path(b, d->path);

	/* The last of several counts, and a mount in its place more than any. */
	for (size_t k = i < N_USUAL ? 0 : i - N_USUAL + 1; k < c->devices.n; k++)
		if (!strcmp(nk_b_clean_path(b, c->devices.v[k].path), path))
			return NULL;
	if (mounted_on(b, path, false) || (i < N_USUAL && !has_own_dev(b)))
		return NULL;
	/* Without a mount anywhere nothing is bound into what is everybody's. */
	if (i < N_USUAL && !makes_nodes(b) && b->spec->ns[NK_NS_MOUNT].mode == NK_NS_HOST &&
	    !c->mounts.n)
		return NULL;
	return d;
}

static uint32_t type_of(const struct nk_oci_device *d)
{
	return d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
}

static uint64_t number_of(const struct nk_oci_device *d)
{
	return d->type == 'p' ? 0 : makedev((unsigned)d->major, (unsigned)d->minor);
}

static void is_device(struct nk_build *b, int fd, const struct nk_oci_device *d)
{
	if (nk_weak("CVE-2025-31133"))
		return;
	struct nk_step *s =
		nk_plan_add(b->p, NK_OP_IS_DEVICE, "%s is that device, and nothing else", d->path);

	s->fd[0] = (int16_t)fd;
	s->n[0] = type_of(d);
	s->n[1] = number_of(d);
	s->hint = nk_fmt(b->p->arena, "%s is something else than the configuration says", d->path);
}

/* In a user namespace: the host's nodes of the same name. */
void nk_part_oci_dev_trees(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	b->nodes = nk_alloc(p->arena, device_count(b) * sizeof(int));
	for (size_t i = 0; b->nodes && i < device_count(b); i++) {
		const struct nk_oci_device *d = device(b, i);

		b->nodes[i] = NK_NOFD;
		if (!d || makes_nodes(b) || d->type == 'p')
			continue;
		p->topic = NK_T_DEV;
		b->nodes[i] = nk_b_copy_mount(p, NK_CWD, d->path, false,
					      nk_fmt(p->arena, "node_%s", d->path),
					      nk_fmt(p->arena, "the host's %s", d->path));
		nk_plan_last(p)->hint = "in a user namespace the outer device nodes are shown: "
					"they have to be there";
		is_device(b, b->nodes[i], d);
		if (b->trees == NK_PARENT)
			nk_b_setattr(p, b->nodes[i], false, 0, 0, MS_PRIVATE, "seen here only");
	}
}

/* The directory of a node, and its name in it. */
static int place_of(struct nk_build *b, const struct nk_oci_device *d, const char **name)
{
	const char *path = nk_b_clean_path(b, d->path);
	const char *slash = strrchr(path, '/');

	*name = slash + 1;
	if (b->dev != NK_NOFD && !strncmp(path, "/dev/", 5) && slash == path + 4)
		return b->dev;
	if (slash == path)
		return b->rootfs;
	return nk_b_place(b, nk_strndup(b->p->arena, path, (size_t)(slash - path)), true, false,
			  "node_dir");
}

static bool is_fresh(const struct nk_build *b, int dir)
{
	return b->own_dev && dir == b->dev;
}

static void make_node(struct nk_build *b, const struct nk_oci_device *d)
{
	struct nk_plan *p = b->p;
	const char *name;
	int dir = place_of(b, d, &name);
	struct nk_step *s = nk_plan_add(p, NK_OP_MKNODAT, "%s", d->path);

	s->fd[0] = (int16_t)dir;
	s->s[0] = name;
	s->n[0] = type_of(d) | (d->has_mode ? d->mode & 07777 : 0666);
	s->n[1] = number_of(d);
	s->hint = "making device nodes needs CAP_MKNOD";
	if (!is_fresh(b, dir)) {
		nk_tolerate(s, EEXIST, EROFS, 0);
		int fd = nk_b_open(p, dir, name, O_PATH | O_NOFOLLOW, 0,
				   nk_fmt(p->arena, "node_%s", name), "found, and never by a link");
		is_device(b, fd, d);
	}
	if ((d->has_uid && d->uid) || (d->has_gid && d->gid)) {
		s = nk_plan_add(p, NK_OP_FCHOWNAT, "with its owner");
		s->fd[0] = (int16_t)dir;
		s->s[0] = name;
		s->n[0] = d->has_uid ? d->uid : 0;
		s->n[1] = d->has_gid ? d->gid : 0;
		s->n[2] = AT_SYMLINK_NOFOLLOW;
	}
}

static void bind_node(struct nk_build *b, const struct nk_oci_device *d, int tree)
{
	struct nk_plan *p = b->p;
	const char *name;
	int dir = place_of(b, d, &name);
	struct nk_step *s = nk_plan_add(p, NK_OP_MKNODAT, "a place for %s", d->path);

	s->fd[0] = (int16_t)dir;
	s->s[0] = name;
	s->n[0] = S_IFREG | 0644;
	if (!is_fresh(b, dir))
		nk_tolerate(s, EEXIST, EROFS, EACCES);
	nk_b_attach(p, tree, dir, name, nk_fmt(p->arena, "seen as %s", d->path));
}

static struct nk_step *link_to(struct nk_build *b, const char *name, const char *target)
{
	struct nk_step *s = nk_plan_add(b->p, NK_OP_SYMLINKAT, "/dev/%s", name);

	s->s[0] = target;
	s->fd[0] = (int16_t)b->dev;
	s->s[1] = name;
	/* A mount, or the rootfs, may have something there. */
	nk_tolerate(s, EEXIST, EROFS, 0);
	return s;
}

static void ptmx(struct nk_build *b)
{
	if (mounted_on(b, "/dev/ptmx", false))
		return;
	if (!b->own_dev) {
		struct nk_step *s = nk_plan_add(b->p, NK_OP_UNLINKAT, "whatever is /dev/ptmx");
		s->fd[0] = (int16_t)b->dev;
		s->s[0] = "ptmx";
		nk_tolerate(s, ENOENT, EROFS, EBUSY);
	}
	link_to(b, "ptmx", "pts/ptmx");
}

/* Where the kernel has it: known by the masks, of which it is one wherever it matters. */
static bool has_kcore(const struct nk_build *b)
{
	const struct nk_strv *masked = &b->spec->masked_paths;

	for (size_t i = 0; i < masked->n; i++)
		if (!strcmp(masked->v[i], "/proc/kcore"))
			return b->facts->mask_kinds[i] == NK_MASK_FILE;
	return false;
}

void nk_part_oci_dev(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	bool own = has_own_dev(b);

	nk_actor_topic(p, NK_INIT, NK_T_DEV);
	if (own && !b->own_dev)
		b->dev = nk_b_place(b, "/dev", true, true, "dev");
	for (size_t i = 0; b->nodes && i < device_count(b); i++) {
		const struct nk_oci_device *d = device(b, i);

		if (d && b->nodes[i] != NK_NOFD)
			bind_node(b, d, b->nodes[i]);
		else if (d)
			make_node(b, d);
	}
	for (size_t i = 0; own && i < sizeof(links) / sizeof(links[0]); i++)
		link_to(b, links[i].name, links[i].target);
	if (own && has_kcore(b))
		link_to(b, "core", "/proc/kcore");
	if (own)
		ptmx(b);
}

/* The null device as the container has it, for masks: by descriptor, and looked at. */
void nk_part_oci_null(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	bool trusts = nk_weak("CVE-2025-31133");

	nk_actor_topic(p, NK_INIT, NK_T_MASK);
	int null = nk_b_open(p, b->rootfs, "dev/null", O_PATH | (trusts ? 0 : O_NOFOLLOW),
			     RESOLVE_IN_ROOT, "dev_null",
			     "the null device, never by a link (CVE-2025-31133)");
	nk_plan_last(p)->hint = "masked files are covered with the container's /dev/null";
	is_device(b, null, &usual[0]);
	/* Itself, not a copy: before Linux 6.15 a mount that is attached nowhere cannot be copied.
	 */
	b->null = null;
}

static int open_master(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (b->pts != NK_NOFD)
		return nk_b_open(p, b->pts, "ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS,
				 "master", "a new terminal from the container's own /dev/pts");
	int pts =
		nk_b_open(p, b->rootfs, "dev/pts", O_PATH | O_DIRECTORY,
			  RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS, "pts", "where its terminals are");
	nk_plan_last(p)->hint = "process.terminal needs a mount of type devpts on /dev/pts";
	struct nk_step *s = nk_plan_add(p, NK_OP_IS_FS, "terminals, and no other files");
	s->fd[0] = (int16_t)pts;
	s->n[0] = DEVPTS_SUPER_MAGIC;
	s->hint = "process.terminal needs a mount of type devpts on /dev/pts";
	return nk_b_open(p, pts, "ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS, "master",
			 "a new terminal from it");
}

void nk_part_oci_terminal(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_oci_process *process = &b->oci->config->process;
	struct nk_step *s;

	if (!b->spec->terminal)
		return;
	nk_actor_topic(p, NK_INIT, NK_T_TERMINAL);
	int master = open_master(b);
	if (process->width || process->height) {
		s = nk_plan_add(p, NK_OP_PTY_SIZE, "as large as consoleSize says");
		s->fd[0] = (int16_t)master;
		s->n[0] = process->height;
		s->n[1] = process->width;
	}
	nk_part_pty(b, master);
	int dir = b->dev;
	if (dir == NK_NOFD)
		dir = nk_b_place(b, "/dev", true, true, "dev");
	s = nk_plan_add(p, NK_OP_MKNODAT, "a place for /dev/console");
	s->fd[0] = (int16_t)dir;
	s->s[0] = "console";
	s->n[0] = S_IFREG | 0600;
	nk_tolerate(s, EEXIST, EROFS, EACCES);
	int tree = nk_b_copy_mount(p, b->slave, "", false, "console", "the terminal's file");
	const char *name = "console";
	if (nk_weak("CVE-2025-52565")) {
		dir = nk_b_open(p, b->rootfs, "dev/console", O_PATH, RESOLVE_IN_ROOT,
				"console_place", "");
		name = "";
	}
	/* Not through a link that the rootfs may have there (CVE-2025-52565): over it. */
	nk_b_attach(p, tree, dir, name, "seen as /dev/console, which no link can lead away");
}
