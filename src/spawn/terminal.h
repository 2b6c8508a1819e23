/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's side of -t: bytes go both ways between the caller's terminal and
 * the container's pty, in small steps that a poll loop calls.
 *
 *     in ──read──▶ to_pty ──write──▶ master        (raw mode while in is a terminal)
 *     out ◀─write── to_out ◀──read── master
 *
 * A direction whose buffer is full stops reading until it has room again, so a
 * slow reader slows the writer and nothing grows. Nothing here blocks.
 */
#ifndef NK_SPAWN_TERMINAL_H
#define NK_SPAWN_TERMINAL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "base/err.h"

struct nk_pipe_buf {
	char data[8192];
	size_t start, end;
};

struct nk_terminal {
	int master;	   /* owned, non-blocking */
	int in, out;	   /* the caller's, not owned; in is -1 without -i */
	int out_own;	   /* out opened anew without blocking, or -1 */
	int size_from;	   /* the terminal whose size is copied, or -1 */
	bool raw;	   /* the terminal at in is in raw mode now */
	bool in_ended;	   /* nothing more to read from in */
	int64_t eof_at_ms; /* when its end is said to the pty again (CLOCK_MONOTONIC) */
	int eof_wait_ms;
	bool ended; /* the pty has hung up */
	char last;  /* last byte that went to the pty */
	struct termios saved;
	struct nk_pipe_buf to_pty, to_out;
	short at[3]; /* place of in, out, master among the pollfds, -1 = not polled */
};

/*
 * Take over master_fd (closed by _done, also when this fails). in is -1 when
 * stdin is not wanted; when it is a terminal it goes to raw mode. Neither has to
 * be one: bytes are then relayed all the same. One terminal at a time in a
 * process, because a fatal signal has to know what to restore.
 */
int nk_terminal_open(struct nk_terminal *t, int master_fd, int in, int out, struct nk_err *e);

/* Fill what to poll for now; needs room for 3. Answers how many, 0 once ended. */
int nk_terminal_poll_fds(struct nk_terminal *t, struct pollfd *fds);

/* Move what can be moved. fds: what nk_terminal_poll_fds() filled, polled.
 * 0 goes on; 1 the pty has ended (drain now and stop polling). */
int nk_terminal_handle(struct nk_terminal *t, const struct pollfd *fds);

/* Milliseconds until nk_terminal_handle() has to be called even if nothing is
 * ready, or -1: the end of stdin is then said to the pty once more. */
int nk_terminal_timeout(const struct nk_terminal *t);

/* Copy the caller's window size to the pty (after SIGWINCH, SIGCONT). */
void nk_terminal_resize(struct nk_terminal *t);

/*
 * The command has ended: pass on the output that is still in the pty. Ends when
 * all is written, when a process that kept the pty open says nothing more for
 * a moment, when out fails, or after timeout_ms (-1: as long as out takes).
 */
void nk_terminal_drain(struct nk_terminal *t, int timeout_ms);

/* Give the terminal back as it was, and take it again (around a stop). */
void nk_terminal_leave(struct nk_terminal *t);
void nk_terminal_enter(struct nk_terminal *t);

/* Restore, close. Harmless when repeated, and on an all-zero struct. */
void nk_terminal_done(struct nk_terminal *t);

#endif
