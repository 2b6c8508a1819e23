/* SPDX-License-Identifier: Apache-2.0 */
/* One loop for socket, process, signals, terminal and time. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/live.h"
#include "spawn/driver.h"
#include "spawn/message.h"

enum { LOOK_MS = 200, START_MS = 2000 };

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int child_failed(struct nk_driver *d, const struct nk_message *m, struct nk_err *e)
{
	d->soft_errno = m->value;
	if (m->step < 0 || (size_t)m->step >= d->plan->steps.n)
		return nk_fail(e, EPROTO, "a message from the process that was made");
	return nk_driver_failed(d, (size_t)m->step, m->err, e);
}

/* It ended without a word: killed, before it became the command. */
int nk_driver_died(struct nk_driver *d, int signal, struct nk_err *e)
{
	const char *how = "it ended";
	siginfo_t info = {0};

	if (!d->ended && d->slots[NK_SLOT_PIDFD] >= 0 &&
	    !waitid(P_PIDFD, (id_t)d->slots[NK_SLOT_PIDFD], &info, WEXITED)) {
		d->ended = true;
		if (info.si_code != CLD_EXITED)
			signal = info.si_status;
	}
	if (signal)
		how = strsignal(signal);
	if (signal == SIGKILL && nk_driver_out_of_memory(d)) {
		nk_fail(e, 0,
			"the process died before it became the command: out of "
			"memory (memory limit too low?)");
		return nk_hint(e, "its memory limit leaves no room to start");
	}
	nk_fail(e, 0, "the process died before it became the command: %s", how);
	return nk_hint(e, "was it killed, or does a memory limit leave no room to start?");
}

static bool is_to_end(void)
{
	sigset_t waiting;

	return !sigpending(&waiting) &&
	       (sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGINT) ||
		sigismember(&waiting, SIGHUP) || sigismember(&waiting, SIGQUIT));
}

/*
 * A process of the container can stop one that is about to become its neighbour (exec), and a
 * file system need not answer init. A signal that wants us to end is kept for the command, but
 * not for ever. Others wait in the descriptor, too, so it is no longer polled.
 */
static int patience(const struct nk_driver *d, struct pollfd *signals, bool *ends)
{
	if (signals->revents)
		signals->fd = -1;
	if (signals->fd == d->signals.fd)
		return -1;
	*ends = is_to_end();
	return *ends ? START_MS : LOOK_MS;
}

/*
 * Wait until the socket says something. A middle that was killed leaves no end of file
 * when init has its socket too, and waits itself: so its process is watched as well.
 * False: it died badly, and nothing waits in the socket.
 */
static bool speaks(struct nk_driver *d)
{
	struct pollfd fds[3] = {
		{.fd = d->slots[NK_SLOT_SOCKET], .events = POLLIN},
		{.fd = d->slots[NK_SLOT_MIDDLE_PIDFD], .events = POLLIN},
		{.fd = d->signals.fd, .events = POLLIN},
	};
	siginfo_t info = {0};
	bool ends = false;

	for (;;) {
		if (d->middle_ended)
			fds[1].fd = -1;
		int n = poll(fds, 3, patience(d, &fds[2], &ends));
		if (n < 0 && errno != EINTR)
			return false;
		if (fds[0].revents)
			return true;
		d->gave_up = n == 0 && ends;
		if (d->gave_up)
			return false;
		if (!fds[1].revents || waitid(P_PIDFD, (id_t)fds[1].fd, &info, WEXITED))
			continue;
		d->middle_ended = true;
		/* What it sent before its end comes first. */
		if (info.si_code != CLD_EXITED || info.si_status != 0)
			return poll(fds, 1, 0) > 0;
	}
}

bool nk_driver_last_words(struct nk_driver *d, struct nk_err *e)
{
	struct nk_message m;
	int fd;

	while (nk_message_receive(d->slots[NK_SLOT_SOCKET], &m, &fd)) {
		if (fd >= 0)
			close(fd);
		if (m.type == NK_MSG_ERROR) {
			child_failed(d, &m, e);
			return true;
		}
	}
	return false;
}

static void tell_alive(struct nk_driver *d)
{
	if (d->o->alive && !d->told_alive)
		d->o->alive(d->o->arg);
	d->told_alive = true;
}

/* Somebody above wants to know: 0 taken, 1 not, or -errno. Of what is not taken *fd stays. */
static int pass_up(struct nk_driver *d, uint32_t type, int *fd, struct nk_err *e)
{
	int ret = d->o->message ? d->o->message(d->o->arg, (enum nk_msg)type, *fd, e) : 1;

	if (ret == 0)
		*fd = -1;
	return ret;
}

/* The descriptor that came along, for whom it is. It is closed where nobody wants it. */
static int on_descriptor(struct nk_driver *d, uint32_t type, int fd, struct nk_err *e)
{
	int ret = pass_up(d, type, &fd, e);

	if (ret > 0 && type == NK_MSG_TERMINAL && fd >= 0) {
		d->has_terminal = true;
		tell_alive(d); /* while a new line still begins at the left */
		return nk_terminal_open(&d->terminal, fd, d->o->interactive ? 0 : -1, 1, e);
	}
	if (fd >= 0)
		close(fd);
	return ret < 0 ? ret : 0;
}

static bool comes_unasked(uint32_t type)
{
	return type == NK_MSG_TERMINAL || type == NK_MSG_LISTENER;
}

int nk_driver_await(struct nk_driver *d, size_t index, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[index];
	struct nk_message m;
	int fd, ret;

	nk_trace_begin(&d->run, index);
	for (;;) {
		bool spoke = speaks(d);
		if (!spoke && d->gave_up)
			return nk_fail(e, EINTR, "the process that was made does not answer");
		if (!spoke || !nk_message_receive(d->slots[NK_SLOT_SOCKET], &m, &fd))
			return nk_driver_died(d, 0, e);
		if (m.type == s->n[0] || !comes_unasked(m.type))
			break;
		if ((ret = on_descriptor(d, m.type, fd, e)) < 0)
			return ret;
	}
	if (m.type == NK_MSG_ERROR)
		return child_failed(d, &m, e);
	if (m.type != s->n[0]) {
		if (fd >= 0)
			close(fd);
		return nk_driver_failed(d, index, EPROTO, e);
	}
	if (s->out < 0 && (ret = on_descriptor(d, m.type, fd, e)) < 0)
		return ret;
	if (s->out >= 0)
		d->slots[s->out] = fd >= 0 ? fd : m.value;
	d->alive = d->alive || m.type == NK_MSG_READY;
	d->done[index] = 1;
	nk_trace_end(&d->run, index, 0);
	return 0;
}

static int on_message(struct nk_driver *d, struct nk_err *e)
{
	struct nk_message m;
	int fd, ret = 0;

	if (!nk_message_receive(d->slots[NK_SLOT_SOCKET], &m, &fd)) {
		d->socket_ended = true; /* execve has closed it, or death */
		if (d->o->slow_fd > 0)
			close(d->o->slow_fd);
		return d->alive && d->o->executed ? d->o->executed(d->o->arg, e) : 0;
	}
	if (m.type == NK_MSG_ERROR) {
		ret = child_failed(d, &m, e);
	} else if (m.type == NK_MSG_ALIVE) {
		d->alive = true;
		tell_alive(d);
	} else if (comes_unasked(m.type)) {
		return on_descriptor(d, m.type, fd, e);
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

static void reap_init(struct nk_driver *d, struct nk_result *r)
{
	siginfo_t info = {0};

	/* What is detached is its subreaper's to wait for, however soon it ends. */
	int how = WEXITED | WNOHANG | (d->o->detach ? WNOWAIT : 0);

	if (waitid(P_PIDFD, (id_t)d->slots[NK_SLOT_PIDFD], &info, how) || info.si_pid == 0)
		return;
	d->ended = true;
	r->signaled = info.si_code != CLD_EXITED;
	r->exit_code = r->signaled ? NK_EXIT_SIGNAL + info.si_status : info.si_status;
}

/* The shorter of two waits in ms; -1 is none. */
static int shorter(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int poll_timeout(const struct nk_driver *d)
{
	int wait = d->has_terminal ? nk_terminal_timeout(&d->terminal) : -1;

	if (d->o->step && !d->socket_ended)
		wait = shorter(wait, 50); /* --debug: a start that hangs shows how far it came */
	if (!d->deadline_ms)
		return wait;
	uint64_t now = now_ms();
	return shorter(wait, now >= d->deadline_ms	      ? 0
			     : d->deadline_ms - now > 1000000 ? 1000000
							      : (int)(d->deadline_ms - now));
}

static void check_deadline(struct nk_driver *d, struct nk_result *r)
{
	if (!d->deadline_ms || r->timed_out || now_ms() < d->deadline_ms)
		return;
	r->timed_out = true;
	d->deadline_ms = 0;
	syscall(SYS_pidfd_send_signal, d->slots[NK_SLOT_PIDFD], SIGKILL, NULL, 0);
}

/* One turn: wait for something and deal with it. */
static int turn(struct nk_driver *d, struct nk_result *r, struct nk_err *e)
{
	struct pollfd fds[6] = {
		{.fd = d->slots[NK_SLOT_PIDFD], .events = POLLIN},
		{.fd = d->socket_ended ? -1 : d->slots[NK_SLOT_SOCKET], .events = POLLIN},
		{.fd = d->signals.fd, .events = POLLIN},
	};
	int n = 3, ret;
	bool terminal = d->has_terminal; /* a message may bring it: then it is polled next time */

	if (terminal)
		n += nk_terminal_poll_fds(&d->terminal, fds + 3);
	if (poll(fds, (nfds_t)n, poll_timeout(d)) < 0 && errno != EINTR)
		return nk_fail(e, errno, "wait for the container");
	if (d->o->step)
		nk_driver_trace(d);
	if (fds[1].revents && (ret = on_message(d, e)) < 0)
		return ret;
	if (fds[2].revents && (ret = nk_signals_handle(&d->signals, d->slots[NK_SLOT_PIDFD],
						       d->has_terminal ? &d->terminal : NULL)) < 0)
		return nk_fail(e, -ret, "forward a signal");
	if (terminal)
		nk_terminal_handle(&d->terminal, fds + 3);
	check_deadline(d, r);
	if (fds[0].revents)
		reap_init(d, r);
	return 0;
}

int nk_driver_wait(struct nk_driver *d, struct nk_result *r, struct nk_err *e)
{
	int ret;

	if (d->o->timeout_ms)
		d->deadline_ms = now_ms() + d->o->timeout_ms;
	while (!d->ended) {
		ret = turn(d, r, e);
		if (ret < 0)
			return ret;
	}
	/* A message may still wait in the socket: why it ended. */
	while (!d->socket_ended) {
		ret = on_message(d, e);
		if (ret < 0)
			return ret;
	}
	if (!d->alive)
		return nk_driver_died(d, r->signaled ? r->exit_code - NK_EXIT_SIGNAL : 0, e);
	if (d->has_terminal)
		nk_terminal_drain(&d->terminal, 2000);
	return 0;
}

int nk_driver_wait_exec(struct nk_driver *d, struct nk_result *r, struct nk_err *e)
{
	while (!d->socket_ended) {
		int ret = d->ended ? on_message(d, e) : turn(d, r, e);
		if (ret < 0)
			return ret;
	}
	return d->alive ? 0 : nk_driver_died(d, 0, e);
}

bool nk_driver_out_of_memory(const struct nk_driver *d)
{
	return d->o->n_groups > 0 && nk_cgroup_oom_kills(d->o->groups, d->o->n_groups) > 0;
}
