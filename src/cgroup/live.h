/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups that exist: count kills, kill, remove, attach. A path is the absolute
 * directory of a group, as the plan and the state file name it.
 *
 * How the driver (src/spawn) ends a container's groups: the plan's after-steps
 * are plain unlinkat(AT_REMOVEDIR). EBUSY from one of them in a cgroup is no
 * failure yet: the last process has been reaped, but the kernel may take some
 * milliseconds to let go of it, or (pid namespace of the host) processes are
 * left. Then, in this order: nk_cgroup_kill(path), nk_cgroup_remove(path).
 */
#ifndef NK_CGROUP_LIVE_H
#define NK_CGROUP_LIVE_H

#include <sys/types.h>

#include "base/err.h"

/* How many processes of these groups the kernel killed for want of memory; 0 also when
 * none of them counts memory or all are gone. */
long nk_cgroup_oom_kills(const char *const *paths, int n);

/* SIGKILL to every process of the group and of those below it, newborn ones too. Where the
 * kernel has no cgroup.kill (v1) it is repeated until none is left, as long as there are fewer
 * or other ones (about two seconds when nothing moves, 30 in all). 0, also when the group is
 * gone; or -errno. */
int nk_cgroup_kill(const char *path, struct nk_err *e);

/* A signal to every process of the group and of those below it, once. -ENOENT: there is no such
 * group. */
int nk_cgroup_signal(const char *path, int signal);

/* Remove the group and those made below it; waits (as long as that) while the kernel or
 * processes still hold it. 0, also when it is gone; or -errno. */
int nk_cgroup_remove(const char *path, struct nk_err *e);

/* How many processes but for this one are in the group and those below it; 0 also when it is
 * gone. */
size_t nk_cgroup_others(const char *path, pid_t pid);

/* Put a process in. */
int nk_cgroup_attach(const char *path, pid_t pid, struct nk_err *e);

#endif
