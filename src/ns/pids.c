/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/pids.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "ns/userns.h"

/* ioctl_nsfs(2), Linux 6.11: the number in our PID namespace of a number in that one. */
#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS _IOR(NSIO, 0x6, int)
#endif

/* Steps up from ns_fd; the namespace there, to be closed, or -1. */
static int above(int ns_fd, unsigned steps)
{
	int at = fcntl(ns_fd, F_DUPFD_CLOEXEC, 3);

	while (at >= 0 && steps--) {
		int up = ioctl(at, NS_GET_PARENT);
		close(at);
		at = up;
	}
	return at;
}

static uint64_t our_inode(void)
{
	_close_ int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

	return nk_ns_inode(own);
}

/* How many levels ns_fd lies below our own namespace; -EXDEV when it does not. */
static int depth(int ns_fd)
{
	uint64_t ours = our_inode();
	_close_ int at = above(ns_fd, 0);

	for (int steps = 0; at >= 0 && steps < NK_NSPID_LEVELS; steps++) {
		if (nk_ns_inode(at) == ours)
			return steps;
		int up = ioctl(at, NS_GET_PARENT);
		close(at);
		at = up;
	}
	return -EXDEV;
}

/* Is the process' namespace, or the one so many steps above it, this one? */
static int is_in(pid_t pid, unsigned steps, uint64_t inode)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	_close_ int own = open(path, O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return -errno;
	_close_ int at = above(own, steps);
	return nk_ns_inode(at) == inode;
}

pid_t nk_ns_pid_scan(int ns_fd, pid_t number)
{
	_closedir_ DIR *dir = opendir("/proc");
	uint64_t inode = nk_ns_inode(ns_fd);
	int level = depth(ns_fd);
	pid_t hidden = 0;
	struct dirent *d;

	if (level < 0 || !dir)
		return level < 0 ? level : -errno;
	while ((d = readdir(dir))) {
		struct nk_ns_status st;
		struct nk_err ignored;
		uint32_t pid;
		/* One that ends while we look is no fault. */
		if (!nk_text_u32(d->d_name, strlen(d->d_name), &pid) ||
		    nk_ns_status_read(&st, (pid_t)pid, &ignored) < 0)
			continue;
		if (st.levels <= (unsigned)level || st.nspid[level] != number)
			continue;
		int found = is_in((pid_t)pid, st.levels - 1 - (unsigned)level, inode);
		if (found > 0)
			return (pid_t)pid;
		if (found == -EACCES || found == -EPERM)
			hidden = (pid_t)pid;
	}
	return hidden ? -EACCES : -ESRCH;
}

pid_t nk_ns_pid_from(int ns_fd, pid_t number)
{
	int level = depth(ns_fd), found;

	if (level < 0)
		return level;
	found = ioctl(ns_fd, NS_GET_PID_FROM_PIDNS, number);
	if (found > 0)
		return found;
	return errno == ESRCH ? -ESRCH : nk_ns_pid_scan(ns_fd, number);
}

static void init_of(struct nk_arena *a, int ns_fd, struct nk_ns_pid_level *l)
{
	pid_t init = nk_ns_pid_from(ns_fd, 1);
	char path[48];

	l->init_command = "";
	if (init <= 0)
		return;
	l->init = init;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)init);
	_free_ char *text = nk_text_read(path, 4096);
	if (text)
		l->init_command = nk_strndup(a, text, strcspn(text, "\n"));
}

int nk_ns_pid_chain(struct nk_arena *a, const struct nk_ns_subject *s, struct nk_ns_pid_chain *out,
		    struct nk_err *e)
{
	const struct nk_ns_status *st = &s->status;
	unsigned levels = st->levels ? st->levels : 1;

	*out = (struct nk_ns_pid_chain){.whole = true};
	for (unsigned i = 0; i < levels; i++) {
		struct nk_ns_pid_level *l = NK_PUSH(a, out);
		if (!l)
			break;
		_close_ int ns =
			s->fd[NK_NS_PID] < 0 ? -EBADF : above(s->fd[NK_NS_PID], levels - 1 - i);
		/* The first level is that of our /proc, whoever may look at the others. */
		_close_ int own =
			ns < 0 && !i ? open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC) : -EBADF;
		int fd = ns >= 0 ? ns : own;
		l->number = st->levels ? st->nspid[i] : s->pid;
		l->inode = nk_ns_inode(fd);
		l->init_command = "";
		if (fd >= 0)
			init_of(a, fd, l);
		else
			out->whole = false;
	}
	return nk_arena_ok(a, e);
}
