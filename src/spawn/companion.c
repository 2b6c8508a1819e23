/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NK_OP_COMPANION, _READY, _ASK: a program that works beside the container (pasta, slirp4netns).
 *
 * It is nook's child and gets SIGKILL when nook ends in whatever way (PR_SET_PDEATHSIG: it survives
 * execve, and joining a user namespace of our own). It has a session of its own: a ^C is for the
 * container.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "spawn/companion.h"
#include "spawn/driver.h"

enum { MAX_ARGS = 1024, LIMIT_S = 10, LOOK_MS = 100, SOCKET_TRIES = 200 };

static __attribute__((noreturn)) void become(const char *path, char *const argv[], int wanted,
					     int ready, int words, pid_t nook)
{
	static char *const env[] = {(char *)"LC_ALL=C", NULL};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != nook)
		_exit(1);
	setsid();
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL); /* pasta ends where SIGPIPE is ignored already */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Above what is going to be replaced. */
	ready = fcntl(ready, F_DUPFD_CLOEXEC, 10);
	words = fcntl(words, F_DUPFD_CLOEXEC, 10);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(words, STDOUT_FILENO);
	dup2(words, STDERR_FILENO);
	dup2(ready, wanted);
	/* Nothing else of nook's caller goes there. */
	close_range(wanted < 3 ? 3 : (unsigned)wanted + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(path, argv, env);
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

int nk_companion_start(struct nk_companion *c, const char *path, char *const argv[], int wanted)
{
	int ready[2], words[2];
	pid_t self = getpid();

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	c->ready_fd = ready[0];
	/* Nobody reads it later: what is too much is lost, and holds nothing up. */
	if (pipe2(words, O_CLOEXEC | O_NONBLOCK)) {
		int err = errno;
		close(ready[1]);
		return -err;
	}
	c->words_fd = words[0];
	pid_t pid = fork();
	if (pid == 0)
		become(path, argv, wanted, ready[1], words[1], self);
	int err = errno;
	close(ready[1]);
	close(words[1]);
	if (pid < 0)
		return -err;
	c->pidfd = pidfd_open(pid, 0);
	return c->pidfd < 0 ? -errno : 0;
}

static int companion(struct nk_driver *d, size_t index, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[index];
	char *const *args = s->p[0];
	char *argv[MAX_ARGS + 1], number[16];
	struct nk_companion c = NK_COMPANION_INIT;
	size_t n = 0;

	snprintf(number, sizeof(number), "%d", s->fd[0] >= 0 ? d->slots[s->fd[0]] : -1);
	for (; args[n] && n < MAX_ARGS; n++)
		argv[n] = strcmp(args[n], "%d") ? args[n] : number;
	if (args[n])
		return nk_driver_failed(d, index, E2BIG, e);
	argv[n] = NULL;
	int ret = nk_companion_start(&c, s->s[0], argv, (int)s->n[0]);
	d->ready_fd = c.ready_fd;
	d->words_fd = c.words_fd;
	if (ret < 0)
		return nk_driver_failed(d, index, -ret, e);
	d->slots[s->out] = c.pidfd;
	return 0;
}

/* The last line that it wrote: the fault comes behind what it tells of itself. */
static const char *last_line(char *text)
{
	size_t n = strlen(text);

	while (n && (text[n - 1] == '\n' || text[n - 1] == ' '))
		text[--n] = '\0';
	char *line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

static bool to_be_ended(void)
{
	static const int enders[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t waiting;

	if (sigpending(&waiting))
		return false;
	for (size_t i = 0; i < NK_COUNT(enders); i++)
		if (sigismember(&waiting, enders[i]) == 1)
			return true;
	return false;
}

/* 1: it has spoken, 0: it has ended, -ETIMEDOUT, -EINTR */
static int wait_ready(struct nk_companion *c, char *words, size_t size)
{
	struct pollfd fds[2] = {{.fd = c->ready_fd, .events = POLLIN},
				{.fd = c->words_fd, .events = POLLIN}};
	struct timespec now, begin;
	size_t said = 0;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (;;) {
		char word[64];

		poll(fds, 2, LOOK_MS);
		if (fds[1].revents) {
			ssize_t n = read(c->words_fd, words + said, size - 1 - said);
			if (n > 0)
				said += (size_t)n;
			if (said > size / 2) { /* the end counts */
				said -= size / 4;
				memmove(words, words + size / 4, said);
			}
			words[said] = '\0';
			if (n <= 0)
				fds[1].fd = -1;
			continue;
		}
		if (fds[0].revents)
			return read(c->ready_fd, word, sizeof(word)) > 0;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (to_be_ended())
			return -EINTR;
		if (now.tv_sec - begin.tv_sec > LIMIT_S)
			return -ETIMEDOUT;
	}
}

int nk_companion_ready(struct nk_companion *c, char *words, size_t size)
{
	char text[1024] = "";
	int ret = wait_ready(c, text, sizeof(text));

	snprintf(words, size, "%s", last_line(text));
	nk_cleanup_close(&c->ready_fd);
	c->ready_fd = -EBADF;
	return ret > 0 ? 0 : ret ? ret : -EPIPE;
}

static int ready(struct nk_driver *d, size_t index, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[index];
	struct nk_companion c = {.ready_fd = d->ready_fd, .words_fd = d->words_fd};
	char line[256];
	int ret = nk_companion_ready(&c, line, sizeof(line));

	d->ready_fd = c.ready_fd;
	if (ret == 0)
		return 0;
	nk_fail(e, ret == -EPIPE ? 0 : -ret, "step %zu of %zu: %s: %s", index + 1, d->plan->steps.n,
		s->why, *line ? line : "it ended without a word");
	e->step = (int)index + 1;
	if (s->hint)
		nk_hint(e, "%s", s->hint);
	return -e->err;
}

/* It may be ready before its socket is. */
static int dial(const struct sockaddr_un *to)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	for (int i = 0;; i++) {
		_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			return -errno;
		if (!connect(fd, (const struct sockaddr *)to, sizeof(*to)))
			return nk_take_fd(&fd);
		if ((errno != ENOENT && errno != ECONNREFUSED) || i == SOCKET_TRIES)
			return -errno;
		nanosleep(&pause, NULL);
	}
}

/* 0, or -errno; *answer: what it said. */
static int ask(struct nk_driver *d, const struct nk_step *s, char *answer, size_t size)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = LIMIT_S};
	size_t n = strlen(s->s[1]);
	ssize_t got;

	/* By way of the directory: a path of any length. */
	if (s->fd[0] >= 0)
		snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/%s",
			 d->slots[s->fd[0]], s->s[0]);
	else
		snprintf(to.sun_path, sizeof(to.sun_path), "%s", s->s[0]);
	_close_ int fd = dial(&to);
	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    send(fd, s->s[1], n, MSG_NOSIGNAL) != (ssize_t)n || shutdown(fd, SHUT_WR))
		return -errno;
	got = recv(fd, answer, size - 1, 0);
	answer[got > 0 ? got : 0] = '\0';
	if (got <= 0)
		return got < 0 ? -errno : -EPIPE;
	return strstr(answer, "\"error\"") ? -EADDRINUSE : 0;
}

int nk_driver_companion(struct nk_driver *d, size_t index, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[index];
	char answer[512] = "";
	int ret;

	nk_trace_begin(&d->run, index);
	if (s->op == NK_OP_COMPANION)
		ret = companion(d, index, e);
	else if (s->op == NK_OP_READY)
		ret = ready(d, index, e);
	else if ((ret = ask(d, s, answer, sizeof(answer))) < 0)
		nk_driver_failed(d, index, -ret, e);
	nk_trace_end(&d->run, index, ret);
	d->done[index] = ret >= 0;
	return ret;
}
