/* SPDX-License-Identifier: Apache-2.0 */
/* The process that makes, or joins, namespaces so that they can be held. Inside src/ns only. */
#ifndef NK_NS_HOLDER_H
#define NK_NS_HOLDER_H

#include "ns/hold.h"

struct nk_ns_maker {
	pid_t child; /* nook's child, which made them */
	pid_t pid;   /* the one that is in all of them: the child or, for PID and time, its child */
	int ready;   /* what goes wrong in it comes here; it ends with execve */
	int go;	     /* closed: it ends. 'h': it becomes the holder */
};
#define NK_NS_MAKER_INIT                      \
	{                                     \
		.ready = -EBADF, .go = -EBADF \
	}

/* Start it and wait until the namespaces are there. */
int nk_ns_maker_start(struct nk_ns_maker *m, const struct nk_ns_keep *h, struct nk_err *e);
/* It becomes the holder and is nobody's concern any more. */
int nk_ns_maker_hold(struct nk_ns_maker *m, struct nk_err *e);
/* Ended and waited for, unless it holds. */
void nk_ns_maker_done(struct nk_ns_maker *m);
#define _maker_ __attribute__((cleanup(nk_ns_maker_done)))

#endif
