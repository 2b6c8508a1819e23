/* SPDX-License-Identifier: Apache-2.0 */
#include "net/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"

void nk_inside_done(struct nk_inside *in)
{
	nk_cleanup_close(&in->net_fd);
	nk_cleanup_close(&in->user_fd);
}

/* The same namespace as ours: the descriptor is not needed. */
static bool is_own(int fd, const char *own)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(own, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int nk_inside_of(int pid, struct nk_inside *in, struct nk_err *e)
{
	char path[64];

	*in = NK_INSIDE_NONE;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	in->net_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (in->net_fd < 0)
		return nk_fail(e, errno, "the network namespace of process %d", pid);
	/* Not the process' users: they need not be the ones that the network belongs to. */
	in->user_fd = ioctl(in->net_fd, NS_GET_USERNS);
	if (in->user_fd >= 0)
		fcntl(in->user_fd, F_SETFD, FD_CLOEXEC);
	if (in->user_fd >= 0 && is_own(in->user_fd, "/proc/self/ns/user")) {
		close(in->user_fd);
		in->user_fd = -EBADF;
	}
	return 0;
}

static int bind_it(int fd, const struct nk_inside_socket *s)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(s->port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(s->port)};

	memcpy(&six.sin6_addr, s->bind.a, 16);
	memcpy(&four.sin_addr, s->bind.a, 4);
	if (s->bind.family == AF_INET ? bind(fd, (struct sockaddr *)&four, sizeof(four)) < 0
				      : bind(fd, (struct sockaddr *)&six, sizeof(six)) < 0)
		return -errno;
	return s->listen && listen(fd, 64) < 0 ? -errno : 0;
}

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		nk_cleanup_close(&fds[i]);
		fds[i] = -EBADF;
	}
}

/* In this process' network namespace. */
static int open_all(const struct nk_inside_socket *want, size_t n, int *fds)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		fds[i] = -EBADF;
	for (size_t i = 0; i < n && rc >= 0; i++) {
		fds[i] = socket(want[i].family, want[i].type | SOCK_CLOEXEC, want[i].protocol);
		if (fds[i] >= 0 && want[i].bind.family == AF_INET)
			setsockopt(fds[i], SOL_IP, IP_FREEBIND, &(int){1}, sizeof(int));
		rc = fds[i] < 0 ? -errno : want[i].bind.family ? bind_it(fds[i], &want[i]) : 0;
	}
	if (rc < 0)
		close_all(fds, n);
	return rc;
}

/* Into the namespace, or (in NULL) into a new one. */
static int leave(const struct nk_inside *in)
{
	return in ? setns(in->net_fd, CLONE_NEWNET) : unshare(CLONE_NEWNET);
}

/* There, and back again. */
static int visit(const struct nk_inside *in, const struct nk_inside_socket *want, size_t n,
		 int *fds)
{
	_close_ int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int rc;

	if (home < 0)
		return -errno;
	if (leave(in) < 0)
		return -errno;
	rc = open_all(want, n, fds);
	if (setns(home, CLONE_NEWNET) < 0) {
		if (rc >= 0)
			close_all(fds, n);
		return -errno;
	}
	return rc;
}

/* One message: the error, and with 0 the descriptors. */
union control {
	struct cmsghdr h;
	char space[CMSG_SPACE(sizeof(int) * NK_INSIDE_MAX)];
};

static void send_all(int sock, int rc, const int *fds, size_t n)
{
	union control control = {0};
	struct iovec iov = {&rc, sizeof(rc)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (rc >= 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(&control.h), fds, sizeof(int) * n);
	}
	sendmsg(sock, &m, MSG_NOSIGNAL);
}

static int receive_all(int sock, int *fds, size_t n)
{
	union control control = {0};
	int rc = -ECHILD;
	struct iovec iov = {&rc, sizeof(rc)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t got;

	do
		got = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got != sizeof(rc))
		return got < 0 ? -errno : -ECHILD;
	if (rc < 0)
		return rc;
	if (control.h.cmsg_len != CMSG_LEN(sizeof(int) * n))
		return -EPROTO;
	memcpy(fds, CMSG_DATA(&control.h), sizeof(int) * n);
	return 0;
}

/* Who joins other users cannot come back. */
static int send_child(const struct nk_inside *in, const struct nk_inside_socket *want, size_t n,
		      int *fds)
{
	int pair[2], rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		rc = (in ? setns(in->user_fd, CLONE_NEWUSER) : unshare(CLONE_NEWUSER)) < 0 ||
				     leave(in) < 0
			     ? -errno
			     : open_all(want, n, fds);
		send_all(pair[1], rc, fds, n);
		_exit(0);
	}
	rc = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (rc == 0)
		rc = receive_all(pair[0], fds, n);
	close(pair[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return rc;
}

int nk_inside_new(const struct nk_inside_socket *want, size_t n, int *fds, struct nk_err *e)
{
	int rc = n > NK_INSIDE_MAX ? -E2BIG : visit(NULL, want, n, fds);

	if (rc == -EPERM)
		rc = send_child(NULL, want, n, fds);
	return rc < 0 ? nk_fail(e, -rc, "sockets in a new network namespace") : 0;
}

int nk_inside_sockets(const struct nk_inside *in, const struct nk_inside_socket *want, size_t n,
		      int *fds, struct nk_err *e)
{
	int rc = n > NK_INSIDE_MAX ? -E2BIG : visit(in, want, n, fds);

	if (rc == -EPERM && in->user_fd >= 0)
		rc = send_child(in, want, n, fds);
	if (rc >= 0)
		return 0;
	nk_fail(e, -rc, "sockets in the other network namespace");
	return rc == -EPERM ? nk_hint(e, "run nook as root, or as who runs the container") : rc;
}
