/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver of a container with --egress: which names it knows (net/egress.h), and how the
 * addresses in its answers get into the container's firewall before the answer goes out.
 */
#ifndef NK_NETD_EGRESS_H
#define NK_NETD_EGRESS_H

#include "net/egress.h"
#include "netd/message.h"

enum {
	NK_REACH_MAX = 4096,	 /* addresses that one container can reach at a time */
	NK_REACH_ANSWER = 128,	 /* of one answer */
	NK_REACH_TTL_MIN = 10,	 /* s: a program has that long between answer and connection */
	NK_REACH_TTL_MAX = 3600, /* s: answers say no more, either */
};

struct nk_egress;

/*
 * list: words with commas between them. nft_fd: a NETLINK_NETFILTER socket of the container's
 * network namespace, the resolver's from here on, also when it fails. Addresses among the words
 * are put into the firewall at once, for good.
 */
int nk_egress_new(const char *list, int nft_fd, struct nk_egress **out, struct nk_err *e);
void nk_egress_free(struct nk_egress *g);

bool nk_egress_allows(const struct nk_egress *g, const struct nk_question *q);
/*
 * An answer to a question that is allowed. It is cut down to what was asked; its addresses enter
 * the firewall for as long as it lives. 0: it may go out. Else LDNS_RCODE_… to answer instead. own:
 * the answer is ours, so that private addresses in it are right.
 */
int nk_egress_pass(struct nk_egress *g, const struct nk_question *q, ldns_pkt *pkt, bool own,
		   int64_t now);

#endif
