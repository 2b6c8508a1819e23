/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks of an ordinary user: one network namespace of that user holds the bridges, and whoever
 * works with networks by name joins it first.
 *
 *   nook run --network blue                       keeper                  pasta      space
 *     │ none there: forks ──────────────────────────▶│ forks ───────────────────────────▶│ users,
 *     │                                              │ writes id maps                    │ network,
 *     │                                              │ pasta or slirp4netns ──▶ card ────▶│ lo
 *     │◀──── ready ──────────────────────────────────│                                   │
 *     │ connects to STATE/net/holder.sock ──────────▶│ counts connections                │
 *     │◀──── the space's pidfd ──────────────────────│                                   │
 *     │ joins users and network, mounts of its own, and executes nook again: root there
 *     │      … everything goes as for root …         │
 *     │ ends: its connection is closed ─────────────▶│ the last one: all of it ends
 *
 * The space (a process that only waits) and the back end get SIGKILL when the keeper ends. The
 * keeper is not in the space: it stays in the user's own network, where its back end has sockets.
 * Starting, connecting and ending go under a lock on STATE/net/holder.lock. STATE/net/resolv.conf
 * is the /etc/resolv.conf for who asks from the space: nook-netd.
 */
#ifndef NK_RUNTIME_LAN_H
#define NK_RUNTIME_LAN_H

#include <limits.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* What the keeper says to who connects; the pidfd of the space comes along. */
struct nk_lan_hello {
	pid_t space;
	char notice[256]; /* why there is no way out, or empty */
};

struct nk_lan {
	int fd;	   /* the connection: the holder lives as long as it is open */
	int space; /* pidfd */
	struct nk_lan_hello hello;
};
#define NK_LAN_INIT                            \
	{                                      \
		.fd = -EBADF, .space = -EBADF, \
	}
void nk_lan_done(struct nk_lan *l);
#define _lan_ __attribute__((cleanup(nk_lan_done)))

/* Connect to the holder of STATE; make: start it where there is none. 1: there is none. */
int nk_lan_connect(struct nk_arena *a, const char *state, bool make, struct nk_lan *l,
		   struct nk_err *e);

/* Join it: from now on this process is root of the holder's users, in its network, with mounts of
 * its own. Only execve makes sense afterwards. */
int nk_lan_join(const struct nk_lan *l, struct nk_err *e);

/* lan_keeper.c, for lan_enter.c: start one, with the lock held. state, dir_fd: STATE/net. */
int nk_lan_keeper_start(const char *state, int dir_fd, struct nk_err *e);

#endif
