/* SPDX-License-Identifier: Apache-2.0 */
/* NK_OP_HELPER: run newuidmap, newgidmap or nook-netd and wait for it, but not for ever. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "spawn/driver.h"

#define MAX_ARGS 1024

/* Each does little. Where users come from a server that does not answer, newuidmap hangs. */
enum { LIMIT_S = 10, LOOK_MS = 50 };

struct helper {
	int err_fd;	  /* what it says */
	char words[512];  /* the first line */
	const char *hint; /* of a program of ours: its second one, behind "hint: " */
	size_t said;
	int signal; /* that nook was sent meanwhile, 0 = none */
	bool late;
};

/* Start the program with its stderr in a pipe, so that its words come with ours. */
static int start(const char *path, char *const argv[], int *err_fd, pid_t *pid)
{
	static char *const env[] = {(char *)"LC_ALL=C", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	int ret = posix_spawn(pid, path, &actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (ret) {
		close(pipes[0]);
		return -ret;
	}
	*err_fd = pipes[0];
	return 0;
}

/* The first words are kept, the rest is read so that it can go on. */
static void listen(struct helper *h)
{
	char more[256];
	ssize_t n;

	while ((n = read(h->err_fd, more, sizeof(more))) > 0) {
		size_t room = sizeof(h->words) - 1 - h->said;
		size_t take = (size_t)n < room ? (size_t)n : room;

		memcpy(h->words + h->said, more, take);
		h->said += take;
	}
	h->words[h->said] = '\0';
}

static void split(struct helper *h)
{
	char *next = h->words + strcspn(h->words, "\n");

	if (!*next)
		return;
	*next++ = '\0';
	if (!strncmp(next, "hint: ", 6)) {
		h->hint = next + 6;
		next[strcspn(next, "\n")] = '\0';
	}
}

/* A signal that shall end nook. The others stay where they are, for the container. */
static int ended_by(void)
{
	static const int enders[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	const struct timespec now = {0};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < NK_COUNT(enders); i++)
		sigaddset(&set, enders[i]);
	int sig = sigtimedwait(&set, NULL, &now);
	return sig > 0 ? sig : 0;
}

static time_t seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* The status of waitpid(); of a helper that had to be killed, too. */
static int wait_for(struct helper *h, pid_t pid)
{
	_close_ int pidfd = pidfd_open(pid, 0);
	struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN},
				{.fd = h->err_fd, .events = POLLIN}};
	const time_t end = seconds() + LIMIT_S;
	int status = -1;

	while (pidfd >= 0 && !(fds[0].revents & POLLIN)) {
		h->signal = ended_by();
		h->late = seconds() > end;
		if (h->signal || h->late) {
			pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
			break;
		}
		poll(fds, 2, LOOK_MS);
		if (fds[1].revents)
			listen(h);
		if (fds[1].revents & POLLHUP)
			fds[1].fd = -1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	listen(h);
	split(h);
	return status;
}

static int failed(struct nk_driver *d, size_t index, const struct helper *h, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[index];

	if (h->signal)
		nk_fail(e, EINTR, "step %zu of %zu: %s: %s was ended by signal %d", index + 1,
			d->plan->steps.n, s->why, s->s[0], h->signal);
	else if (h->late)
		nk_fail(e, ETIMEDOUT, "step %zu of %zu: %s: %s did not end within %d seconds",
			index + 1, d->plan->steps.n, s->why, s->s[0], LIMIT_S);
	else if (h->hint) /* it has said all there is to say */
		nk_fail(e, 0, "step %zu of %zu: %s: %s", index + 1, d->plan->steps.n, s->why,
			h->words);
	else
		nk_fail(e, EPERM, "step %zu of %zu: %s: %s", index + 1, d->plan->steps.n, s->why,
			*h->words ? h->words : s->s[0]);
	e->step = (int)index + 1;
	if (h->signal)
		e->exit = NK_EXIT_SIGNAL + h->signal;
	else if (h->late && s->fd[0] >= 0)
		nk_hint(e, "it looks up who you are: does `getent passwd %u` answer?", getuid());
	else if (h->hint)
		nk_hint(e, "%s", h->hint);
	else if (s->hint)
		nk_hint(e, "%s", s->hint);
	return e->err ? -e->err : -EINVAL;
}

int nk_driver_helper(struct nk_driver *d, size_t index, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[index];
	char *const *args = s->p[0];
	char *argv[MAX_ARGS + 1], number[16];
	struct helper h = {.err_fd = -1};
	size_t n = 0;
	pid_t pid;

	nk_trace_begin(&d->run, index);
	snprintf(number, sizeof(number), "%d", s->fd[0] >= 0 ? d->slots[s->fd[0]] : -1);
	for (; args[n] && n < MAX_ARGS; n++)
		argv[n] = strcmp(args[n], "%d") ? args[n] : number;
	if (args[n])
		return nk_driver_failed(d, index, E2BIG, e);
	argv[n] = NULL;
	int ret = start(s->s[0], argv, &h.err_fd, &pid);
	if (ret < 0)
		return nk_driver_failed(d, index, -ret, e);
	int status = wait_for(&h, pid);
	close(h.err_fd);
	nk_trace_end(&d->run, index, status);
	if (status)
		return failed(d, index, &h, e);
	d->done[index] = 1;
	return 0;
}
