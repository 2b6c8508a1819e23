/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: kernel version, system calls, namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/doctor_parts.h"
#include "host/why.h"

enum { FLOOR_MAJOR = 6, FLOOR_MINOR = 1 }; /* Debian 12 */

static int probe_openat2(void *arg)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

	(void)arg;
	return syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how)) < 0 ? errno : 0;
}

static int probe_pidfd(void *arg)
{
	(void)arg;
	return syscall(SYS_pidfd_open, getpid(), 0) < 0 ? errno : 0;
}

static int probe_clone3(void *arg)
{
	(void)arg;
	/* Arguments that cannot be right: whoever knows the call says EINVAL. */
	return syscall(SYS_clone3, NULL, 0) < 0 && errno != EINVAL ? errno : 0;
}

static int probe_mount_api(void *arg)
{
	(void)arg;
	/* EPERM is an answer of the call itself: rights come with the user namespace. */
	if (syscall(SYS_fsopen, "tmpfs", 1) < 0 && errno != EPERM)
		return errno;
	return syscall(SYS_mount_setattr, -1, "", 0, NULL, 0) < 0 && errno == ENOSYS ? errno : 0;
}

static void call(struct nk_doctor *d, const char *name, int (*probe)(void *), const char *why)
{
	int err = nk_doctor_try(probe, NULL);

	/* Docker's older profiles answer EPERM to calls that they do not know. */
	nk_doctor_add(d, name, err ? NK_CHECK_MISSING : NK_CHECK_OK,
		      err == ENOSYS
			      ? "update the kernel to 6.1 or newer; inside another container, "
				"its runtime hides the call: update libseccomp and the runtime"
			      : "the seccomp profile around this process refuses the call: run "
				"the outer container with --security-opt seccomp=unconfined",
		      "%s%s%s", why, err ? ": " : "", err ? strerror(err) : "")
		->needed = true;
}

void nk_doctor_kernel(struct nk_doctor *d)
{
	const struct nk_facts *f = d->facts;
	struct utsname u = {0};
	bool old = f->kernel_major < FLOOR_MAJOR ||
		   (f->kernel_major == FLOOR_MAJOR && f->kernel_minor < FLOOR_MINOR);

	uname(&u);
	d->group = "kernel";
	nk_doctor_add(d, "version", old ? NK_CHECK_WARN : NK_CHECK_OK,
		      "update the kernel: nook is tested from Linux 6.1 on",
		      "Linux %s on %s; nook needs 6.1", u.release, u.machine);
	call(d, "openat2", probe_openat2, "paths that cannot lead out of a root");
	call(d, "pidfd", probe_pidfd, "processes by descriptor");
	call(d, "clone3", probe_clone3, "a process born in its cgroup");
	call(d, "mount API", probe_mount_api, "fsopen, open_tree, mount_setattr");
}

struct ns_try {
	unsigned long flag;
	bool root;
};

static int probe_ns(void *arg)
{
	const struct ns_try *t = arg;

	if (t->flag == CLONE_NEWUSER || !t->root)
		return nk_doctor_enter(t->flag == CLONE_NEWUSER ? 0 : t->flag);
	return unshare((int)t->flag) ? errno : 0;
}

/* What `nook run` of an ordinary user begins with: a user namespace in which mounting works. */
static int probe_ordinary(void *arg)
{
	const struct ns_try *t = arg;

	if (t->root) {
		if (setgroups(0, NULL) || syscall(SYS_setresgid, 65534, 65534, 65534) ||
		    syscall(SYS_setresuid, 65534, 65534, 65534))
			return errno;
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* else our own /proc files are root's */
	}
	int err = nk_doctor_enter(CLONE_NEWNS);
	if (err)
		return err;
	return mount("nook", "/", "tmpfs", 0, "size=4k") ? errno : 0;
}

static void ordinary(struct nk_doctor *d)
{
	struct ns_try t = {.root = d->facts->euid == 0 && d->facts->initial_userns};
	int err = nk_doctor_try(probe_ordinary, &t);
	bool root = nk_doctor_is_root(d);

	nk_doctor_add(d, "for ordinary users",
		      !err   ? NK_CHECK_OK
		      : root ? NK_CHECK_WARN
			     : NK_CHECK_MISSING,
		      nk_why_userns(err), "%s%s",
		      err ? "a user namespace with mounts of its own: "
			  : "may make user namespaces and mount in them",
		      err ? strerror(err) : "")
		->needed = !root;
}

static const char *ns_mend(const struct nk_doctor *d, enum nk_ns_kind k, int err)
{
	if (!d->facts->sys_admin || k == NK_NS_USER)
		return nk_why_userns(err);
	if (err == EINVAL)
		return "the kernel is built without it: use a distribution's kernel";
	if (err == ENOSPC)
		return nk_fmt(d->arena, "raise the sysctl user.max_%s_namespaces", nk_ns_name(k));
	return "the container or sandbox around this process forbids it: run the outer one with "
	       "--privileged";
}

void nk_doctor_namespaces(struct nk_doctor *d)
{
	static const char *const what[] = {
		[NK_NS_USER] = "users of its own",     [NK_NS_MOUNT] = "mounts of its own",
		[NK_NS_UTS] = "host name of its own",  [NK_NS_IPC] = "shared memory of its own",
		[NK_NS_PID] = "processes of its own",  [NK_NS_NET] = "links of its own",
		[NK_NS_CGROUP] = "cgroups of its own", [NK_NS_TIME] = "clocks of its own",
	};

	d->group = "namespaces";
	for (enum nk_ns_kind k = 0; k < NK_NS_COUNT; k++) {
		struct ns_try t = {nk_ns_clone_flag(k), nk_doctor_is_root(d)};
		int err = nk_doctor_try(probe_ns, &t);
		/* Time and cgroup namespaces are extras, the host's can be kept. */
		bool needed = k != NK_NS_TIME && k != NK_NS_CGROUP &&
			      (k != NK_NS_USER || !nk_doctor_is_root(d));
		nk_doctor_add(d, nk_ns_name(k),
			      !err     ? NK_CHECK_OK
			      : needed ? NK_CHECK_MISSING
				       : NK_CHECK_WARN,
			      ns_mend(d, k, err), "%s%s%s", what[k], err ? ": " : "",
			      err ? strerror(err) : "")
			->needed = needed;
	}
	ordinary(d);
}
