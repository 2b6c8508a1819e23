/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DHCP for IPv4 (RFC 2131, options of RFC 2132 and 3442): messages as bytes. Pure; what is read
 * comes from the network and is hostile.
 */
#ifndef NK_NET_DHCP_PACKET_H
#define NK_NET_DHCP_PACKET_H

#include <stddef.h>

#include "oci/net_spec.h"

enum nk_dhcp_type {
	NK_DHCP_DISCOVER = 1,
	NK_DHCP_OFFER,
	NK_DHCP_REQUEST,
	NK_DHCP_DECLINE,
	NK_DHCP_ACK,
	NK_DHCP_NAK,
	NK_DHCP_RELEASE,
};

enum { NK_DHCP_DNS = 4, NK_DHCP_ROUTES = 16, NK_DHCP_FRAME = 1500 };

struct nk_dhcp_route {
	struct nk_ip to, via; /* via 0.0.0.0: on the link */
};

/* An answer, or what it comes to: a lease. Times in seconds; addresses with family 0: not said. */
struct nk_dhcp_answer {
	enum nk_dhcp_type type;
	struct nk_ip ip; /* with the subnet's prefix */
	struct nk_ip router, server;
	struct nk_ip dns[NK_DHCP_DNS];
	size_t n_dns;
	struct nk_dhcp_route
		routes[NK_DHCP_ROUTES]; /* when there are any, router counts for nothing */
	size_t n_routes;
	uint32_t seconds, t1, t2; /* T1 < T2 < seconds */
	uint16_t mtu;		  /* 0: not said */
};

/* What the client says. */
struct nk_dhcp_request {
	enum nk_dhcp_type type;
	uint32_t xid;
	uint16_t elapsed; /* s */
	uint8_t mac[6];
	const char *hostname;	 /* or NULL */
	struct nk_ip own;	 /* ciaddr: an address that is in use already (renew, release) */
	struct nk_ip wanted;	 /* option 50 */
	struct nk_ip server;	 /* option 54 */
	struct nk_ip from, dest; /* of the IP packet; family 0: 0.0.0.0 and 255.255.255.255 */
};

/* An IP packet with it; its size. buf has NK_DHCP_FRAME bytes. */
size_t nk_dhcp_write(const struct nk_dhcp_request *q, uint8_t *buf);

/*
 * An IP packet of n bytes -> *out. -ENOMSG: none for us (another client's, no DHCP), to be passed
 * over; -EBADMSG: for us and wrong.
 */
int nk_dhcp_read(const uint8_t *buf, size_t n, uint32_t xid, const uint8_t mac[6],
		 struct nk_dhcp_answer *out);

#endif
