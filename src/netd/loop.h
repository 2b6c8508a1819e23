/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll loop: whoever waits for a descriptor has a struct nk_watch in its own struct. */
#ifndef NK_NETD_LOOP_H
#define NK_NETD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct nk_watch {
	int fd; /* -1: closed */
	bool rests;
	void (*ready)(struct nk_watch *w, uint32_t events);
	struct nk_watch *next_resting;
};
/* The struct that a watch is part of. */
#define NK_WATCHER(w, type, member) \
	((type *)(void *)((char *)(w) - __builtin_offsetof(type, member)))

struct nk_loop {
	int fd;
	void **buried;
	unsigned n_buried, cap_buried;
	struct nk_watch *resting;
	int64_t rest_until;
};

int nk_loop_open(struct nk_loop *l, struct nk_err *e);
/* 0 or -errno */
int nk_loop_add(struct nk_loop *l, struct nk_watch *w, uint32_t events);
void nk_loop_change(struct nk_loop *l, struct nk_watch *w, uint32_t events);
/*
 * No events of this listener for a moment: there is no descriptor left to accept with, and it would
 * report for ever what waits. It goes on (EPOLLIN) with the next nk_loop_close(), or by the clock.
 */
void nk_loop_rest(struct nk_loop *l, struct nk_watch *w);
/* No more events, descriptor closed. */
void nk_loop_close(struct nk_loop *l, struct nk_watch *w);
/*
 * free(object) when the events that were read together are through: a later one of them may
 * still point to the watch in it, which is closed and therefore passed over.
 */
void nk_loop_bury(struct nk_loop *l, void *object);
/* Wait at most ms (-1: for ever) and serve what is ready. */
void nk_loop_turn(struct nk_loop *l, int ms);

/* Milliseconds of a clock that only goes forward. */
int64_t nk_now_ms(void);

#endif
