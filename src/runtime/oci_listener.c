/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/json_out.h"

/* An agent that does not read must not keep a start, and its cgroup, for ever. */
enum { PATIENCE_S = 10 };

static int agent_failed(const char *path, int err, struct nk_err *e)
{
	nk_fail(e, err, "failed to connect with seccomp agent specified in the seccomp profile: %s",
		path);
	return nk_hint(e, "listenerPath names a socket on which somebody listens who answers the "
			  "calls of the profile");
}

/* sun_path is short: a longer one goes through its directory's descriptor. */
static int connect_agent(const char *path, struct nk_err *e)
{
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), place = -EBADF;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};

	if (fd < 0)
		return nk_fail(e, errno, "make a socket");
	if (strlen(path) < sizeof(to.sun_path)) {
		strcpy(to.sun_path, path);
	} else {
		place = open(path, O_PATH | O_CLOEXEC);
		if (place < 0)
			return agent_failed(path, errno, e);
		snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d", place);
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return agent_failed(path, errno, e);
	return nk_take_fd(&fd);
}

/* The specification's "The Container Process State" (config-linux.md). */
static void describe(struct nk_json_out *j, const struct nk_config *c, const char *state, pid_t pid)
{
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "ociVersion", c->version);
	nk_json_open(j, "fds", '[');
	nk_json_str(j, NULL, "seccompFd");
	nk_json_close(j);
	nk_json_int(j, "pid", pid);
	if (c->seccomp.listener_metadata)
		nk_json_str(j, "metadata", c->seccomp.listener_metadata);
	nk_json_raw(j, "state", state);
	nk_json_close(j);
}

/* The descriptor goes with the first bytes, once. */
static int send_all(int to, const char *text, size_t n, int fd, const char *path, struct nk_err *e)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.h = {.cmsg_level = SOL_SOCKET,
			   .cmsg_type = SCM_RIGHTS,
			   .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)text, .iov_len = n};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control.space)};

	memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
	while (iov.iov_len) {
		ssize_t sent = sendmsg(to, &m, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return nk_fail(e, errno, "send the seccomp descriptor to %s", path);
		iov.iov_base = (char *)iov.iov_base + sent;
		iov.iov_len -= (size_t)sent;
		m.msg_control = NULL;
		m.msg_controllen = 0;
	}
	return 0;
}

int nk_oci_listener_send(const struct nk_config *c, const char *state, pid_t pid, int fd,
			 struct nk_err *e)
{
	const char *path = c->seccomp.listener_path;
	_json_ struct nk_json_out j = {0};

	_close_ int agent = connect_agent(path, e);
	if (agent < 0)
		return agent;
	describe(&j, c, state, pid);
	if (j.failed)
		return nk_fail(e, ENOMEM, "describe the process to the seccomp agent");
	return send_all(agent, j.buf, j.n, fd, path, e);
}
