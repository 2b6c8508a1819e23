/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The servers that know the rest: nameserver lines of the host's resolv.conf, read again when the
 * file has changed. nook-netd lives in the host's network namespace, so that loopback addresses
 * in it (127.0.0.53) mean what they mean there. Source: resolv.conf(5).
 */
#ifndef NK_NETD_UPSTREAM_H
#define NK_NETD_UPSTREAM_H

#include <netinet/in.h>
#include <sys/stat.h>

#include "oci/ip.h"

enum { NK_UPSTREAMS = 6, NK_UPSTREAM_REST_MS = 10000 };

union nk_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_storage storage;
};
socklen_t nk_address_size(const union nk_address *a);
struct nk_ip nk_address_ip(const union nk_address *a);
bool nk_address_equal(const union nk_address *a, const union nk_address *b); /* with the port */
void nk_address_set(union nk_address *a, const struct nk_ip *ip, uint16_t port);

struct nk_upstream {
	union nk_address address;
	int64_t rests_until; /* it has let us wait: others first until then */
};
struct nk_upstreams {
	const char *path;
	struct stat seen;
	struct nk_upstream v[NK_UPSTREAMS];
	size_t n;
	uint32_t version; /* counts the changes */
};

/* Lines of text -> u->v. Without any nameserver: this machine, as resolv.conf(5) says. */
void nk_upstreams_read(struct nk_upstreams *u, const char *text);
/* Look whether the file has changed, and read it if so. True: it had. */
bool nk_upstreams_look(struct nk_upstreams *u);
/* The next one to be asked, of those whose bit in `tried` is not set, the rested ones first; -1:
 * all were. */
int nk_upstreams_pick(const struct nk_upstreams *u, unsigned tried, int64_t now);

#endif
