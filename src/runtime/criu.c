/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/text.h"

/* Fields of criu_req and criu_resp. */
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3 };
enum { RESP_TYPE = 1, RESP_SUCCESS = 2, RESP_RESTORE = 4, RESP_NOTIFY = 5, RESP_ERRNO = 7 };
enum { RESP_ERRMSG = 9, RESTORE_PID = 1, NOTIFY_SCRIPT = 1, NOTIFY_PID = 2 };
enum { MESSAGE_MAX = 65536 };

static void copy(char *to, size_t size, const struct nk_pb_field *f)
{
	size_t n = f->n < size - 1 ? f->n : size - 1;

	memcpy(to, f->bytes, n);
	to[n] = '\0';
	to[strcspn(to, "\n")] = '\0';
}

static bool read_inner(const struct nk_pb_field *outer, unsigned pid_field,
		       struct nk_criu_answer *r)
{
	struct nk_pb_in in = {outer->bytes, outer->n, false};
	struct nk_pb_field f;

	while (nk_pb_next(&in, &f)) {
		if (f.number == pid_field && !f.is_bytes)
			r->pid = (int)f.value;
		else if (f.number == NOTIFY_SCRIPT && f.is_bytes)
			copy(r->script, sizeof(r->script), &f);
	}
	return !in.bad;
}

int nk_criu_read(const uint8_t *data, size_t n, struct nk_criu_answer *r)
{
	struct nk_pb_in in = {data, n, false};
	struct nk_pb_field f;
	bool good = true;

	*r = (struct nk_criu_answer){.type = -1};
	while (good && nk_pb_next(&in, &f)) {
		if (f.number == RESP_TYPE && !f.is_bytes)
			r->type = (int)f.value;
		else if (f.number == RESP_SUCCESS && !f.is_bytes)
			r->success = f.value != 0;
		else if (f.number == RESP_ERRNO && !f.is_bytes)
			r->err = (int)f.value;
		else if (f.number == RESP_ERRMSG && f.is_bytes)
			copy(r->message, sizeof(r->message), &f);
		else if (f.number == RESP_RESTORE && f.is_bytes)
			good = read_inner(&f, RESTORE_PID, r);
		else if (f.number == RESP_NOTIFY && f.is_bytes)
			good = read_inner(&f, NOTIFY_PID, r);
	}
	return !good || in.bad || r->type < 0 ? -EINVAL : 0;
}

/* Of what criu says at last, these tell only that something has failed before. */
static bool is_summary(const char *s, size_t n)
{
	static const char *const words[] = {"Dumping FAILED", "Restoring FAILED", "exited, status",
					    "killed by signal"};

	for (size_t i = 0; i < NK_COUNT(words); i++)
		if (memmem(s, n, words[i], strlen(words[i])))
			return true;
	return false;
}

/* The reason is the last error in the log. */
static void last_error(const char *path, struct nk_err *e)
{
	_free_ char *text = path ? nk_text_read(path, 64u << 20) : NULL;
	const char *cursor = text, *line, *last = NULL;
	size_t n, len = 0;

	while (text && (line = nk_text_line(&cursor, &n))) {
		const char *at = memmem(line, n, "Error (", 7);

		if (at && (!last || !is_summary(at, n - (size_t)(at - line)))) {
			last = at;
			len = n - (size_t)(at - line);
		}
	}
	if (last)
		nk_fail(e, 0, "criu failed: %.*s", (int)(len < 300 ? len : 300), last);
	if (path && *path)
		nk_hint(e, "criu's log file is %s", path);
}

static int send_message(int fd, const struct nk_pb *m, struct nk_err *e)
{
	if (send(fd, m->v, m->n, MSG_NOSIGNAL) == (ssize_t)m->n)
		return 0;
	return nk_fail(e, errno, "write to criu");
}

static int receive(int fd, struct nk_criu_answer *r, int *passed, struct nk_err *e)
{
	static uint8_t data[MESSAGE_MAX];
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec io = {data, sizeof(data)};
	struct msghdr m = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n;

	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return nk_fail(e, errno, "read from criu");
	if (n == 0)
		return nk_fail(e, 0, "criu has ended without an answer");
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	if (h && h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(h), sizeof(int));
	if (nk_criu_read(data, (size_t)n, r) < 0)
		return nk_fail(e, EPROTO, "criu's answer makes no sense");
	return 0;
}

/* Our word on a notification, on which criu waits. */
static int answer(struct nk_criu *c, int fd, const struct nk_criu_answer *r, int passed,
		  struct nk_err *e)
{
	struct nk_pb m = {.a = c->options.a};
	struct nk_err ignored;
	int ret = c->notify ? c->notify(c->arg, r, passed, e) : 0;

	nk_pb_number(&m, REQ_TYPE, NK_CRIU_NOTIFY);
	nk_pb_number(&m, REQ_NOTIFY_SUCCESS, ret == 0);
	int sent = send_message(fd, &m, ret == 0 ? e : &ignored);
	return ret < 0 ? ret : sent;
}

static int talk(struct nk_criu *c, int fd, pid_t *pid, struct nk_err *e)
{
	struct nk_pb request = {.a = c->options.a};

	nk_pb_number(&request, REQ_TYPE, c->type);
	nk_pb_message(&request, REQ_OPTS, &c->options);
	int ret = nk_arena_ok(request.a, e);
	if (ret == 0)
		ret = send_message(fd, &request, e);
	for (;;) {
		_close_ int passed = -EBADF;
		struct nk_criu_answer r;

		if (ret == 0)
			ret = receive(fd, &r, &passed, e);
		if (ret < 0)
			break;
		if (r.type == NK_CRIU_NOTIFY) {
			ret = answer(c, fd, &r, passed, e);
			if (ret < 0)
				return ret;
			continue;
		}
		*pid = r.pid;
		if (r.success)
			return 0;
		ret = nk_fail(e, r.err > 0 ? r.err : 0, "criu failed%s%s", *r.message ? ": " : "",
			      r.message);
		break;
	}
	last_error(c->log, e);
	return ret;
}

int nk_criu_call(struct nk_criu *c, pid_t *pid, struct nk_err *e)
{
	char number[16];
	char *argv[] = {(char *)c->program, (char *)"swrk", number, NULL};
	int pair[2], status = -1;
	pid_t criu;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return nk_fail(e, errno, "make a socket for criu");
	_close_ int ours = pair[0], theirs = pair[1];
	fcntl(theirs, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", theirs);
	int ret = posix_spawnp(&criu, c->program, NULL, NULL, argv, environ);
	if (ret == ENOENT) {
		nk_fail(e, ret, "checkpoint and restore need the program criu");
		return nk_hint(e, "apt-get install criu, or --criu FILE");
	}
	if (ret)
		return nk_fail(e, ret, "run %s", c->program);
	close(nk_take_fd(&theirs));
	ret = c->started ? c->started(c->arg, criu, e) : 0;
	if (ret == 0)
		ret = talk(c, ours, pid, e);
	close(nk_take_fd(&ours));
	while (waitpid(criu, &status, 0) < 0 && errno == EINTR)
		;
	return ret;
}
