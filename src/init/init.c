/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-init [-g] [--] COMMAND [ARG…]: PID 1 of a container (nook run --init), or of a PID
 * namespace in the caller's session (nook ns run): then -g leaves job control to the caller's
 * shell, and all of them are one process group.
 *
 * A process that happens to be PID 1 must reap what others leave, and the kernel
 * drops signals for which it has no handler. Ordinary commands do neither; this
 * one does both for them, and ends with the command's exit code.
 *
 * Executed as "nook-hold: NAME" it only keeps namespaces alive (nook ns hold).
 *
 * It calls the kernel directly and no C library: see raw.h.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include "init/raw.h"

enum { FAULT = 125, CANNOT_EXEC = 126, NOT_FOUND = 127, BY_SIGNAL = 128 };

/* Of <asm/termbits.h>, which clashes with glibc's: all we need is room for it. */
struct termios_room {
	char bytes[256];
};

static bool one_group; /* -g */

static inline uint64_t bit(int sig)
{
	return 1ULL << (sig - 1);
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static bool has_slash(const char *s)
{
	while (*s && *s != '/')
		s++;
	return *s == '/';
}

static void say(const char *before, const char *name, const char *after)
{
	const char *parts[] = {"nook-init: ", before, name, after, "\n"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		SYS(write, 2, parts[i], length(parts[i]));
}

static const char *path_of(char *const *env)
{
	for (; *env; env++) {
		const char *s = *env;
		if (s[0] == 'P' && s[1] == 'A' && s[2] == 'T' && s[3] == 'H' && s[4] == '=')
			return s + 5;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* Try the command in each directory of PATH. Returns only when it has failed: the errno. */
static int exec_in_path(char **argv, char **env)
{
	char path[4096];
	size_t name = length(argv[0]);
	int found = ENOENT;

	if (has_slash(argv[0]))
		return (int)-SYS(execve, argv[0], argv, env);
	for (const char *d = path_of(env);; d++) {
		size_t n = 0;
		for (; d[n] && d[n] != ':'; n++)
			if (n < sizeof(path))
				path[n] = d[n];
		if (name && n + name + 2 <= sizeof(path)) {
			size_t at = n;
			/* An empty entry means the working directory. */
			if (n)
				path[at++] = '/';
			for (size_t i = 0; i <= name; i++)
				path[at + i] = argv[0][i];
			long err = -SYS(execve, path, argv, env);
			if (err != ENOENT && err != ENOTDIR)
				found = (int)err;
		}
		d += n;
		if (!*d)
			return found;
	}
}

static void set_mask(uint64_t mask, uint64_t *before)
{
	SYS(rt_sigprocmask, SIG_SETMASK, &mask, before, sizeof(mask));
}

static bool to_foreground(int group)
{
	return SYS(ioctl, 0, TIOCSPGRP, &group) == 0;
}

static int run_command(char **argv, char **env, bool tty, uint64_t mask)
{
	/* A group of its own, in the foreground: ^C reaches the command once, by
	 * the terminal, and `kill 0` in a script does not reach us. */
	if (!one_group)
		SYS(setpgid, 0, 0);
	if (tty && !one_group)
		to_foreground((int)SYS(getpid)); /* SIGTTOU is still blocked */
	set_mask(mask, NULL);
	switch (exec_in_path(argv, env)) {
	case ENOENT:
	case ENOTDIR:
		say("", argv[0], ": no such command");
		return NOT_FOUND;
	case EACCES:
	case EPERM:
		say("", argv[0], ": not allowed to execute it");
		return CANNOT_EXEC;
	case ENOEXEC:
		say("", argv[0], ": neither a program for this machine nor a script with #!");
		return CANNOT_EXEC;
	default:
		say("", argv[0], ": cannot be executed");
		return CANNOT_EXEC;
	}
}

/*
 * The command has stopped. Nobody above it would let it go on, so a stop that
 * came from the terminal must not last: the kernel has the same rule for process
 * groups without a shell above them, and would apply it if we were not there.
 */
static void on_stopped(int child, int sig, bool tty)
{
	if (one_group)
		return; /* there is a shell above it */
	if ((sig == SIGTTIN || sig == SIGTTOU) && (!tty || !to_foreground(child)))
		return;
	if (sig != SIGSTOP)
		SYS(kill, -child, SIGCONT);
}

/* Take what has ended off the process table. The exit code once the command is among it. */
static int reap(int child, bool tty)
{
	int status, code = -1;
	long pid;

	while ((pid = SYS(wait4, -1, &status, WNOHANG | WUNTRACED, 0)) > 0) {
		if (WIFSTOPPED(status)) {
			if (pid == child)
				on_stopped(child, WSTOPSIG(status), tty);
		} else if (pid == child) {
			code = WIFSIGNALED(status) ? BY_SIGNAL + WTERMSIG(status)
						   : WEXITSTATUS(status);
		}
	}
	return code;
}

static void forward(int child, const siginfo_t *si)
{
	int group = one_group ? child : -child;

	if (one_group && si->si_code > 0)
		return; /* the terminal's, which the command has got itself */
	switch (si->si_signo) {
	case SIGTSTP:
		/* From nook, which stops itself: stop the command's group until
		 * SIGCONT comes. SIGTSTP itself would be undone by on_stopped(). */
		SYS(kill, group, SIGSTOP);
		return;
	case SIGCONT:
		SYS(kill, group, SIGCONT);
		return;
	case SIGTTIN:
	case SIGTTOU:
	case SIGPIPE:
		if (si->si_code > 0)
			return; /* the kernel's, about something we did */
		break;
	}
	SYS(kill, child, si->si_signo);
}

static int supervise(int child, bool tty, uint64_t set)
{
	siginfo_t si;

	for (;;) {
		if (SYS(rt_sigtimedwait, &set, &si, 0, sizeof(set)) < 0)
			continue; /* EINTR after a stop */
		if (si.si_signo != SIGCHLD) {
			forward(child, &si);
			continue;
		}
		int code = reap(child, tty);
		if (code >= 0)
			return code;
	}
}

static bool begins(const char *s, const char *with)
{
	while (*with && *s == *with)
		s++, with++;
	return !*with;
}

/*
 * Executed as "nook-hold: NAME" by nook ns hold: namespaces live as long as this process, and it
 * does nothing. It may be process 1 of a PID namespace, where orphans become its children.
 * SIGTERM ends it, but not one from inside: the sender's pid is 0 for those from further out.
 */
static int hold(void)
{
	const uint64_t set = ~0ULL;
	static const uint64_t default_action[4];
	siginfo_t si;
	int status;

	set_mask(set, NULL);
	SYS(rt_sigaction, SIGCHLD, default_action, 0, 8);
	SYS(prctl, PR_SET_NAME, "nook-hold");
	SYS(close_range, 0, ~0U);
	for (;;) {
		if (SYS(rt_sigtimedwait, &set, &si, 0, sizeof(set)) < 0)
			continue;
		if (si.si_signo == SIGTERM && (SYS(getpid) != 1 || si.si_pid == 0))
			return 0;
		while (SYS(wait4, -1, &status, WNOHANG, 0) > 0)
			;
	}
}

static int init(int argc, char **argv, char **env)
{
	/* Blocked signals wait, also those that PID 1 has no handler for. Faults
	 * stay as they are: nobody could handle them. */
	const uint64_t set = ~(bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) |
			       bit(SIGTRAP) | bit(SIGSYS));
	/* SIG_DFL: with SIGCHLD ignored, children would vanish without a word. */
	static const uint64_t default_action[4];
	struct termios_room room;
	uint64_t before = 0;

	if (argc > 0 && begins(argv[0], "nook-hold:"))
		return hold();
	argv += argc > 0;
	if (argv[0] && argv[0][0] == '-' && argv[0][1] == 'g' && !argv[0][2]) {
		one_group = true;
		argv++;
	}
	if (argv[0] && argv[0][0] == '-' && argv[0][1] == '-' && !argv[0][2])
		argv++;
	if (!argv[0]) {
		say("usage: nook-init [-g] [--] COMMAND [ARG…]", "", "");
		return FAULT;
	}
	bool tty = SYS(ioctl, 0, TCGETS, &room) == 0;
	set_mask(set, &before);
	SYS(rt_sigaction, SIGCHLD, default_action, 0, 8);
	if (SYS(getpid) != 1)
		SYS(prctl, PR_SET_CHILD_SUBREAPER, 1);
	int child = (int)SYS(clone, SIGCHLD);
	if (child < 0) {
		say("cannot start ", argv[0], ": no process for it (a limit?)");
		return FAULT;
	}
	if (child == 0)
		return run_command(argv, env, tty, before);
	/* In the parent as well, since it may be the first to run. */
	if (!one_group)
		SYS(setpgid, child, child);
	/* A pipe that the command closes must not stay open because of us. What we
	 * keep is the terminal, to move it to the foreground. */
	SYS(close_range, tty ? 1 : 0, ~0U);
	return supervise(child, tty, set);
}

/* Where the kernel's first instruction in _start goes on to: argc, argv and the
 * environment lie on the stack one behind the other. */
__attribute__((noreturn)) void nk_init_start(long *stack);
void nk_init_start(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);

	for (;;)
		SYS(exit_group, init(argc, argv, argv + argc + 1));
}
