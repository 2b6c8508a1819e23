/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of `--egress allow=WORD,…`: what a container may reach. Pure.
 *
 *	api.example.org		that name
 *	*.example.org		every name below it, and not itself
 *	NAME@private		NAME (or *.NAME), also where its addresses are private ones
 *	192.0.2.7, 2001:db8::7	an address; it can be reached without a name, and names that are
 *				allowed may lead to it even where it is a private one
 *
 * An answer with an address that is private, loopback, link-local (the metadata services of clouds
 * among them), shared (RFC 6598) or multicast is refused otherwise: who owns a name decides where
 * it leads, and must not lead a container into the networks around it.
 */
#ifndef NK_NET_EGRESS_H
#define NK_NET_EGRESS_H

#include "oci/ip.h"

struct nk_egress_word {
	const char *name; /* lower case, without a dot at its end; NULL: an address */
	bool below;	  /* *.NAME */
	bool private;	  /* NAME@private */
	struct nk_ip ip;  /* family 0: a name */
};

/* One word. -EINVAL with what is wrong about it. */
int nk_egress_read(struct nk_arena *a, const char *word, struct nk_egress_word *w,
		   struct nk_err *e);
/* text: a name in lower case, without a dot at its end. */
bool nk_egress_matches(const struct nk_egress_word *w, const char *text);
/* "a private address" and the like; NULL for one of the world. */
const char *nk_egress_kind(const struct nk_ip *ip);

#endif
