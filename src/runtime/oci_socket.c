/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors handed to callers, and the socket on which init waits for `start`. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/oci.h"
#include "runtime/oci_listener.h"

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

static int connect_to(const char *path, int type)
{
	_close_ int dir = -EBADF;
	struct sockaddr_un sa;
	int ret = address(&sa, path, &dir);

	if (ret < 0)
		return ret;

	_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return nk_take_fd(&fd);
}

static int send_with_fd(int sock, const char *text, int fd)
{
	struct iovec iov = {.iov_base = (void *)text, .iov_len = strlen(text)};
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {{0}};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};

	control.h.cmsg_level = SOL_SOCKET;
	control.h.cmsg_type = SCM_RIGHTS;
	control.h.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));

	ssize_t n = sendmsg(sock, &msg, MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	/* A stream may take less than all; the descriptor went with the first byte. */
	for (size_t at = (size_t)n; at < iov.iov_len; at += (size_t)n) {
		n = send(sock, text + at, iov.iov_len - at, MSG_NOSIGNAL);
		if (n < 0)
			return -errno;
	}
	return 0;
}

int nk_oci_send_fd(const char *socket_path, const char *text, int fd, struct nk_err *e)
{
	_close_ int sock = connect_to(socket_path, SOCK_STREAM);
	int ret = sock < 0 ? sock : send_with_fd(sock, text, fd);

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

	int fd = connect_to(path, SOCK_SEQPACKET);

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
