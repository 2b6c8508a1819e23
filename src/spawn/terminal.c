/* SPDX-License-Identifier: Apache-2.0 */
#include "spawn/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

/*
 * What a fatal signal restores. A handler may only look at such plain globals;
 * active is written last when they are set and first when they are taken away.
 */
static volatile sig_atomic_t active;
static int active_fd;
static struct termios active_saved;

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
static struct sigaction before[NK_COUNT(fatal)];

static void on_fatal(int sig)
{
	if (active) {
		active = 0;
		tcsetattr(active_fd, TCSANOW, &active_saved);
	}
	/* Whoever handled it before (or the default: end with this signal) is next. */
	for (size_t i = 0; i < NK_COUNT(fatal); i++)
		if (fatal[i] == sig)
			sigaction(sig, &before[i], NULL);
	raise(sig);
}

static void guard(int fd, const struct termios *saved)
{
	struct sigaction sa = {.sa_handler = on_fatal};

	active_fd = fd;
	active_saved = *saved;
	for (size_t i = 0; i < NK_COUNT(fatal); i++)
		sigaction(fatal[i], &sa, &before[i]);
	active = 1;
}

static void unguard(void)
{
	active = 0;
	for (size_t i = 0; i < NK_COUNT(fatal); i++)
		sigaction(fatal[i], &before[i], NULL);
}

/* tcsetattr that also works while we are in the background: SIGTTOU would stop us. */
static void set_attr(int fd, const struct termios *attr)
{
	sigset_t ttou, old;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	/* TCSANOW: waiting for output would hang behind ^S. */
	tcsetattr(fd, TCSANOW, attr);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void nk_terminal_enter(struct nk_terminal *t)
{
	pid_t front = t->raw || t->in < 0 ? -1 : tcgetpgrp(t->in);

	/* A job started in the background waits for its turn, and only then looks
	 * at the attributes: now they are those of the shell's line editor. */
	if (front > 0 && front != getpgrp())
		raise(SIGTTOU);
	if (t->raw || t->in < 0 || tcgetattr(t->in, &t->saved))
		return;
	struct termios raw = t->saved;
	cfmakeraw(&raw);
	guard(t->in, &t->saved);
	t->raw = !tcsetattr(t->in, TCSANOW, &raw);
	if (!t->raw)
		unguard();
}

void nk_terminal_leave(struct nk_terminal *t)
{
	if (!t->raw)
		return;
	set_attr(t->in, &t->saved);
	unguard();
	t->raw = false;
}

/*
 * The caller's stdout must not block us, but O_NONBLOCK belongs to the open file
 * that other programs share: open it anew. Where that cannot be (a socket, a
 * terminal of another user after su), small writes after POLLOUT have to do.
 */
static int reopen(int out)
{
	struct stat st;
	char path[64];

	if (fstat(out, &st) || (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode)))
		return -1;
	/* Opening a master (/dev/ptmx) would make another pty. */
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", out);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int nk_terminal_open(struct nk_terminal *t, int master_fd, int in, int out, struct nk_err *e)
{
	*t = (struct nk_terminal){.master = master_fd,
				  .in = in,
				  .out = out,
				  .out_own = -1,
				  .size_from = -1,
				  .in_ended = in < 0};
	int flags = fcntl(master_fd, F_GETFL);
	if (flags < 0 || fcntl(master_fd, F_SETFL, flags | O_NONBLOCK))
		return nk_fail(e, errno, "the container's terminal");
	t->out_own = reopen(out);
	if (in >= 0 && isatty(in))
		t->size_from = in;
	else if (isatty(out))
		t->size_from = out;
	nk_terminal_resize(t);
	if (t->size_from >= 0 && t->size_from == in)
		nk_terminal_enter(t);
	return 0;
}

void nk_terminal_resize(struct nk_terminal *t)
{
	struct winsize size;

	if (!t->ended && t->size_from >= 0 && !ioctl(t->size_from, TIOCGWINSZ, &size))
		ioctl(t->master, TIOCSWINSZ, &size);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static size_t filled(const struct nk_pipe_buf *b)
{
	return b->end - b->start;
}

static size_t room(struct nk_pipe_buf *b)
{
	if (b->start == b->end)
		b->start = b->end = 0;
	return sizeof(b->data) - b->end;
}

/* > 0 bytes read; 0 nothing now or no room; -1 the other side has ended. */
static int pull(int fd, struct nk_pipe_buf *b)
{
	if (!room(b))
		return 0;
	ssize_t n = read(fd, b->data + b->end, room(b));
	if (n > 0)
		b->end += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		return -1;
	return n > 0 ? (int)n : 0;
}

static int push(int fd, struct nk_pipe_buf *b, size_t most)
{
	size_t want = filled(b) < most ? filled(b) : most;

	if (!want)
		return 0;
	ssize_t n = write(fd, b->data + b->start, want);
	if (n > 0)
		b->start += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -1;
	return n > 0 ? (int)n : 0;
}

static int push_out(struct nk_terminal *t)
{
	/* Linux' pipes and terminals take 256 bytes without blocking after POLLOUT. */
	return t->out_own >= 0 ? push(t->out_own, &t->to_out, SIZE_MAX)
			       : push(t->out, &t->to_out, 256);
}

/*
 * stdin has ended: say so as a person would, with the end-of-file character.
 * Within a line the first one only hands the line on, so two are needed.
 *
 * A program that switches between lines and single characters meanwhile (a shell
 * with a line editor) loses it, and a pipe at its end says so to every read, not
 * to one: hence again and again, more and more rarely.
 */
static void say_eof(struct nk_terminal *t)
{
	struct termios attr;
	char c = 4;
	size_t times = t->in_ended || t->last == '\n' || !t->last ? 1 : 2;

	if (!tcgetattr(t->master, &attr) && attr.c_cc[VEOF])
		c = (char)attr.c_cc[VEOF];
	for (size_t i = 0; i < times && room(&t->to_pty); i++)
		t->to_pty.data[t->to_pty.end++] = c;
	t->eof_wait_ms = !t->in_ended ? 50 : t->eof_wait_ms < 1000 ? t->eof_wait_ms * 2 : 1000;
	t->eof_at_ms = now_ms() + t->eof_wait_ms;
	t->in_ended = true;
}

int nk_terminal_timeout(const struct nk_terminal *t)
{
	if (t->ended || !t->in_ended || t->in < 0)
		return -1;
	int64_t left = t->eof_at_ms - now_ms();
	return left > 0 ? (int)left : 0;
}

static void hang_up(struct nk_terminal *t)
{
	if (t->master >= 0)
		close(t->master);
	t->master = -1;
	t->ended = true;
	t->to_out.start = t->to_out.end = 0;
}

int nk_terminal_poll_fds(struct nk_terminal *t, struct pollfd *fds)
{
	short n = 0;

	t->at[0] = t->at[1] = t->at[2] = -1;
	if (t->ended)
		return 0;
	/* Two bytes stay free for the end of file. */
	if (!t->in_ended && room(&t->to_pty) > 2) {
		t->at[0] = n;
		fds[n++] = (struct pollfd){.fd = t->in, .events = POLLIN};
	}
	if (filled(&t->to_out)) {
		t->at[1] = n;
		fds[n++] = (struct pollfd){.fd = t->out_own >= 0 ? t->out_own : t->out,
					   .events = POLLOUT};
	}
	short events = room(&t->to_out) ? POLLIN : 0;
	if (filled(&t->to_pty))
		events |= POLLOUT;
	/* POLLHUP comes unasked: not polling at all keeps us from spinning on it
	 * while the output is stuck. */
	if (events) {
		t->at[2] = n;
		fds[n++] = (struct pollfd){.fd = t->master, .events = events};
	}
	return n;
}

int nk_terminal_handle(struct nk_terminal *t, const struct pollfd *fds)
{
	if (t->ended)
		return 1;
	if (t->at[0] >= 0 && fds[t->at[0]].revents) {
		int n = pull(t->in, &t->to_pty);
		if (n < 0)
			say_eof(t);
		else if (n > 0)
			t->last = t->to_pty.data[t->to_pty.end - 1];
	}
	if (t->at[2] >= 0 && fds[t->at[2]].revents) {
		/* The pty takes no more: what we have for it is for nobody. */
		if (push(t->master, &t->to_pty, SIZE_MAX) < 0)
			t->to_pty.start = t->to_pty.end;
		/* EIO: the last process that had the pty open is gone. */
		if (room(&t->to_out) && pull(t->master, &t->to_out) < 0)
			t->ended = true;
	}
	if (nk_terminal_timeout(t) == 0) {
		if (filled(&t->to_pty))
			t->eof_at_ms = now_ms() + t->eof_wait_ms; /* the pty is full */
		else
			say_eof(t);
	}
	/* Nobody reads the output any more: hang up, as a closed terminal does. */
	bool may_write = t->out_own >= 0 || (t->at[1] >= 0 && fds[t->at[1]].revents);
	if (filled(&t->to_out) && may_write && push_out(t) < 0)
		hang_up(t);
	/* Without a pty to carry it, ^C has to reach us as a signal again. */
	if (t->ended)
		nk_terminal_leave(t);
	return t->ended;
}

/* How long a pty that somebody keeps open may be silent before we leave. */
#define SILENCE_MS 20

void nk_terminal_drain(struct nk_terminal *t, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	bool more = t->master >= 0;

	while (more || filled(&t->to_out)) {
		int64_t left = timeout_ms < 0 ? INT_MAX : end - now_ms();
		if (left <= 0)
			return;
		/* Everything written before a hang-up is read before EIO comes. */
		int n = more && room(&t->to_out) ? pull(t->master, &t->to_out) : 0;
		if (n < 0)
			more = false;
		struct pollfd fds[2] = {
			{.fd = filled(&t->to_out) ? (t->out_own >= 0 ? t->out_own : t->out) : -1,
			 .events = POLLOUT},
			{.fd = more && room(&t->to_out) ? t->master : -1, .events = POLLIN},
		};
		bool silent = more && !filled(&t->to_out);
		if (!silent && !filled(&t->to_out))
			return;
		int ready = poll(fds, 2, silent && left > SILENCE_MS ? SILENCE_MS : (int)left);
		if (ready < 0 && errno != EINTR)
			return;
		if (ready == 0 && silent)
			return;
		if (fds[0].revents && push_out(t) < 0)
			return;
	}
}

void nk_terminal_done(struct nk_terminal *t)
{
	nk_terminal_leave(t);
	if (t->out_own > 0)
		close(t->out_own);
	if (t->master > 0)
		close(t->master);
	t->out_own = t->master = -1;
	t->ended = true;
}
