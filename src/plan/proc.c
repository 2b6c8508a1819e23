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

bool nk_b_proc_is_bound(const struct nk_build *b)
{
	bool userns = b->new_user || !b->facts->initial_userns;

	return !nk_b_owns(b, NK_NS_PID) || (userns && b->facts->proc_covered);
}

bool nk_b_sys_is_bound(const struct nk_build *b)
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
	} else if (nk_b_proc_is_bound(b)) {
		p->topic = NK_T_PROC;
		b->proc = nk_b_copy_mount(p, NK_CWD, "/proc", true, "proc",
					  "the outer /proc: the kernel refuses a new one here");
	}
	if (nk_b_sys_is_bound(b)) {
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
	    nk_b_sys_is_bound(b) || !nk_b_owns(b, NK_NS_CGROUP))
		return;
	nk_actor_topic(p, NK_INIT, NK_T_CGROUP);
	int cgroup = nk_b_filesystem(p, "cgroup2", NULL, 0,
				     QUIET | (b->spec->privileged ? 0 : MOUNT_ATTR_RDONLY),
				     "cgroupfs", "cgroups as this cgroup namespace sees them");
	nk_b_attach(p, cgroup, b->sys, "fs/cgroup", "seen as /sys/fs/cgroup");
}

/* The outer /proc brings what is mounted there (systemd's binfmt_misc). In the copy of an
 * ordinary user that is locked to its place, and goes along or nothing does. */
bool nk_b_proc_is_outer(const struct nk_build *b)
{
	return nk_b_proc_is_bound(b) && !proc_by_path(b);
}
