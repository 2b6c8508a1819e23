/* SPDX-License-Identifier: Apache-2.0 */
/* NK_OP_HELPER: run newuidmap or newgidmap and wait for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "spawn/driver.h"

#define MAX_ARGS 1024

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

int nk_driver_helper(struct nk_driver *d, size_t index, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[index];
	char *const *args = s->p[0];
	char *argv[MAX_ARGS + 1], number[16], words[256];
	size_t n = 0;
	int status = -1, fd = -1;
	pid_t pid;

	nk_trace_begin(&d->run, index);
	snprintf(number, sizeof(number), "%d", d->slots[s->fd[0]]);
	for (; args[n] && n < MAX_ARGS; n++)
		argv[n] = strcmp(args[n], "%d") ? args[n] : number;
	if (args[n])
		return nk_driver_failed(d, index, E2BIG, e);
	argv[n] = NULL;
	int ret = start(s->s[0], argv, &fd, &pid);
	if (ret < 0)
		return nk_driver_failed(d, index, -ret, e);
	ssize_t got = read(fd, words, sizeof(words) - 1);
	close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	nk_trace_end(&d->run, index, status);
	if (status == 0) {
		d->done[index] = 1;
		return 0;
	}
	words[got > 0 ? got : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	nk_fail(e, EPERM, "step %zu of %zu: %s: %s", index + 1, d->plan->steps.n, s->why,
		*words ? words : s->s[0]);
	e->step = (int)index + 1;
	return s->hint ? nk_hint(e, "%s", s->hint) : -EPERM;
}
