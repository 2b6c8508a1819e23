/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc and /sys, and what of them may not be read or written.
 *
 * A procfs shows the PID namespace of the process that makes it, a sysfs the
 * network namespace: so init makes them. In a user namespace the kernel allows
 * that only for a PID or network namespace that belongs to it, and only where
 * nothing covers parts of the outer one. Where it is joined from other users,
 * root makes it in their stead; else the outer one is shown, bound.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>

#include "plan/build.h"

#define QUIET (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Paths below our own procfs or sysfs: no links of any kind lead elsewhere. */
#define STRICT (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

bool nk_b_owns(const struct nk_build *b, enum nk_ns_kind k)
{
	enum nk_ns_mode mode = b->spec->ns[k].mode;

	return !b->new_user || mode == NK_NS_NEW ||
	       (mode == NK_NS_JOIN && !(b->facts->foreign_ns >> k & 1));
}

static bool foreign(const struct nk_build *b, enum nk_ns_kind k)
{
	return b->facts->sys_admin && b->spec->ns[k].mode == NK_NS_JOIN && !nk_b_owns(b, k);
}

/* Nobody of init's users may make it, but a process that is still root of the host. */
bool nk_b_middle_mounts(const struct nk_build *b, enum nk_ns_kind k)
{
	bool covered = k == NK_NS_NET && b->facts->sys_covered && !b->facts->initial_userns;

	return b->middle && !covered && foreign(b, k);
}

/* The middle is not in the PID namespace that it joins, only its children are. Since
 * Linux 6.18 a procfs can be made for a PID namespace from outside. */
static bool proc_by_path(const struct nk_build *b)
{
	const struct nk_facts *f = b->facts;
	bool known = f->kernel_major > 6 || (f->kernel_major == 6 && f->kernel_minor >= 18);

	return known && (f->initial_userns || !f->proc_covered) && foreign(b, NK_NS_PID);
}

static bool proc_is_bound(const struct nk_build *b)
{
	bool userns = b->new_user || !b->facts->initial_userns;

	return !nk_b_owns(b, NK_NS_PID) || (userns && b->facts->proc_covered);
}

static bool sys_is_bound(const struct nk_build *b)
{
	bool userns = b->new_user || !b->facts->initial_userns;

	if (nk_b_middle_mounts(b, NK_NS_NET))
		return false;
	return !nk_b_owns(b, NK_NS_NET) || (userns && b->facts->sys_covered);
}

static int new_sys(struct nk_build *b)
{
	return nk_b_filesystem(b->p, "sysfs", NULL, 0,
			       QUIET | (b->spec->privileged ? 0 : MOUNT_ATTR_RDONLY), "sys",
			       "a read-only sysfs, which shows this network namespace only");
}

/* In the process in between, when it has joined and before it leaves the host's users. */
void nk_part_joined_mounts(struct nk_build *b)
{
	if (nk_b_middle_mounts(b, NK_NS_NET)) {
		b->p->topic = NK_T_SYS;
		b->sys = new_sys(b);
	}
	if (nk_b_middle_mounts(b, NK_NS_IPC)) {
		b->p->topic = NK_T_DEV;
		b->mqueue = nk_b_filesystem(b->p, "mqueue", NULL, 0, QUIET, "mqueue",
					    "POSIX message queues of the joined IPC namespace");
	}
	b->p->topic = NK_T_NAMESPACES;
}

/* Copies of the outer /proc and /sys where new ones are refused. */
void nk_part_proc_trees(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (proc_by_path(b)) {
		const struct nk_fs_option of = {"pidns", b->spec->ns[NK_NS_PID].path};
		p->topic = NK_T_PROC;
		b->proc = nk_b_filesystem(p, "proc", &of, 1, QUIET, "proc",
					  "a procfs of the PID namespace that is joined");
	} else if (proc_is_bound(b)) {
		p->topic = NK_T_PROC;
		b->proc = nk_b_copy_mount(p, NK_CWD, "/proc", true, "proc",
					  "the outer /proc: the kernel refuses a new one here");
	}
	if (sys_is_bound(b)) {
		p->topic = NK_T_SYS;
		b->sys = nk_b_copy_mount(p, NK_CWD, "/sys", true, "sys",
					 "the outer /sys: the kernel refuses a new one here");
		nk_b_setattr(p, b->sys, true, QUIET | MOUNT_ATTR_RDONLY, 0, MS_PRIVATE,
			     "read-only");
	}
}

void nk_part_proc(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_INIT, NK_T_PROC);
	if (b->proc == NK_NOFD) {
		b->proc = nk_b_filesystem(p, "proc", NULL, 0, QUIET, "proc",
					  "a procfs, which shows this PID namespace only");
		nk_plan_last(p)->hint = "where /proc is masked outside (in another container) the "
					"kernel refuses a new one";
	}
	int target = nk_b_target(b, "/proc", true, false, "proc_place");
	nk_b_attach(p, b->proc, target, "", "seen as /proc");
}

void nk_part_sys(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_INIT, NK_T_SYS);
	if (b->sys == NK_NOFD)
		b->sys = new_sys(b);
	int target = nk_b_target(b, "/sys", true, false, "sys_place");
	nk_b_attach(p, b->sys, target, "", "seen as /sys");
}

/* The container's own cgroups, read-only: programs read their limits there. */
void nk_part_cgroupfs(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (b->facts->cgroups.unified < 0 || b->facts->cgroups.hierarchies.n != 1 ||
	    sys_is_bound(b) || !nk_b_owns(b, NK_NS_CGROUP))
		return;
	nk_actor_topic(p, NK_INIT, NK_T_CGROUP);
	int cgroup = nk_b_filesystem(p, "cgroup2", NULL, 0,
				     QUIET | (b->spec->privileged ? 0 : MOUNT_ATTR_RDONLY),
				     "cgroupfs", "cgroups as this cgroup namespace sees them");
	nk_b_attach(p, cgroup, b->sys, "fs/cgroup", "seen as /sys/fs/cgroup");
}

static int base_of(struct nk_build *b, const char **path)
{
	if (!strncmp(*path, "/proc/", 6)) {
		*path += 6;
		return b->proc;
	}
	if (!strncmp(*path, "/sys/", 5)) {
		*path += 5;
		return b->sys;
	}
	return NK_NOFD;
}

static void read_only(struct nk_build *b, const char *path)
{
	struct nk_plan *p = b->p;
	const char *name = path;
	int base = base_of(b, &name);

	if (base == NK_NOFD)
		return;
	/* The outer /proc brings what is mounted there (systemd's binfmt_misc). In the copy of an
	 * ordinary user that is locked to its place, and goes along or nothing does. */
	bool all = proc_is_bound(b) && !proc_by_path(b);
	int tree = nk_b_copy_mount(p, base, name, all, nk_fmt(p->arena, "ro_%s", name),
				   nk_fmt(p->arena, "%s once more", path));
	nk_tolerate(nk_plan_last(p), ENOENT, 0, 0);
	struct nk_step *s =
		nk_b_setattr(p, tree, all, QUIET | MOUNT_ATTR_RDONLY, 0, 0, "read-only");
	nk_tolerate(s, EBADF, 0, 0);
	s = nk_b_attach(p, tree, base, name, nk_fmt(p->arena, "over %s", path));
	nk_tolerate(s, EBADF, ENOENT, 0);
}

static void mask_dir(struct nk_build *b, int base, const char *name, const char *path)
{
	struct nk_plan *p = b->p;

	if (b->empty == NK_NOFD) {
		nk_b_mkdir(p, b->scratch, "empty", 0555, "an empty directory");
		b->empty = nk_b_copy_mount(p, b->scratch, "empty", false, "empty",
					   "as a mount of its own");
		nk_b_setattr(p, b->empty, false, QUIET | MOUNT_ATTR_RDONLY, 0, 0, "read-only");
		nk_b_attach(p, b->empty, base, name, nk_fmt(p->arena, "%s looks empty", path));
		return;
	}
	int tree = nk_b_copy_mount(p, b->empty, "", false, nk_fmt(p->arena, "mask_%s", name),
				   "the empty directory once more");
	nk_b_attach(p, tree, base, name, nk_fmt(p->arena, "%s looks empty", path));
}

/* One of many: a machine may have hundreds of processors, and a process not so many
 * descriptors, so these share a slot that is closed each time. */
static void mask_extra(struct nk_build *b, int slot, const char *path)
{
	struct nk_plan *p = b->p;
	const char *name = path;
	int base = base_of(b, &name);
	struct nk_step *s = nk_plan_add(p, NK_OP_OPEN_TREE, "the empty directory once more");

	s->fd[0] = (int16_t)b->empty;
	s->s[0] = "";
	s->n[0] = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	s->out = (int16_t)slot;
	nk_b_attach(p, slot, base, name, nk_fmt(p->arena, "%s looks empty", path));
	s = nk_plan_add(p, NK_OP_CLOSE, "attached");
	s->fd[0] = (int16_t)slot;
}

static void mask_file(struct nk_build *b, int base, const char *name, const char *path)
{
	struct nk_plan *p = b->p;
	int tree = nk_b_copy_mount(p, b->null, "", false, nk_fmt(p->arena, "mask_%s", name),
				   "the null device once more");

	nk_b_attach(p, tree, base, name, nk_fmt(p->arena, "%s reads as nothing", path));
}

/* sysctls through the descriptor of our own procfs: a faked /proc is never asked. */
static void sysctls(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_SYSCTL;
	for (size_t i = 0; i < b->spec->sysctls.n; i++) {
		const struct nk_keyval *kv = &b->spec->sysctls.v[i];
		char *path = nk_fmt(p->arena, "sys/%s", kv->key);
		for (char *c = path; *c; c++)
			*c = *c == '.' ? '/' : *c;
		int fd = nk_b_open(p, b->proc, path, O_WRONLY, STRICT,
				   nk_fmt(p->arena, "sysctl_%s", kv->key),
				   nk_fmt(p->arena, "the setting %s of these namespaces", kv->key));
		nk_plan_last(p)->hint = "there is no such setting, or it does not belong to a "
					"namespace of the container";
		struct nk_step *s = nk_plan_add(p, NK_OP_WRITE, "%s = %s", kv->key, kv->value);
		s->fd[0] = (int16_t)fd;
		s->s[0] = kv->value;
		s->hint = "the kernel does not take this value";
		s = nk_plan_add(p, NK_OP_CLOSE, "written");
		s->fd[0] = (int16_t)fd;
	}
}

void nk_part_masks(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_INIT, NK_T_MASK);
	sysctls(b);
	if (b->spec->privileged)
		return;
	p->topic = NK_T_MASK;
	for (size_t i = 0; b->spec->readonly_paths.n && nk_default_readonly[i]; i++)
		read_only(b, nk_default_readonly[i]);
	for (size_t i = 0; b->spec->masked_paths.n && nk_default_masked[i]; i++) {
		const char *name = nk_default_masked[i];
		if (b->facts->mask_missing >> i & 1)
			continue;
		int base = base_of(b, &name);
		if (b->facts->mask_dirs >> i & 1)
			mask_dir(b, base, name, nk_default_masked[i]);
		else
			mask_file(b, base, name, nk_default_masked[i]);
	}
	int slot = NK_NOFD;
	for (size_t i = 0; i < b->facts->mask_extra.n; i++) {
		const char *path = b->facts->mask_extra.v[i], *name = path;
		int base = base_of(b, &name);
		if (b->empty == NK_NOFD) {
			mask_dir(b, base, name, path);
			continue;
		}
		if (slot == NK_NOFD)
			slot = nk_plan_slot(p, "mask");
		mask_extra(b, slot, path);
	}
}
