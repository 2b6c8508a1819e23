/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sent to nook while a container runs is meant for the container. The
 * signals are blocked before the first clone, so that none is lost while it
 * starts, and read from a descriptor in the poll loop once it runs.
 *
 *   SIGWINCH            with a terminal: the pty takes the new size
 *   SIGTSTP             (^Z without -t) the container is stopped, then nook, so that the
 *                       shell gets its prompt; SIGCONT lets both go on
 *   SIGCHLD SIGPIPE     nook's own, dropped
 *   SIGTTIN SIGTTOU     not blocked: job control of nook itself
 *   SIGKILL SIGSTOP, and faults (SIGSEGV …) act on nook
 *   all others          are sent on as they are
 *
 * A signal that nook was started with ignored (nohup, `&` in a script) stays so.
 */
#ifndef NK_SPAWN_SIGNALS_H
#define NK_SPAWN_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"
#include "spawn/terminal.h"

struct nk_signals {
	int fd;	      /* readable when a signal waits; poll for POLLIN */
	bool open;    /* the mask is changed */
	bool to_init; /* set it behind _open when the process is nook-init (--init): its command
		       * has a process group of its own, so SIGTSTP is sent on as it is */
	bool shares_terminal; /* set it behind _open when the process is in nook's session: what
			       * the terminal sends, it has got itself */
	sigset_t saved;	      /* the mask before: what a command should start with */
};

/* Block and open. Call before the clone. */
int nk_signals_open(struct nk_signals *s, struct nk_err *e);

/*
 * Deal with everything that waits: send it to the process of pidfd. terminal may
 * be NULL. Answers how many signals were sent on, or -errno; a process that has
 * already ended is no error.
 */
int nk_signals_handle(struct nk_signals *s, int pidfd, struct nk_terminal *terminal);

/* The mask as it was. Signals that still wait then act on nook itself. */
void nk_signals_done(struct nk_signals *s);

#endif
