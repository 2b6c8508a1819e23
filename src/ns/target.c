/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Of <linux/nsfs.h>, which clashes with older glibc headers. */
#define NK_NS_GET_NSTYPE _IO(0xb7, 3)

const char *nk_ns_kinds_words(struct nk_arena *a, unsigned kinds)
{
	const char *text = "";

	for (int k = 0; k < NK_NS_COUNT; k++)
		if (kinds >> k & 1)
			text = nk_fmt(a, "%s%s%s", text, *text ? ", " : "",
				      nk_ns_name((enum nk_ns_kind)k));
	return text;
}

void nk_ns_target_done(struct nk_ns_target *t)
{
	nk_cleanup_close(&t->pidfd);
	t->pidfd = -EBADF;
}

bool nk_ns_target_lives(const struct nk_ns_target *t)
{
	struct pollfd p = {.fd = t->pidfd, .events = POLLIN};

	return !t->pid || poll(&p, 1, 0) == 0;
}

int nk_ns_target_ended(const struct nk_ns_target *t, struct nk_err *e)
{
	nk_fail(e, 0, "%s has ended", t->what);
	if (t->from == NK_TARGET_CONTAINER)
		nk_hint(e, "nook ps lists the containers that run");
	else
		nk_hint(e, "nook ns ls shows which namespaces live, and who is in them");
	e->err = ESRCH;
	return -ESRCH;
}

bool nk_ns_target_is(const struct nk_ns_target *t, enum nk_ns_kind k, uint64_t inode)
{
	struct stat st;

	return t->kinds >> k & 1 && stat(t->paths[k], &st) == 0 && st.st_ino == inode;
}

/* "process 4711 (sleep)". The name is the process' own choice: control bytes do not pass. */
static const char *process_words(struct nk_arena *a, pid_t pid)
{
	char path[32], comm[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);

	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, comm, sizeof(comm) - 1);

	while (n > 0 && comm[n - 1] == '\n')
		n--;
	if (n <= 0)
		return nk_fmt(a, "process %d", (int)pid);
	comm[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (comm[i] < ' ' || comm[i] == 0x7f)
			comm[i] = '?';
	return nk_fmt(a, "process %d (%s)", (int)pid, comm);
}

int nk_ns_target_pidfd(struct nk_ns_target *t, struct nk_arena *a, pid_t pid, int pidfd,
		       struct nk_err *e)
{
	*t = (struct nk_ns_target){.from = NK_TARGET_PROCESS, .pid = pid, .pidfd = pidfd};
	t->what = process_words(a, pid);
	for (int k = 0; k < NK_NS_COUNT; k++) {
		struct stat st;
		char *path = nk_fmt(a, "/proc/%d/ns/%s", (int)pid, nk_ns_name((enum nk_ns_kind)k));

		/* The link itself may be seen by all, what it leads to only with rights. */
		if (lstat(path, &st) < 0)
			continue;
		t->paths[k] = path;
		t->kinds |= 1u << k;
	}
	if (!nk_ns_target_lives(t))
		return nk_ns_target_ended(t, e);
	if (!t->kinds) {
		nk_fail(e, 0, "%s is not in the /proc that is mounted here", t->what);
		return nk_hint(e, "/proc has to be that of this PID namespace");
	}
	return nk_arena_ok(a, e);
}

static bool is_there(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return access(path, F_OK) == 0;
}

int nk_ns_target_pid(struct nk_ns_target *t, struct nk_arena *a, pid_t pid, struct nk_err *e)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	int err = errno;

	if (fd >= 0)
		return nk_ns_target_pidfd(t, a, pid, fd, e);
	*t = (struct nk_ns_target)NK_NS_TARGET_INIT;
	/*
	 * A number that is a thread's: EINVAL, from Linux 6.15 on ENOENT. Before, EINVAL may also
	 * mean that the process has gone and its number is still that of a group or a session of
	 * others. A thread is in /proc, though it is not listed.
	 */
	if ((err == EINVAL || err == ENOENT) && is_there(pid)) {
		nk_fail(e, 0, "%d is a thread of a process, not a process", (int)pid);
		return nk_hint(e, "its process: grep Tgid /proc/%d/status", (int)pid);
	}
	if (err != ESRCH && err != EINVAL && err != ENOENT)
		return nk_fail(e, err, "open process %d", (int)pid);
	nk_fail(e, 0, "there is no process %d", (int)pid);
	nk_hint(e, "nook ns ls shows which namespaces live, and who is in them");
	e->err = ESRCH;
	return -ESRCH;
}

int nk_ns_kind_of(int fd)
{
	struct statfs fs;
	int flag;

	/* The same number may mean anything to another file's driver: only nsfs is asked. */
	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return -EINVAL;
	flag = ioctl(fd, NK_NS_GET_NSTYPE);
	for (int k = 0; flag > 0 && k < NK_NS_COUNT; k++)
		if ((uint64_t)flag == nk_ns_clone_flag((enum nk_ns_kind)k))
			return k;
	return -EINVAL;
}

int nk_ns_target_file(struct nk_ns_target *t, struct nk_arena *a, const char *path,
		      struct nk_err *e)
{
	*t = (struct nk_ns_target){
		.from = NK_TARGET_FILE, .pidfd = -EBADF, .what = nk_strdup(a, path)};

	/* A look first: opening a device or a FIFO could have effects of its own. */
	_close_ int look = open(path, O_PATH | O_CLOEXEC);
	struct statfs fs;

	if (look < 0) {
		int err = errno;

		nk_fail(e, err, "%.200s", path);
		return nk_hint(e, err == EACCES || err == EPERM
					  ? "only root and the owner of a process may use its "
					    "namespaces"
					  : "a file that is a namespace: /proc/PID/ns/net, "
					    "/run/netns/NAME");
	}

	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", look);

	bool nsfs = fstatfs(look, &fs) == 0 && fs.f_type == NSFS_MAGIC;
	_close_ int fd = nsfs ? open(self, O_RDONLY | O_CLOEXEC) : -EBADF;
	int kind = nsfs && fd >= 0 ? nk_ns_kind_of(fd) : -EINVAL;

	if (kind < 0) {
		nk_fail(e, 0, "%.200s is not a namespace", path);
		return nk_hint(e, "namespaces are files as /proc/PID/ns/net and /run/netns/NAME; "
				  "nook ns hold makes them");
	}
	t->paths[kind] = t->what;
	t->kinds = 1u << kind;
	return nk_arena_ok(a, e);
}

/* 1: another one than ours, 0: the same, or -errno. */
static int differs(enum nk_ns_kind k, const char *path)
{
	struct stat own, its;
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/ns/%s", nk_ns_name(k));
	if (stat(path, &its) < 0)
		return -errno;
	if (stat(self, &own) < 0)
		return -errno;
	return own.st_dev != its.st_dev || own.st_ino != its.st_ino;
}

int nk_ns_target_differing(const struct nk_ns_target *t, unsigned *kinds, struct nk_err *e)
{
	*kinds = 0;
	for (int k = 0; k < NK_NS_COUNT; k++) {
		if (!(t->kinds >> k & 1))
			continue;

		int rc = differs((enum nk_ns_kind)k, t->paths[k]);

		/* A process that is going loses its namespaces before its pidfd says so. */
		if (t->pid && (rc == -ENOENT || rc == -ESRCH))
			return nk_ns_target_ended(t, e);
		if (rc < 0) {
			nk_fail(e, -rc, "look at the namespaces of %s", t->what);
			return nk_hint(e, "that needs the process' own user, or root");
		}
		if (rc)
			*kinds |= 1u << k;
	}
	return nk_ns_target_lives(t) ? 0 : nk_ns_target_ended(t, e);
}
