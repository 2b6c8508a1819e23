/* SPDX-License-Identifier: Apache-2.0 */
/* A user namespace and those around it, as far up as this process may look (ioctl_nsfs(2)). */
#ifndef NK_NS_USERNS_H
#define NK_NS_USERNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

/* The inode that the kernel gives the first user namespace of the machine. */
#define NK_USERNS_FIRST 0xEFFFFFFDu

struct nk_userns_level {
	uint64_t inode;
	uid_t creator; /* effective uid of who made it, as our user namespace sees it */
	bool creator_known;
};

struct nk_userns_chain {
	NK_VEC(struct nk_userns_level); /* it, its parent, … */
	bool whole;			/* the last one is the machine's first */
};

/* fd: an open user namespace file. Empty when it cannot be looked at. */
void nk_userns_chain(struct nk_arena *a, int fd, struct nk_userns_chain *c);

/* The user namespace that owns an open namespace file (a user namespace: itself), as a chain.
 * Empty when it is outside of what we may see. */
void nk_userns_owner(struct nk_arena *a, int fd, bool is_user, struct nk_userns_chain *c);

/* Is inode one of the chain? */
bool nk_userns_within(const struct nk_userns_chain *c, uint64_t inode);

/* Inode number of an open file; 0 when it cannot be told. */
uint64_t nk_ns_inode(int fd);

#endif
