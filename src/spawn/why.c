/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hints that depend on the errno of a failed step and on what is around nook. A
 * plan cannot have them: it does not know how it will fail.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "host/why.h"
#include "spawn/driver.h"

static const char filtered[] =
	"the container around nook filters this call: start that one with --security-opt "
	"seccomp=unconfined, or with --privileged";

static bool makes_namespaces(const struct nk_step *s)
{
	return s->op == NK_OP_CLONE3 || s->op == NK_OP_UNSHARE;
}

static const char *no_namespace(const struct nk_step *s, int err)
{
	if (err == EAGAIN)
		return "too many processes: raise the limit of this user (ulimit -u) or of its "
		       "cgroup (pids.max)";
	if (err == ENOMEM) /* has its own words in the plan */
		return NULL;
	if (s->n[0] & CLONE_NEWUSER)
		return nk_why_userns(err);
	if (err == ENOSPC)
		return "a limit on namespaces is reached: raise the sysctls user.max_*_namespaces";
	return nk_why_filtered() ? filtered : NULL;
}

static bool in_proc(const struct nk_step *s)
{
	return s->op == NK_OP_OPENAT2 && s->s[0] && !strncmp(s->s[0], "/proc/", 6);
}

const char *nk_driver_why(const struct nk_step *s, int err)
{
	if (err == EMFILE)
		return "nook needs about 64 open files: ulimit -n 1024";
	if (err == ENFILE)
		return "this machine has too many open files: raise the sysctl fs.file-max";
	if (makes_namespaces(s))
		return no_namespace(s, err);
	if (err == EROFS && in_proc(s))
		return "/proc is read-only here: mount -o remount,rw /proc, or start the container "
		       "around nook with --privileged";
	if (s->op == NK_OP_MOUNT_SETATTR && err == EINVAL && nk_why_chroot())
		return "\"/\" is a chroot here and no mount: use `nook run --rootfs DIR` from "
		       "outside, "
		       "or mount --bind DIR DIR before the chroot";
	if (err == ENOSYS || (err == EPERM && s->op == NK_OP_PIVOT_ROOT))
		return nk_why_filtered() ? filtered : NULL;
	return NULL;
}
