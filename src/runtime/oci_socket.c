/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors handed to callers, and the socket on which init waits for `start`. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/oci.h"
#include "runtime/oci_listener.h"

/* Who does not accept, or does not read, must not keep a start, and its cgroup, for ever. */
enum { PATIENCE_S = 10 };

/* A path longer than sun_path goes by the descriptor of its directory. */
static int address(struct sockaddr_un *sa, const char *path, int *dir)
{
	const char *slash = strrchr(path, '/');

	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	*dir = -EBADF;
	if (strlen(path) < sizeof(sa->sun_path)) {
		strcpy(sa->sun_path, path);
		return 0;
	}
	if (!slash)
		return -ENAMETOOLONG;

	char parent[4096];
	if (snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path) >=
	    (int)sizeof(parent))
		return -ENAMETOOLONG;
	*dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return -errno;
	return snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *dir,
			slash + 1) < (int)sizeof(sa->sun_path)
		       ? 0
		       : -ENAMETOOLONG;
}

int nk_oci_connect(const char *path, int type)
{
	/* Of connect, too: where others wait to be accepted, it waits behind them. */
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	_close_ int dir = -EBADF;
	struct sockaddr_un sa;
	int ret = address(&sa, path, &dir);

	if (ret < 0)
		return ret;

	_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		if (errno != EINTR)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return nk_take_fd(&fd);
}

int nk_oci_send(int sock, const char *text, size_t n, int fd)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)text, .iov_len = n};
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.h = {.cmsg_level = SOL_SOCKET,
			   .cmsg_type = SCM_RIGHTS,
			   .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control.space)};

	memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
	while (iov.iov_len) {
		ssize_t sent = sendmsg(sock, &m, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		/* A stream may take less than all; the descriptor went with the first byte. */
		iov.iov_base = (char *)iov.iov_base + sent;
		iov.iov_len -= (size_t)sent;
		m.msg_control = NULL;
		m.msg_controllen = 0;
	}
	return 0;
}

int nk_oci_send_fd(const char *socket_path, const char *text, int fd, struct nk_err *e)
{
	_close_ int sock = nk_oci_connect(socket_path, SOCK_STREAM);
	int ret = sock < 0 ? sock : nk_oci_send(sock, text, strlen(text), fd);

	return ret < 0 ? nk_fail(e, -ret, "send %s to %s", text, socket_path) : 0;
}

int nk_oci_start_listen(struct nk_oci_dir *d, struct nk_err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/start", d->fd);
	/* bind gives the file this mode, whatever umask the caller has: who may connect may start.
	 */
	if (fd < 0 || fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, 1) < 0)
		return nk_fail(e, errno, "a socket to start container %s", d->id);
	return nk_take_fd(&fd);
}

int nk_oci_start_connect(struct nk_oci_dir *d, struct nk_err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/start", d->fd);

	int fd = nk_oci_connect(path, SOCK_SEQPACKET);

	return fd < 0 ? nk_fail(e, -fd, "reach the first process of container %s", d->id) : fd;
}

int nk_oci_tell_agent(const struct nk_config *c, const struct nk_oci_record *r,
		      enum nk_oci_status status, pid_t pid, int fd, struct nk_err *e)
{
	_json_ struct nk_json_out state = {0};

	nk_oci_state_json(&state, r, status, false);
	if (state.failed)
		return nk_fail(e, ENOMEM, "tell the agent of seccomp");
	return nk_oci_listener_send(c, state.buf, pid, fd, e);
}
