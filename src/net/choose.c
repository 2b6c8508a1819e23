/* SPDX-License-Identifier: Apache-2.0 */
/* Free subnets and names for bridges. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/sha256.h"
#include "net/define.h"
#include "oci/ip.h"

enum { TRIES = 100 };

/* Where /24 are looked for, in this order. 10.88 and 10.89's like are Podman's, 172.17 and on
 * Docker's: a machine that has them shows it by a route. */
static const struct {
	uint8_t first[2], last[2];
} pools[] = {
	{{10, 89}, {10, 255}},
	{{172, 20}, {172, 31}},
	{{192, 168}, {192, 168}},
};

static const struct nk_net_used *overlapping(const struct nk_net_taken *t, const struct nk_ip *net)
{
	for (size_t i = 0; i < t->n; i++)
		if (nk_ip_overlap(&t->v[i].net, net))
			return &t->v[i];
	return NULL;
}

int nk_net_choose4(const struct nk_net_taken *t, struct nk_ip *net, struct nk_err *e)
{
	for (size_t p = 0; p < sizeof(pools) / sizeof(*pools); p++) {
		struct nk_ip at = {.family = AF_INET, .prefix = 24};
		struct nk_ip end = at;

		memcpy(at.a, pools[p].first, 2);
		memcpy(end.a, pools[p].last, 2);
		end.a[2] = 255;
		while (nk_ip_compare(&at, &end) <= 0) {
			const struct nk_net_used *used = overlapping(t, &at);

			*net = at;
			if (!used)
				return 0;
			/* Behind the larger of the two. */
			struct nk_ip wide = used->net.prefix < 24 ? used->net : at;

			wide = nk_ip_last(&wide);
			at = nk_ip_next(&wide);
			at.prefix = 24;
			/* Behind the last address of all is the first one. */
			if (nk_ip_compare(&at, &wide) <= 0)
				break;
		}
	}
	nk_fail(e, 0, "no private IPv4 subnet is free on this machine");
	e->err = ENOSPC;
	return nk_hint(e, "name one with --subnet, or nook network prune");
}

int nk_net_choose6(const struct nk_net_taken *t, const char *seed, struct nk_ip *net,
		   struct nk_err *e)
{
	uint8_t digest[NK_SHA256_SIZE];

	for (unsigned i = 0; i < TRIES; i++) {
		struct nk_sha256 h;

		nk_sha256_init(&h);
		nk_sha256_add_string(&h, seed);
		nk_sha256_add(&h, &i, sizeof(i));
		nk_sha256_done(&h, digest);
		/* RFC 4193: fd and 40 bits that nobody else has; subnet 0 of it */
		*net = (struct nk_ip){.family = AF_INET6, .prefix = 64, .a = {0xfd}};
		memcpy(net->a + 1, digest, 5);
		if (!overlapping(t, net))
			return 0;
	}
	return nk_fail(e, ENOSPC, "no private IPv6 subnet is free on this machine");
}

static bool link_taken(const struct nk_net_taken *t, const char *link)
{
	for (size_t i = 0; i < t->links.n; i++)
		if (!strcmp(t->links.v[i], link))
			return true;
	return false;
}

/* Five letters to be recognised by, seven digits to differ. */
static const char *hashed(struct nk_arena *a, const char *name, unsigned i)
{
	struct nk_sha256 h;
	uint8_t digest[NK_SHA256_SIZE];
	char hex[NK_SHA256_HEX];

	nk_sha256_init(&h);
	nk_sha256_add_string(&h, name);
	nk_sha256_add(&h, &i, sizeof(i));
	nk_sha256_done(&h, digest);
	nk_sha256_hex(digest, hex);
	return nk_fmt(a, "nk-%.5s%.7s", name, hex);
}

const char *nk_net_choose_link(struct nk_arena *a, const struct nk_network *n,
			       const struct nk_net_taken *t)
{
	bool ours = !strcmp(n->name, NK_NET_DEFAULT);
	const char *link = nk_fmt(a, ours ? "%s0" : "nk-%s", n->name);

	if (strlen(link) >= IFNAMSIZ)
		link = hashed(a, n->name, 0);
	for (unsigned i = 1; link_taken(t, link) && i < TRIES; i++)
		link = ours ? nk_fmt(a, "%s%u", n->name, i) : hashed(a, n->name, i);
	return link;
}

void nk_net_taken_networks(struct nk_arena *a, struct nk_net_taken *t,
			   const struct nk_networks *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct nk_network *n = &list->v[i];

		if (n->link && *n->link)
			nk_strv_push(a, &t->links, n->link);
		for (size_t s = 0; s < n->subnets.n; s++) {
			char buf[NK_IP_TEXT];
			struct nk_net_used *used = NK_PUSH(a, t);

			if (!used)
				return;
			used->net = n->subnets.v[s].net;
			used->who = nk_fmt(a, "%s of network \"%s\"",
					   nk_ip_text(&used->net, true, buf), n->name);
			used->network = true;
		}
	}
}
