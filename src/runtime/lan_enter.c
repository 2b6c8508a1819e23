/* SPDX-License-Identifier: Apache-2.0 */
/* nook's side of lan.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/lan.h"

void nk_lan_done(struct nk_lan *l)
{
	nk_cleanup_close(&l->fd);
	nk_cleanup_close(&l->space);
	*l = (struct nk_lan)NK_LAN_INIT;
}

/* STATE/net, ours alone. */
static int open_dir(const char *state, const char *net, bool make, struct nk_err *e)
{
	if (make &&
	    ((mkdir(state, 0700) && errno != EEXIST) || (mkdir(net, 0700) && errno != EEXIST)))
		return nk_fail(e, errno, "make %s", net);
	int fd = open(net, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return make || errno != ENOENT ? nk_fail(e, errno, "open %s", net) : -ENOENT;
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 022))
		return fd;
	close(fd);
	nk_fail(e, 0, "%s is not a directory that only you can write", net);
	return nk_hint(e, "remove it, or name another with --state DIR or NOOK_STATE");
}

static int dial(int dir_fd)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d/holder.sock", dir_fd);
	if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0)
		return -errno;
	return nk_take_fd(&fd);
}

static int hear(struct nk_lan *l, struct nk_err *e)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec io = {&l->hello, sizeof(l->hello)};
	struct msghdr m = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n;

	while ((n = recvmsg(l->fd, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&l->space, CMSG_DATA(c), sizeof(int));
	if (n == (ssize_t)sizeof(l->hello) && l->space >= 0)
		return 0;
	nk_fail(e, n < 0 ? errno : 0, "the holder of your networks does not answer");
	return nk_hint(e, "was it started by another version of nook? end its containers first");
}

int nk_lan_connect(struct nk_arena *a, const char *state, bool make, struct nk_lan *l,
		   struct nk_err *e)
{
	const char *net = nk_fmt(a, "%s/net", state);
	_close_ int dir = open_dir(state, net, make, e);

	if (dir < 0)
		return dir == -ENOENT && !make ? 1 : dir;
	_close_ int lock =
		openat(dir, "holder.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int ret;
	if (lock < 0)
		return nk_fail(e, errno, "open %s/holder.lock", net);
	while ((ret = flock(lock, LOCK_EX)) < 0 && errno == EINTR)
		;
	if (ret < 0)
		return nk_fail(e, errno, "lock %s/holder.lock", net);
	l->fd = dial(dir);
	if ((l->fd == -ENOENT || l->fd == -ECONNREFUSED) && !make)
		return 1;
	if (l->fd == -ENOENT || l->fd == -ECONNREFUSED) {
		if ((ret = nk_lan_keeper_start(net, dir, e)) < 0)
			return ret;
		l->fd = dial(dir);
	}
	if (l->fd < 0)
		return nk_fail(e, -l->fd, "connect to the holder of your networks");
	return hear(l, e);
}

int nk_lan_join(const struct nk_lan *l, struct nk_err *e)
{
	if (syscall(SYS_setns, l->space, CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		nk_fail(e, errno, "join the namespaces of your networks (process %d)",
			(int)l->hello.space);
		return nk_hint(e, "it has ended, or belongs to another user: try again");
	}
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return nk_fail(e, errno, "become root of your networks' holder");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return nk_fail(e, errno, "mounts of its own");
	return 0;
}
