/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/visit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "ns/visitor.h"

/* Nothing that a visit reads takes long; who waits for it is a person. */
enum { TIMEOUT_MS = 5000 };

static const enum nk_ns_kind kinds[NK_VISIT_COUNT] = {
	[NK_VISIT_UTS] = NK_NS_UTS,	  [NK_VISIT_LINKS] = NK_NS_NET,
	[NK_VISIT_ADDRESSES] = NK_NS_NET, [NK_VISIT_ROUTES] = NK_NS_NET,
	[NK_VISIT_LOW_PORT] = NK_NS_NET,  [NK_VISIT_TCP] = NK_NS_NET,
	[NK_VISIT_TCP6] = NK_NS_NET,	  [NK_VISIT_UDP] = NK_NS_NET,
	[NK_VISIT_UDP6] = NK_NS_NET,	  [NK_VISIT_UNIX] = NK_NS_NET,
	[NK_VISIT_MSG] = NK_NS_IPC,	  [NK_VISIT_SEM] = NK_NS_IPC,
	[NK_VISIT_SHM] = NK_NS_IPC,	  [NK_VISIT_MQUEUE] = NK_NS_IPC,
	[NK_VISIT_CGROUP] = NK_NS_CGROUP, [NK_VISIT_UID_MAP] = NK_NS_USER,
	[NK_VISIT_GID_MAP] = NK_NS_USER,  [NK_VISIT_SETGROUPS] = NK_NS_USER,
	[NK_VISIT_OFFSETS] = NK_NS_TIME,  [NK_VISIT_MOUNTS] = NK_NS_MOUNT,
};

enum nk_ns_kind nk_visit_kind(enum nk_visit_part p)
{
	return kinds[p];
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* All of n bytes before the deadline: 0, or an errno (EPIPE: the child has ended). */
static int take(int fd, void *to, size_t n, int64_t deadline)
{
	char *at = to;

	while (n) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - now_ms();
		if (left <= 0)
			return ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return errno;
		if (!p.revents)
			continue;
		ssize_t got = read(fd, at, n);
		if (got < 0 && errno != EINTR)
			return errno;
		if (!got)
			return EPIPE;
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
	return 0;
}

/* Answers are a part or, from nk_visit_try(), a kind: never more than limit. */
static int take_answer(struct nk_arena *a, int fd, int64_t deadline, uint32_t limit,
		       struct nk_visit_head *head, char **data)
{
	int err = take(fd, head, sizeof(*head), deadline);

	*data = NULL;
	if (err)
		return err;
	if (head->part >= limit || head->n > NK_VISIT_MAX)
		return EBADMSG;
	if (!head->n)
		return 0;
	*data = nk_alloc(a, head->n + 1);
	return *data ? take(fd, *data, head->n, deadline) : ENOMEM;
}

/* A child that is no longer needed goes, whatever it is doing. */
static void end(pid_t child)
{
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static void prepare(struct nk_visitor *v, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Once it has joined a user namespace, root of that one must not trace it. */
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_DFL);
	if (getppid() != parent)
		_exit(1);
	v->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* A child with the writing end of a pipe: 0 in it, its pid in the parent. */
static pid_t start(struct nk_visitor *v, int *in, struct nk_err *e)
{
	pid_t parent = getpid(), child;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return nk_fail(e, errno, "make a pipe");
	child = fork();
	if (child < 0) {
		int err = errno;
		close(ends[0]);
		close(ends[1]);
		return nk_fail(e, err, "start a process to look inside");
	}
	if (!child) {
		close(ends[0]);
		v->out = ends[1];
		prepare(v, parent);
		return 0;
	}
	close(ends[1]);
	*in = ends[0];
	return child;
}

int nk_visit(struct nk_arena *a, const struct nk_ns_subject *s, unsigned wanted,
	     struct nk_visit *out, struct nk_err *e)
{
	struct nk_visitor v = {.s = s, .proc = -EBADF};
	int64_t deadline = now_ms() + TIMEOUT_MS;
	struct nk_visit_head head;
	_close_ int in = -EBADF;
	unsigned join = 0;
	int err;
	char *data;

	for (int p = 0; p < NK_VISIT_COUNT; p++) {
		out->part[p] = (struct nk_visit_result){.err = ENODATA};
		if (wanted >> p & 1)
			join |= 1u << kinds[p];
	}
	if (!wanted)
		return 0;
	pid_t child = start(&v, &in, e);
	if (child < 0)
		return child;
	if (!child) {
		nk_visitor_join(&v, join, true);
		nk_visitor_read(&v, wanted);
		_exit(0);
	}
	while (!(err = take_answer(a, in, deadline, NK_VISIT_COUNT, &head, &data)))
		out->part[head.part] = (struct nk_visit_result){head.err, data ? data : "", head.n};
	end(child);
	for (int p = 0; p < NK_VISIT_COUNT; p++)
		if (wanted >> p & 1 && out->part[p].err == ENODATA)
			out->part[p].err = err == EPIPE ? EIO : err;
	return 0;
}

int nk_visit_try(const struct nk_ns_subject *s, unsigned wanted, bool with_user,
		 int result[NK_NS_COUNT], struct nk_err *e)
{
	struct nk_visitor v = {.s = s, .proc = -EBADF};
	_arena_ struct nk_arena a = {0};
	struct nk_visit_head head;
	_close_ int in = -EBADF;
	char *data;

	for (int k = 0; k < NK_NS_COUNT; k++)
		result[k] = EIO;
	pid_t child = start(&v, &in, e);
	if (child < 0)
		return child;
	if (!child) {
		nk_visitor_join(&v, wanted, with_user);
		for (uint32_t k = 0; k < NK_NS_COUNT; k++) {
			head = (struct nk_visit_head){k, v.joined[k], 0};
			if (write(v.out, &head, sizeof(head)) != (ssize_t)sizeof(head))
				_exit(1);
		}
		_exit(0);
	}
	while (!take_answer(&a, in, now_ms() + TIMEOUT_MS, NK_NS_COUNT, &head, &data))
		result[head.part] = head.err;
	end(child);
	return 0;
}
