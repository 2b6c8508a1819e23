/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that reach the container's process, and those that must not. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spawn/signals.h"

static pid_t sleeper(const struct nk_signals *s)
{
	pid_t pid = fork();

	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &s->saved, NULL);
		setpgid(0, 0);
		pause();
		_exit(0);
	}
	setpgid(pid, pid);
	return pid;
}

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void forwarded(int sig)
{
	struct nk_signals s;
	struct nk_err e;
	int status;

	assert_int_equal(nk_signals_open(&s, &e), 0);
	/* Sent before the process exists: kept until it does. */
	raise(sig);
	pid_t pid = sleeper(&s);
	int pidfd = pidfd_of(pid);
	struct pollfd p = {.fd = s.fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_int_equal(nk_signals_handle(&s, pidfd, NULL), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), sig);
	/* One that comes too late is nobody's fault. */
	raise(sig);
	assert_int_equal(nk_signals_handle(&s, pidfd, NULL), 0);
	close(pidfd);
	nk_signals_done(&s);
}

static void test_forward(void **state)
{
	(void)state;
	static const int sigs[] = {SIGTERM, SIGINT,  SIGHUP,  SIGQUIT, SIGUSR1,
				   SIGUSR2, SIGALRM, SIGABRT, 40};

	for (size_t i = 0; i < NK_COUNT(sigs); i++) {
		signal(sigs[i], SIG_DFL); /* a shell's `&` ignores SIGINT and SIGQUIT */
		forwarded(sigs[i]);
	}
}

static void test_own_are_dropped(void **state)
{
	(void)state;
	struct nk_signals s;
	struct nk_err e;
	sigset_t before, after;
	int status;

	sigprocmask(SIG_BLOCK, NULL, &before);
	signal(SIGHUP, SIG_IGN); /* nohup */
	assert_int_equal(nk_signals_open(&s, &e), 0);
	pid_t pid = sleeper(&s);
	int pidfd = pidfd_of(pid);
	raise(SIGPIPE);
	raise(SIGHUP);
	raise(SIGCHLD);
	assert_int_equal(nk_signals_handle(&s, pidfd, NULL), 0);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	signal(SIGHUP, SIG_DFL);
	close(pidfd);
	nk_signals_done(&s);
	sigprocmask(SIG_BLOCK, NULL, &after);
	assert_memory_equal(&before, &after, 8); /* what the kernel knows of it */
	nk_signals_done(&s);			 /* harmless */
}

static char state_of(pid_t pid)
{
	char path[64], text[256] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	const char *end = strrchr(text, ')');
	return end ? end[2] : '?';
}

static bool becomes(pid_t pid, char want)
{
	for (int i = 0; i < 200 && state_of(pid) != want; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	return state_of(pid) == want;
}

static void test_stop_and_go_on(void **state)
{
	(void)state;
	int tell[2], status;

	assert_return_code(pipe(tell), errno);
	pid_t nook = fork();
	if (nook == 0) {
		struct nk_signals s;
		struct nk_err e;
		if (nk_signals_open(&s, &e))
			_exit(1);
		pid_t pid = sleeper(&s);
		int pidfd = pidfd_of(pid);
		if (write(tell[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(2);
		struct pollfd p[2] = {{.fd = s.fd, .events = POLLIN},
				      {.fd = pidfd, .events = POLLIN}};
		while (poll(p, 2, 5000) > 0 && !p[1].revents)
			nk_signals_handle(&s, pidfd, NULL);
		waitpid(pid, &status, 0);
		_exit(WIFSIGNALED(status) ? 100 + WTERMSIG(status) : 3);
	}
	pid_t inner = -1;
	assert_int_equal(read(tell[0], &inner, sizeof(inner)), sizeof(inner));
	kill(nook, SIGTSTP);
	assert_int_equal(waitpid(nook, &status, WUNTRACED), nook);
	assert_true(WIFSTOPPED(status));
	assert_true(becomes(inner, 'T'));
	kill(nook, SIGCONT);
	assert_true(becomes(inner, 'S'));
	kill(nook, SIGTERM);
	assert_int_equal(waitpid(nook, &status, 0), nook);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 100 + SIGTERM);
	close(tell[0]);
	close(tell[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_own_are_dropped),
		cmocka_unit_test(test_stop_and_go_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
