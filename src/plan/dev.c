/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev: a tmpfs on which device files open nothing (nodev), with the usual
 * nodes bound into it one by one. So no node that the container makes itself
 * opens a device, and no device cgroup is needed for it.
 *
 * The nodes are nook's own, made on the scratch tmpfs: a chmod inside must not
 * reach the host's /dev/null. In a user namespace mknod is not allowed, and
 * the host's nodes are bound; there they belong to nobody, so chmod fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "plan/build.h"

static const struct nk_device_spec usual[] = {
	{"/dev/null", "/dev/null", "rwm", S_IFCHR | 0666, 1, 3},
	{"/dev/zero", "/dev/zero", "rwm", S_IFCHR | 0666, 1, 5},
	{"/dev/full", "/dev/full", "rwm", S_IFCHR | 0666, 1, 7},
	{"/dev/random", "/dev/random", "rwm", S_IFCHR | 0666, 1, 8},
	{"/dev/urandom", "/dev/urandom", "rwm", S_IFCHR | 0666, 1, 9},
	{"/dev/tty", "/dev/tty", "rwm", S_IFCHR | 0666, 5, 0},
};
#define N_USUAL (sizeof(usual) / sizeof(usual[0]))

static const struct {
	const char *name, *target;
} links[] = {
	{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},	     {"ptmx", "pts/ptmx"},
};

bool nk_b_may_mknod(const struct nk_build *b)
{
	return !b->new_user && b->facts->initial_userns;
}

static size_t device_count(const struct nk_build *b)
{
	return N_USUAL + b->spec->devices.n;
}

static const struct nk_device_spec *device(const struct nk_build *b, size_t i)
{
	return i < N_USUAL ? &usual[i] : &b->spec->devices.v[i - N_USUAL];
}

/* In a user namespace: copies of the host's nodes, by whoever may make them. */
void nk_part_dev_trees(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	b->nodes = nk_alloc(p->arena, device_count(b) * sizeof(int));
	if (!b->nodes || nk_b_may_mknod(b))
		return;
	p->topic = NK_T_DEV;
	for (size_t i = 0; i < device_count(b); i++) {
		const struct nk_device_spec *d = device(b, i);
		b->nodes[i] = nk_b_copy_mount(p, NK_CWD, d->source, false,
					      nk_fmt(p->arena, "node_%s", d->source),
					      nk_fmt(p->arena, "the host's %s", d->source));
		nk_plan_last(p)->hint =
			"in a user namespace the outer device nodes are shown: this "
			"/dev has to have the usual ones";
	}
}

static void make_nodes(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	nk_b_mkdir(p, b->scratch, "nodes", 0755, "a place for device nodes");
	for (size_t i = 0; i < device_count(b); i++) {
		const struct nk_device_spec *d = device(b, i);
		const char *path = nk_fmt(p->arena, "nodes/%zu", i);
		struct nk_step *s = nk_plan_add(p, NK_OP_MKNODAT, "a node of %s", d->source);
		s->fd[0] = (int16_t)b->scratch;
		s->s[0] = path;
		s->n[0] = d->type;
		s->n[1] = makedev(d->major, d->minor);
		s->hint = "making device nodes needs CAP_MKNOD";
		if (d->uid || d->gid) {
			s = nk_plan_add(p, NK_OP_FCHOWNAT, "owned as on the host");
			s->fd[0] = (int16_t)b->scratch;
			s->s[0] = path;
			s->n[0] = d->uid;
			s->n[1] = d->gid;
		}
		b->nodes[i] = nk_b_copy_mount(p, b->scratch, path, false,
					      nk_fmt(p->arena, "node_%s", d->source),
					      "as a mount of its own");
	}
}

static void place_nodes(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	for (size_t i = 0; i < device_count(b); i++) {
		const struct nk_device_spec *d = device(b, i);
		const char *name = d->target + strlen("/dev/");
		int target = b->dev;
		if (i < N_USUAL || (!strncmp(d->target, "/dev/", 5) && !strchr(name, '/'))) {
			struct nk_step *s =
				nk_plan_add(p, NK_OP_MKNODAT, "a place for %s", d->target);
			s->fd[0] = (int16_t)b->dev;
			s->s[0] = name;
			s->n[0] = S_IFREG | 0644;
			nk_tolerate(s, EEXIST, 0, 0);
		} else {
			target = nk_b_target(b, d->target, false, true,
					     nk_fmt(p->arena, "place_%s", d->target));
			name = "";
		}
		nk_b_attach(p, b->nodes[i], target, name,
			    nk_fmt(p->arena, "seen as %s", d->target));
		if (i == 0) {
			b->null = b->nodes[0];
			nk_plan_last(p)->why = "seen as /dev/null";
		}
	}
}

bool nk_b_maps_gid(const struct nk_build *b, uint32_t gid)
{
	const struct nk_idmaps *m = &b->spec->gid_maps;

	if (b->spec->ns[NK_NS_USER].mode == NK_NS_HOST)
		return b->facts->initial_userns;
	for (size_t i = 0; i < m->n; i++)
		if (gid >= m->v[i].inside && gid - m->v[i].inside < m->v[i].count)
			return true;
	return false;
}

static void devpts(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_fs_option options[] = {
		{"newinstance", NULL}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}};

	b->pts = nk_b_filesystem(p, "devpts", options, nk_b_maps_gid(b, 5) ? 4 : 3,
				 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "pts",
				 "terminals of its own");
	nk_b_mkdir(p, b->dev, "pts", 0755, "a place for /dev/pts");
	nk_b_attach(p, b->pts, b->dev, "pts", "seen as /dev/pts");
}

/* With the host's IPC namespace its shared memory is seen too, as Docker does. */
static void quiet(struct nk_build *b, int tree)
{
	nk_b_setattr(b->p, tree, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0,
		     MS_PRIVATE, "device files in it open nothing");
}

void nk_part_ipc_trees(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (b->spec->ns[NK_NS_IPC].mode != NK_NS_HOST)
		return;
	p->topic = NK_T_DEV;
	b->shm = nk_b_copy_mount(p, NK_CWD, "/dev/shm", false, "shm",
				 "the host's shared memory, as its IPC namespace is used");
	quiet(b, b->shm);
	if (b->facts->mqueue) {
		b->mqueue = nk_b_copy_mount(p, NK_CWD, "/dev/mqueue", false, "mqueue",
					    "the host's message queues");
		quiet(b, b->mqueue);
	}
}

static void shm_and_mqueue(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const uint64_t quiet = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	const struct nk_fs_option options[] = {
		{"mode", "1777"},
		{"size",
		 nk_fmt(p->arena, "%llu",
			(unsigned long long)(b->spec->shm_size ? b->spec->shm_size : 64u << 20))}};

	nk_b_mkdir(p, b->dev, "shm", 01777, "a place for /dev/shm");
	if (b->shm == NK_NOFD && !nk_b_user_mounts(b, "/dev/shm"))
		b->shm = nk_b_filesystem(p, "tmpfs", options, 2, quiet, "shm",
					 "POSIX shared memory of its own");
	if (b->shm != NK_NOFD)
		nk_b_attach(p, b->shm, b->dev, "shm", "seen as /dev/shm");

	nk_b_mkdir(p, b->dev, "mqueue", 0755, "a place for /dev/mqueue");
	/* mqueue belongs to the IPC namespace, and only its owner may mount it. */
	if (b->mqueue == NK_NOFD && b->spec->ns[NK_NS_IPC].mode != NK_NS_HOST &&
	    nk_b_owns(b, NK_NS_IPC))
		b->mqueue = nk_b_filesystem(p, "mqueue", NULL, 0, quiet, "mqueue",
					    "POSIX message queues of this IPC namespace");
	if (b->mqueue != NK_NOFD)
		nk_b_attach(p, b->mqueue, b->dev, "mqueue", "seen as /dev/mqueue");
}

/*
 * Where systemd runs, all mounts of the host are shared, and a copy that the
 * parent made is too: a mask over the outer /proc, or what the container mounts
 * over its /dev/zero, would appear on the host. Before masks and volumes, since
 * volumes have a propagation of their own.
 */
static void detach_from_host(struct nk_build *b)
{
	bool host_ipc = b->spec->ns[NK_NS_IPC].mode == NK_NS_HOST;

	if (b->trees == NK_PARENT && (!nk_b_may_mknod(b) || host_ipc))
		nk_b_setattr(b->p, b->rootfs, true, 0, 0, MS_PRIVATE,
			     "no mount on what was copied from the host is seen there");
}

void nk_part_dev(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_fs_option options[] = {{"mode", "0755"}, {"size", "65536"}};

	if (!b->nodes)
		return;
	nk_actor_topic(p, NK_INIT, NK_T_DEV);
	b->dev = nk_b_filesystem(p, "tmpfs", options, 2,
				 MOUNT_ATTR_NOSUID | (b->spec->privileged ? 0 : MOUNT_ATTR_NODEV) |
					 MOUNT_ATTR_NOEXEC,
				 "dev", "an empty /dev, on which new device files open nothing");
	int target = nk_b_target(b, "/dev", true, false, "dev_place");
	nk_b_attach(p, b->dev, target, "", "seen as /dev");
	if (nk_b_may_mknod(b))
		make_nodes(b);
	place_nodes(b);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct nk_step *s = nk_plan_add(p, NK_OP_SYMLINKAT, "/dev/%s", links[i].name);
		s->s[0] = links[i].target;
		s->fd[0] = (int16_t)b->dev;
		s->s[1] = links[i].name;
	}
	devpts(b);
	shm_and_mqueue(b);
	detach_from_host(b);
}

void nk_part_terminal(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	if (!b->spec->terminal)
		return;
	nk_actor_topic(p, NK_INIT, NK_T_TERMINAL);
	int master = nk_b_open(p, b->pts, "ptmx", O_RDWR | O_NOCTTY, 0, "master",
			       "a new terminal from the container's own /dev/pts");
	nk_part_pty(b, master);
	s = nk_plan_add(p, NK_OP_MKNODAT, "a place for /dev/console");
	s->fd[0] = (int16_t)b->dev;
	s->s[0] = "console";
	s->n[0] = S_IFREG | 0600;
	int tree = nk_b_copy_mount(p, b->slave, "", false, "console", "the terminal's file");
	nk_b_attach(p, tree, b->dev, "console", "seen as /dev/console");
}
