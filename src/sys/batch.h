/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several netlink messages that go to the kernel in one send, as one block of bytes, with the
 * words that say the same for `ip -batch` or `nft -f`: what is explained is what is sent.
 * src/sys/rtnl.h and src/sys/nft.h put messages in; NK_OP_NETLINK (step/step.h) sends it from
 * a plan, nk_batch_send() from anywhere else.
 *
 * Every message is answered only if it fails, the last one always (NLM_F_ACK). rtnetlink goes on
 * behind a message that it refuses: what is there already (EEXIST) keeps nothing else back.
 */
#ifndef NK_SYS_BATCH_H
#define NK_SYS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* More is sent only when the socket is told (net.core.wmem_default is 208 KiB). */
#define NK_BATCH_SEND_MAX (128 << 10)

struct nk_batch {
	struct nk_arena *arena;
	NK_VEC(uint8_t) bytes;
	size_t last;	    /* where the message begins that is being put together */
	uint32_t n;	    /* messages; their sequence numbers are 1 … n */
	uint32_t ack;	    /* number of the one that is acknowledged, 0: there is nothing to do */
	uint32_t patch;	    /* where in bytes a 32-bit number of a slot goes (the target's pid or
			     * descriptor), 0: nowhere */
	int protocol;	    /* NETLINK_ROUTE, NETLINK_NETFILTER */
	size_t rule;	    /* nftables: where the rule begins that is being put together */
	const char *where;  /* and its table and chain */
	NK_VEC(char) words; /* one command a line, for ip -batch (NETLINK_ROUTE) or nft -f */
};

void nk_batch_init(struct nk_batch *b, struct nk_arena *a, int protocol);

/* Begin a message (nlmsghdr and body), add attributes, nest them; the sizes are kept right. */
void nk_batch_message(struct nk_batch *b, uint16_t type, uint16_t flags, const void *body,
		      size_t size);
void nk_batch_attr(struct nk_batch *b, uint16_t type, const void *data, size_t size);
void nk_batch_attr_u8(struct nk_batch *b, uint16_t type, uint8_t v);
void nk_batch_attr_u16(struct nk_batch *b, uint16_t type, uint16_t v);
void nk_batch_attr_u32(struct nk_batch *b, uint16_t type, uint32_t v); /* host order */
void nk_batch_attr_be32(struct nk_batch *b, uint16_t type, uint32_t v);
void nk_batch_attr_be64(struct nk_batch *b, uint16_t type, uint64_t v);
void nk_batch_attr_str(struct nk_batch *b, uint16_t type, const char *v); /* with its NUL */
size_t nk_batch_nest(struct nk_batch *b, uint16_t type); /* answers what nest_end() wants */
void nk_batch_nest_end(struct nk_batch *b, size_t nest);
/* A line of words. */
void nk_batch_words(struct nk_batch *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Send it on a socket of that protocol and read the answers. 0 or -errno of the first message that
 * the kernel refused (with nftables nothing of the batch is done then; with rtnetlink all the
 * others are), *e: "what: words of the kernel". patch_value: what goes to b->patch.
 */
int nk_batch_send(int fd, const struct nk_batch *b, uint32_t patch_value, const char *what,
		  struct nk_err *e);

#endif
