/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/cgroup only: one group that exists, those below it, and waiting for its end. */
#ifndef NK_CGROUP_GROUP_H
#define NK_CGROUP_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The directory as a descriptor, or -errno. */
int nk_group_open(const char *path);

int nk_group_write(int dir, const char *file, const char *text);

/* The first word of a file, at most size - 1 bytes; 0 or -errno. */
int nk_group_word(int dir, const char *file, char *word, size_t size);

/* Call fn for the group's directory and for each below it, deepest first. What fn answers for
 * the first of them, which is the last call. */
int nk_group_each(int dir, int (*fn)(int dir, void *arg), void *arg);

/* Every process of one group, in the order of their numbers on version 1. Those of a pid
 * namespace that we do not see are left out. 0 or -errno. */
struct nk_pids {
	pid_t *v;
	size_t n, room;
};
int nk_group_pids(int dir, struct nk_pids *pids);
void nk_pids_done(struct nk_pids *pids);
#define _pids_ __attribute__((cleanup(nk_pids_done)))

/*
 * Waiting for processes that end: 1, 2, 4 … 256 ms between the rounds, about two seconds when
 * nothing moves, and up to 30 while there are fewer and fewer. left: how many there are;
 * wait: false when this round has found new ones to deal with, and the next comes at once.
 * False: give up. All zero to begin with.
 */
struct nk_patience {
	int64_t end_ms;
	size_t least;
	int idle;
};
bool nk_patience(struct nk_patience *p, size_t left, bool wait);

#endif
