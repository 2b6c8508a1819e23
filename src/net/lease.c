/* SPDX-License-Identifier: Apache-2.0 */
#include "net/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "net/lease_file.h"
#include "oci/ip.h"

/* The words say it all: only the number is added. */
#define refuse(e, number, ...) (nk_fail((e), 0, __VA_ARGS__), (e)->err = (number))

/* ---- addresses ---- */

static const struct nk_net_lease *holder(const struct nk_net_leases *l, const struct nk_ip *ip)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].ips.n; k++)
			if (nk_ip_equal(&l->v[i].ips.v[k], ip))
				return &l->v[i];
	return NULL;
}

/* No card's: the subnet's own address, IPv4's broadcast, the bridge's. */
static bool reserved(const struct nk_subnet *s, const struct nk_ip *ip)
{
	struct nk_ip first = nk_ip_first(&s->net), last = nk_ip_last(&s->net);

	return nk_ip_equal(ip, &first) || nk_ip_equal(ip, &s->gateway) ||
	       (ip->family == AF_INET && nk_ip_equal(ip, &last));
}

/* An address that was asked for: whose subnet is it, and is it free? */
static int check_asked(const struct nk_network *n, const struct nk_net_leases *l, struct nk_ip *ip,
		       struct nk_err *e)
{
	char buf[NK_IP_TEXT], net[NK_IP_TEXT];
	const struct nk_subnet *in = NULL;
	const struct nk_net_lease *has;

	nk_ip_text(ip, false, buf);
	for (size_t i = 0; i < n->subnets.n; i++)
		if (nk_ip_inside(ip, &n->subnets.v[i].net))
			in = &n->subnets.v[i];
	if (!in) {
		nk_fail(e, 0, "%s is not an address of network \"%s\"", buf, n->name);
		return nk_hint(e, "its subnet is %s",
			       n->subnets.n ? nk_ip_text(&n->subnets.v[0].net, true, net)
					    : "not nook's business: no address can be asked for");
	}
	ip->prefix = in->net.prefix;
	if (reserved(in, ip)) {
		refuse(e, EADDRINUSE, "%s of network \"%s\" is %s", buf, n->name,
		       nk_ip_equal(ip, &in->gateway) ? "the gateway's" : "no card's");
		return nk_hint(e, "without --ip a free address is chosen");
	}
	has = holder(l, ip);
	if (!has)
		return 0;
	refuse(e, EADDRINUSE, "%s of network \"%s\" belongs to %.60s", buf, n->name, has->name);
	return nk_hint(e, "without --ip a free address is chosen");
}

static int by_number(const void *a, const void *b)
{
	return nk_ip_compare(a, b);
}

/* The lowest free address of the subnet's range. -ENOSPC without a message. */
static int lowest(struct nk_arena *a, const struct nk_subnet *s, const struct nk_net_leases *l,
		  struct nk_ip *ip)
{
	const struct nk_ip *range = s->range.family ? &s->range : &s->net;
	struct nk_ip last = nk_ip_last(range);
	struct nk_ips used = {0};
	size_t at = 0;

	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i].ips.n; k++) {
			struct nk_ip *to;

			if (!nk_ip_inside(&l->v[i].ips.v[k], range))
				continue;
			to = NK_PUSH(a, &used);
			if (to)
				*to = l->v[i].ips.v[k];
		}
	}
	if (used.n)
		qsort(used.v, used.n, sizeof(*used.v), by_number);
	*ip = nk_ip_first(range);
	ip->prefix = s->net.prefix;
	for (;;) {
		while (at < used.n && nk_ip_compare(&used.v[at], ip) < 0)
			at++;
		if ((at == used.n || !nk_ip_equal(&used.v[at], ip)) && !reserved(s, ip))
			return 0;
		if (nk_ip_equal(ip, &last))
			return -ENOSPC;
		*ip = nk_ip_next(ip);
	}
}

static bool has_family(const struct nk_ips *ips, int family)
{
	for (size_t i = 0; i < ips->n; i++)
		if (ips->v[i].family == family)
			return true;
	return false;
}

/* Where several subnets of a family are, the first with room. */
static int add_family(struct nk_arena *a, const struct nk_net_leases *l, struct nk_net_card *card,
		      uint8_t family, struct nk_err *e)
{
	const struct nk_network *n = card->network;
	struct nk_ip ip, *to;
	int rc = 0;

	if (has_family(&card->ips, family))
		return 0;
	for (size_t i = 0; i < n->subnets.n; i++) {
		if (n->subnets.v[i].net.family != family)
			continue;
		rc = lowest(a, &n->subnets.v[i], l, &ip);
		if (rc < 0)
			continue;
		to = NK_PUSH(a, &card->ips);
		if (to)
			*to = ip;
		return nk_arena_ok(a, e);
	}
	if (rc == 0)
		return 0;
	refuse(e, ENOSPC, "network \"%s\" has no free IPv%d address", n->name,
	       family == AF_INET ? 4 : 6);
	return nk_hint(e,
		       "nook network create --subnet with a larger one; nook network inspect %s "
		       "shows who has them",
		       n->name);
}

static int choose_ips(struct nk_arena *a, const struct nk_net_leases *l, struct nk_net_card *card,
		      struct nk_err *e)
{
	int rc = 0;

	for (size_t i = 0; i < card->ips.n && rc >= 0; i++)
		rc = check_asked(card->network, l, &card->ips.v[i], e);
	if (rc >= 0 && card->network->ipam == NK_IPAM_HOST_LOCAL)
		rc = add_family(a, l, card, AF_INET, e);
	if (rc >= 0 && card->network->ipam == NK_IPAM_HOST_LOCAL)
		rc = add_family(a, l, card, AF_INET6, e);
	return rc;
}

/* ---- the card's names ---- */

static void digest_of(const struct nk_net_card *card, const char *id, uint8_t out[NK_SHA256_SIZE])
{
	struct nk_sha256 h;

	nk_sha256_init(&h);
	nk_sha256_add_string(&h, id);
	nk_sha256_add_string(&h, card->network->name);
	nk_sha256_add_string(&h, card->ifname);
	nk_sha256_done(&h, out);
}

/*
 * Of the address, so that who gets it next is found by neighbours that still remember the last
 * one; of the names where there is none.
 */
static void choose_mac(struct nk_net_card *card, const uint8_t digest[NK_SHA256_SIZE])
{
	static const uint8_t none[6];
	const uint8_t *from = digest;

	if (memcmp(card->mac, none, sizeof(none)) != 0)
		return;
	card->mac[0] = 0x02;
	for (size_t i = 0; i < card->ips.n; i++) {
		if (card->ips.v[i].family != AF_INET)
			continue;
		card->mac[1] = 0x42;
		memcpy(card->mac + 2, card->ips.v[i].a, 4);
		return;
	}
	if (card->ips.n)
		from = card->ips.v[0].a + 11;
	memcpy(card->mac + 1, from, 5);
}

static int check_mac(const struct nk_net_leases *l, const struct nk_net_card *card,
		     struct nk_err *e)
{
	char buf[18];

	for (size_t i = 0; i < l->n; i++) {
		if (memcmp(l->v[i].mac, card->mac, 6) != 0)
			continue;
		refuse(e, EADDRINUSE, "the hardware address %s of network \"%s\" belongs to %.60s",
		       nk_mac_text(card->mac, buf), card->network->name, l->v[i].name);
		return nk_hint(e, "without --mac-address a free one is chosen");
	}
	return 0;
}

static void choose_host_name(struct nk_arena *a, struct nk_net_card *card,
			     const uint8_t digest[NK_SHA256_SIZE])
{
	char hex[NK_SHA256_HEX];

	if (card->host_ifname || card->network->driver != NK_NET_BRIDGE)
		return;
	nk_sha256_hex(digest, hex);
	card->host_ifname = nk_fmt(a, "nk%.11s", hex);
}

static int check_twice(const struct nk_net_leases *l, const struct nk_net_card *card,
		       const char *id, struct nk_err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].id, id) != 0 || strcmp(l->v[i].ifname, card->ifname) != 0)
			continue;
		refuse(e, EEXIST, "%.60s has its card %s on network \"%s\" already", l->v[i].name,
		       card->ifname, card->network->name);
		return nk_hint(e, "nook network disconnect %s %.60s takes it out",
			       card->network->name, l->v[i].name);
	}
	return 0;
}

/* ---- the three verbs ---- */

static int choose(struct nk_arena *a, const struct nk_net_leases *l, struct nk_net_card *card,
		  const char *id, struct nk_err *e)
{
	uint8_t digest[NK_SHA256_SIZE];
	int rc;

	if (!card->ifname)
		card->ifname = "eth0";
	rc = check_twice(l, card, id, e);
	if (rc >= 0)
		rc = choose_ips(a, l, card, e);
	if (rc < 0)
		return rc;
	digest_of(card, id, digest);
	choose_mac(card, digest);
	choose_host_name(a, card, digest);
	return check_mac(l, card, e);
}

static int gone(struct nk_net_store *s, struct nk_arena *a, const char *network, struct nk_err *e)
{
	if (nk_net_is_defined(s, a, network))
		return 0;
	nk_fail(e, errno, "network \"%s\" has just been removed", network);
	/* Its lock has made the directory again. */
	nk_net_leases_remove(s, network);
	return -e->err;
}

int nk_net_lease(struct nk_net_store *s, struct nk_arena *a, struct nk_net_card *card,
		 const char *id, const char *name, const struct nk_ports *ports, const char *owner,
		 nk_net_bury_fn *bury, struct nk_err *e)
{
	const char *network = card->network->name;
	struct nk_net_leases lines = {0}, dead = {0};
	_close_ int lock = s->dry ? -EBADF : nk_net_lease_lock(s, network, e);
	int rc = s->dry ? 0 : lock;

	if (rc >= 0)
		rc = nk_net_leases_read(s, a, network, &lines, &dead, e);
	if (rc >= 0 && !s->dry)
		rc = gone(s, a, network, e);
	if (rc >= 0)
		rc = choose(a, &lines, card, id, e);
	if (rc < 0 || s->dry)
		return rc < 0 ? rc : 0;
	if (bury && dead.n)
		bury(a, &dead);

	struct nk_net_lease *line = NK_PUSH(a, &lines);

	if (line)
		*line = (struct nk_net_lease){.ips = card->ips,
					      .ifname = card->ifname,
					      .host_ifname = card->host_ifname,
					      .id = id,
					      .name = name,
					      .aliases = card->aliases,
					      .owner = owner};
	if (line && ports)
		line->ports = *ports;
	if (line)
		memcpy(line->mac, card->mac, sizeof(line->mac));
	return nk_net_leases_write(s, a, network, &lines, e);
}

static bool exists(struct nk_net_store *s, const char *network)
{
	return faccessat(s->state_fd, network, F_OK, 0) == 0;
}

int nk_net_release(struct nk_net_store *s, struct nk_arena *a, const char *network, const char *id,
		   const char *ifname, nk_net_bury_fn *bury, struct nk_err *e)
{
	struct nk_net_leases lines = {0}, keep = {0}, go = {0};

	if (!exists(s, network))
		return 0;

	_close_ int lock = nk_net_lease_lock(s, network, e);
	/* Dead ones stay: they are taken away by who can tidy up after them. */
	int rc = lock < 0 ? lock : nk_net_leases_read(s, a, network, &lines, &lines, e);

	for (size_t i = 0; rc >= 0 && i < lines.n; i++) {
		bool its = !strcmp(lines.v[i].id, id) &&
			   (!ifname || !strcmp(lines.v[i].ifname, ifname));
		struct nk_net_lease *line = NK_PUSH(a, its ? &go : &keep);

		if (line)
			*line = lines.v[i];
	}
	if (rc < 0 || !go.n)
		return rc < 0 ? rc : 0;
	if (bury)
		bury(a, &go);
	return nk_net_leases_write(s, a, network, &keep, e);
}

int nk_net_leases_touch(struct nk_net_store *s, struct nk_arena *a, const char *network,
			struct nk_err *e)
{
	struct nk_net_leases lines = {0};
	_close_ int lock = nk_net_lease_lock(s, network, e);
	int rc = lock < 0 ? lock : nk_net_leases_read(s, a, network, &lines, &lines, e);

	return rc < 0 ? rc : nk_net_leases_write(s, a, network, &lines, e);
}

int nk_net_lease_owner(struct nk_net_store *s, struct nk_arena *a, const char *network,
		       const char *id, const char *ifname, const char *owner, struct nk_err *e)
{
	struct nk_net_leases lines = {0};
	_close_ int lock = nk_net_lease_lock(s, network, e);
	int rc = lock < 0 ? lock : nk_net_leases_read(s, a, network, &lines, &lines, e);

	for (size_t i = 0; rc >= 0 && i < lines.n; i++)
		if (!strcmp(lines.v[i].id, id) && !strcmp(lines.v[i].ifname, ifname))
			lines.v[i].owner = owner;
	return rc < 0 ? rc : nk_net_leases_write(s, a, network, &lines, e);
}

int nk_net_leases(struct nk_net_store *s, struct nk_arena *a, const char *network,
		  struct nk_net_leases *alive, struct nk_net_leases *dead, nk_net_bury_fn *bury,
		  struct nk_err *e)
{
	struct nk_net_leases living = {0}, ended = {0};

	if (!exists(s, network))
		return 0;

	_close_ int lock = bury ? nk_net_lease_lock(s, network, e) : -EBADF;
	int rc = bury && lock < 0 ? lock : nk_net_leases_read(s, a, network, &living, &ended, e);

	if (rc >= 0 && bury && ended.n) {
		bury(a, &ended);
		rc = nk_net_leases_write(s, a, network, &living, e);
	}
	if (alive)
		*alive = living;
	if (dead)
		*dead = ended;
	return rc < 0 ? rc : 0;
}
