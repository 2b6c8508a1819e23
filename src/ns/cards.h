/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network cards with their addresses, and routes: from the answers of rtnetlink(7), which a visit
 * of the namespace brings (src/ns/visit.h), or, where it may not be visited, from /proc/PID/net,
 * which everybody may read and which tells less.
 */
#ifndef NK_NS_CARDS_H
#define NK_NS_CARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct nk_card {
	int index; /* 0: not known */
	const char *name;
	bool known;	   /* what follows is; /proc/PID/net/dev tells names only */
	bool up;	   /* set up by its administrator */
	const char *state; /* operational: "up", "down", "lowerlayerdown", "unknown" … */
	unsigned mtu;
	const char *mac;	  /* "" where it has none */
	const char *kind;	  /* "veth", "bridge" …; "" for a plain one */
	int peer;		  /* index of the other end or the card below; 0 = none */
	bool peer_elsewhere;	  /* that one is in another network namespace */
	int master;		  /* index of the bridge or bond it belongs to; 0 = none */
	struct nk_strv addresses; /* "10.0.0.2/24" */
};

struct nk_route {
	int family;	    /* AF_INET, AF_INET6 */
	const char *to;	    /* "default", "10.0.0.0/24" */
	const char *type;   /* "unicast", "blackhole", "unreachable" … */
	const char *via;    /* NULL: none */
	const char *dev;    /* NULL: none */
	const char *source; /* preferred source address, or NULL */
	unsigned metric, table;
};

struct nk_cards {
	NK_VEC(struct nk_card) cards;
	NK_VEC(struct nk_route) routes; /* without those of the table "local" */
	struct nk_strv loose;		/* addresses whose card is not known */
};

/* Answers of RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE as they were received, one behind the other. */
void nk_cards_parse_links(struct nk_arena *a, const char *data, size_t n, struct nk_cards *out);
void nk_cards_parse_addresses(struct nk_arena *a, const char *data, size_t n, struct nk_cards *out);
void nk_cards_parse_routes(struct nk_arena *a, const char *data, size_t n, struct nk_cards *out);

/* Texts of /proc/PID/net/{dev,if_inet6,fib_trie,route,ipv6_route}; NULL: could not be read. */
struct nk_cards_files {
	const char *dev, *if_inet6, *fib_trie, *route, *ipv6_route;
};
void nk_cards_parse_files(struct nk_arena *a, const struct nk_cards_files *f, struct nk_cards *out);

/* The card of that index or name; NULL: none. */
struct nk_card *nk_card_by_index(const struct nk_cards *c, int index);
struct nk_card *nk_card_by_name(const struct nk_cards *c, const char *name);

/* "up, mtu 1500, veth, 02:00:00:00:00:01"; "via 10.0.0.1 dev eth0 metric 5". */
const char *nk_card_words(struct nk_arena *a, const struct nk_cards *c, const struct nk_card *card);
const char *nk_route_words(struct nk_arena *a, const struct nk_route *r);

#endif
