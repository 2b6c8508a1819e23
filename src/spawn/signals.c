/* SPDX-License-Identifier: Apache-2.0 */
#include "spawn/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* From <linux/pidfd.h> of 6.9; Debian 12's headers are older. */
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1UL << 2)
#endif

static void wanted(sigset_t *set)
{
	static const int own[] = {SIGKILL, SIGSTOP, SIGCHLD, SIGTTIN, SIGTTOU, SIGSEGV,
				  SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP, SIGSYS};
	/* The ones that shells and nohup ignore on behalf of a command. */
	static const int often_ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP};
	struct sigaction sa;

	sigfillset(set);
	for (size_t i = 0; i < NK_COUNT(own); i++)
		sigdelset(set, own[i]);
	for (size_t i = 0; i < NK_COUNT(often_ignored); i++)
		if (!sigaction(often_ignored[i], NULL, &sa) && sa.sa_handler == SIG_IGN)
			sigdelset(set, often_ignored[i]);
}

int nk_signals_open(struct nk_signals *s, struct nk_err *e)
{
	sigset_t set;

	*s = (struct nk_signals){.fd = -EBADF};
	/* Ignored, as some daemons start their children, it would make waiting impossible. */
	signal(SIGCHLD, SIG_DFL);
	wanted(&set);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0)
		return nk_fail(e, errno, "a descriptor for signals");
	if (sigprocmask(SIG_BLOCK, &set, &s->saved)) {
		int err = errno;
		close(nk_take_fd(&s->fd));
		return nk_fail(e, err, "block signals");
	}
	s->open = true;
	return 0;
}

static int send_signal(int pidfd, int sig, unsigned long flags)
{
	if (!syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, flags))
		return 1;
	return errno == ESRCH ? 0 : -errno;
}

/* To the whole process group of the command where the kernel can (6.9). */
static int send_group(int pidfd, int sig)
{
	int r = send_signal(pidfd, sig, PIDFD_SIGNAL_PROCESS_GROUP);

	/* No such group: the command leads none of its own. */
	return r == -EINVAL || r == 0 ? send_signal(pidfd, sig, 0) : r;
}

/*
 * SIGTSTP itself would have no effect inside: PID 1 of a namespace ignores it,
 * and so does a process group without a shell above it. SIGSTOP from outside has.
 */
static int stop_all(struct nk_signals *s, int pidfd, struct nk_terminal *terminal)
{
	int sent = s->to_init ? send_signal(pidfd, SIGTSTP, 0) : send_group(pidfd, SIGSTOP);

	if (terminal)
		nk_terminal_leave(terminal);
	raise(SIGSTOP);
	/* Somebody let us go on. */
	if (terminal) {
		nk_terminal_enter(terminal);
		nk_terminal_resize(terminal);
	}
	int r = send_group(pidfd, SIGCONT);
	return sent < 0 ? sent : r;
}

static int handle_one(struct nk_signals *s, const struct signalfd_siginfo *si, int pidfd,
		      struct nk_terminal *terminal)
{
	int sig = (int)si->ssi_signo;

	if (s->shares_terminal && si->ssi_code == SI_KERNEL && sig != SIGTSTP && sig != SIGCONT)
		return 0;
	switch (sig) {
	case SIGPIPE:
		return 0;
	case SIGTSTP:
		return stop_all(s, pidfd, terminal);
	case SIGCONT:
		if (terminal)
			nk_terminal_resize(terminal);
		return send_group(pidfd, sig);
	case SIGWINCH:
		if (terminal) {
			nk_terminal_resize(terminal);
			return 0;
		}
		break;
	}
	return send_signal(pidfd, sig, 0);
}

int nk_signals_handle(struct nk_signals *s, int pidfd, struct nk_terminal *terminal)
{
	struct signalfd_siginfo si;
	int sent = 0, first_error = 0;

	while (read(s->fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		int r = handle_one(s, &si, pidfd, terminal);
		if (r < 0 && !first_error)
			first_error = r;
		sent += r > 0;
	}
	return first_error ? first_error : sent;
}

void nk_signals_done(struct nk_signals *s)
{
	if (!s->open)
		return;
	close(nk_take_fd(&s->fd));
	sigprocmask(SIG_SETMASK, &s->saved, NULL);
	s->open = false;
}
