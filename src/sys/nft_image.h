/* SPDX-License-Identifier: Apache-2.0 */
/* A table of nftables as bytes, to compare it with another. */
#ifndef NK_SYS_NFT_IMAGE_H
#define NK_SYS_NFT_IMAGE_H

#include <stdint.h>

#include "base/arena.h"

struct nk_nft_image {
	NK_VEC(uint8_t);
};

/*
 * Chains (name, hook, policy) and rules (chain, expressions) of table inet TABLE, in the kernel's
 * order and without what differs from one making to the next (handles). Empty: no such table. fd: a
 * NETLINK_NETFILTER socket. 0 or -errno.
 */
int nk_nft_image(int fd, struct nk_arena *a, const char *table, struct nk_nft_image *out,
		 struct nk_err *e);

#endif
