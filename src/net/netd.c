/* SPDX-License-Identifier: Apache-2.0 */
#include "net/netd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "base/cleanup.h"

enum { PATIENCE_S = 5, TRIES = 150, TRY_MS = 20, FDS = 3 };

static bool locked(struct nk_net_store *s, const char *network, off_t byte)
{
	char path[NAME_MAX + 16];
	/* Only asked about, not taken: who looks must not be taken for one that runs. */
	struct flock it = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	snprintf(path, sizeof(path), "%.*s/netd.lock", NAME_MAX, network);
	_close_ int fd = openat(s->state_fd, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &it) == 0 && it.l_type != F_UNLCK;
}

int nk_netd_runs(struct nk_net_store *s, const char *network)
{
	return locked(s, network, NK_NETD_LIVES);
}

int nk_netd_answers(struct nk_net_store *s, const char *network)
{
	return locked(s, network, NK_NETD_ANSWERS);
}

/* Connected, or -errno. One that has just begun, or thinks of ending, has no socket for a moment.
 */
static int dial(struct nk_net_store *s, const char *network)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int err = ENOENT;

	for (int i = 0; i < TRIES; i++) {
		_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		_close_ int dir =
			openat(s->state_fd, network, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

		if (fd < 0)
			return -errno;
		if (dir < 0)
			return -errno;
		/* Through the descriptor: the path may be longer than such an address. */
		snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d/netd.sock", dir);
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
			return nk_take_fd(&fd);
		err = errno;
		if ((err != ENOENT && err != ECONNREFUSED) || nk_netd_runs(s, network) != 1)
			break;
		nanosleep(&(struct timespec){.tv_nsec = TRY_MS * 1000000L}, NULL);
	}
	return -err;
}

static int send_request(int fd, const char *request, const int *fds, int n_fds)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int) * FDS)];
	} control = {0};
	struct iovec io = {(void *)(uintptr_t)request, strlen(request)};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

	if (n_fds) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n_fds);
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n_fds);
		memcpy(CMSG_DATA(&control.h), fds, sizeof(int) * (size_t)n_fds);
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int nk_netd_ask(struct nk_net_store *s, const char *network, const char *request, const int *fds,
		int n_fds, struct nk_err *e)
{
	static const char refused[] = "error: ";
	char answer[600];

	if (n_fds < 0 || n_fds > FDS)
		return nk_fail(e, EINVAL, "nook-netd of network %s", network);

	_close_ int fd = dial(s, network);

	if (fd < 0)
		return nk_fail(e, -fd, "reach the nook-netd of network %s", network);

	int r = send_request(fd, request, fds, n_fds);
	ssize_t n = r < 0 ? r : recv(fd, answer, sizeof(answer) - 1, 0);

	if (n < 0) {
		int err = r < 0 ? -r : errno;
		return nk_fail(e, err == EAGAIN ? ETIMEDOUT : err,
			       "ask the nook-netd of network %s", network);
	}
	answer[n] = '\0';
	if (strcmp(answer, "ok") == 0)
		return 0;
	if (strncmp(answer, refused, sizeof(refused) - 1) != 0)
		return nk_fail(e, EPROTO, "the nook-netd of network %s has ended", network);
	return nk_fail(e, 0, "nook-netd of network %s: %s", network, answer + sizeof(refused) - 1);
}
