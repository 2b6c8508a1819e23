/* SPDX-License-Identifier: Apache-2.0 */
/* What the dead have left on networks, and what no network needs now. */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "net/netd.h"
#include "oci/ip.h"
#include "runtime/net.h"
#include "sys/netlink.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

enum { END_TRIES = 150, END_MS = 20, HEX = 11 };

struct prune {
	struct nk_net_store *s;
	struct nk_arena *a;
	struct nk_strv *told;
	struct nk_networks all;
	struct nk_net_leases alive; /* of all networks */
};

static void tell(struct prune *p, const char *what, const char *which, const char *network)
{
	nk_strv_push(p->a, p->told, nk_fmt(p->a, "%s %s of network %s", what, which, network));
}

/* The lines go with what they stand for: only we see them, from now on. */
static int dead_leases(struct prune *p, const struct nk_network *n, struct nk_err *e)
{
	struct nk_net_leases alive = {0}, dead = {0};
	int rc = nk_net_leases(p->s, p->a, n->name, &alive, &dead, nk_net_sweep, e);
	char buf[NK_IP_TEXT];

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < dead.n; i++) {
		const struct nk_net_lease *l = &dead.v[i];

		tell(p, "lease",
		     nk_fmt(p->a, "%s of %s",
			    l->ips.n ? nk_ip_text(&l->ips.v[0], false, buf) : l->ifname, l->name),
		     n->name);
	}
	for (size_t i = 0; i < alive.n; i++) {
		struct nk_net_lease *to = NK_PUSH(p->a, &p->alive);

		if (to)
			*to = alive.v[i];
	}
	return 0;
}

/* "nk" and eleven digits of a hash: how nk_net_lease() calls them. */
static bool our_name(const char *name)
{
	return !strncmp(name, "nk", 2) && strlen(name) == 2 + HEX &&
	       strspn(name + 2, "0123456789abcdef") == HEX;
}

static bool has_card(const struct prune *p, const char *host_ifname)
{
	for (size_t i = 0; i < p->alive.n; i++)
		if (!strcmp(p->alive.v[i].host_ifname, host_ifname))
			return true;
	return false;
}

/* Cards on bridges of ours that no lease knows: their nook was killed, and the line is gone. */
static int stray_cards(struct prune *p, int fd, const struct nk_network *n, uint32_t bridge,
		       const struct nk_rt_links *links, struct nk_err *e)
{
	for (size_t i = 0; i < links->n; i++) {
		const struct nk_rt_link *l = &links->v[i];
		struct nk_batch b;
		int rc;

		if (l->master != bridge || !l->kind || strcmp(l->kind, "veth") != 0 ||
		    !our_name(l->name) || has_card(p, l->name))
			continue;
		nk_batch_init(&b, p->a, NETLINK_ROUTE);
		nk_rt_del_link(&b, l->name);
		rc = nk_batch_send(fd, &b, 0, nk_fmt(p->a, "remove the card %s", l->name), e);
		if (rc < 0 && rc != -ENODEV)
			return rc;
		tell(p, "card", l->name, n->name);
	}
	return 0;
}

static int unpublish(struct prune *p, int fd, const struct nk_port_seen *seen, struct nk_err *e)
{
	int rc = nk_net_unpublish(fd, p->a, seen, e);
	char buf[NK_IP_TEXT];

	if (rc == -ENOENT)
		return 0;
	if (rc >= 0)
		nk_strv_push(p->a, p->told,
			     nk_fmt(p->a, "port %u/%s, which led to %s", seen->port.host_port,
				    seen->port.proto == NK_UDP ? "udp" : "tcp",
				    nk_ip_text(&seen->to, false, buf)));
	return rc;
}

/* What is of a network that we cannot read, or of a nook with another --root, is not ours. */
static bool of_ours(const struct prune *p, const struct nk_ip *ip)
{
	for (size_t i = 0; i < p->all.n; i++)
		for (size_t k = 0; k < p->all.v[i].subnets.n; k++)
			if (nk_ip_inside(ip, &p->all.v[i].subnets.v[k].net))
				return true;
	return false;
}

/* Ports that lead to an address nobody has: seen before the leases were read, so that those of a
 * container that starts now are known. */
static int stray_ports(struct prune *p, int fd, const struct nk_ports_seen *seen, struct nk_err *e)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < seen->n; i++) {
		bool known = false;

		for (size_t k = 0; k < p->alive.n; k++)
			known |= nk_net_leads_to(&seen->v[i], &p->alive.v[k]);
		if (!known && of_ours(p, &seen->v[i].to))
			rc = unpublish(p, fd, &seen->v[i], e);
	}
	return rc;
}

/* 1, 0. Asked again: one may have started since. */
static int in_use(struct prune *p, const struct nk_network *n, struct nk_err *e)
{
	struct nk_net_leases alive = {0};
	int rc = nk_net_leases(p->s, p->a, n->name, &alive, NULL, NULL, e);

	return rc < 0 ? rc : alive.n > 0;
}

/* It has seen that the last lease is gone, and ends by itself. */
static int await_netd(struct prune *p, const struct nk_network *n, struct nk_err *e)
{
	const struct timespec while_ms = {.tv_nsec = END_MS * 1000000L};

	if (nk_netd_runs(p->s, n->name) != 1)
		return 0;
	if (nk_net_leases_touch(p->s, p->a, n->name, e) < 0)
		return -e->err;
	for (int i = 0; i < END_TRIES; i++) {
		if (nk_netd_runs(p->s, n->name) != 1) {
			tell(p, "resolver", "nook-netd", n->name);
			return 0;
		}
		nanosleep(&while_ms, NULL);
	}
	return nk_fail(e, ETIMEDOUT, "nook-netd of network %s does not end", n->name);
}

static int unused(struct prune *p, const struct nk_network *n, bool forget, struct nk_err *e)
{
	struct nk_strv told = {0};
	int rc = in_use(p, n, e);

	if (rc)
		return rc < 0 ? rc : 0;
	rc = await_netd(p, n, e);
	/* That may have taken seconds, and somebody may have come. */
	if (rc >= 0 && (rc = in_use(p, n, e)))
		return rc < 0 ? rc : 0;
	if (rc >= 0)
		rc = nk_net_unmake(p->s, p->a, n, &told, e);
	for (size_t i = 0; i < told.n; i++)
		nk_strv_push(p->a, p->told, told.v[i]);
	if (rc < 0 || !forget)
		return rc;
	rc = nk_net_remove(p->s, p->a, n, false, e);
	if (rc >= 0)
		nk_strv_push(p->a, p->told, nk_fmt(p->a, "network %s", n->name));
	return rc == -EBUSY ? 0 : rc;
}

int nk_net_prune(struct nk_net_store *s, struct nk_arena *a, bool all, struct nk_strv *told,
		 struct nk_err *e)
{
	struct prune p = {.s = s, .a = a, .told = told};
	_close_ int fd = nk_nl_open(e);
	_close_ int filter = fd < 0 ? fd : nk_nft_open(e);
	struct nk_rt_links links = {0};
	struct nk_ports_seen ports = {0};
	int rc = filter < 0 ? filter : nk_net_starts_lock(s, true, e);

	if (rc >= 0)
		rc = nk_net_list(s, a, &p.all, e);
	/* Links and rules first, then who has a lease: what is there and has none is of the dead.
	 */
	if (rc >= 0)
		rc = nk_rt_links(fd, a, &links, e);
	if (rc >= 0)
		rc = nk_nft_has_chain(filter, NK_NFT_TABLE, nk_rules_version, e);
	if (rc > 0)
		rc = nk_rules_ports_seen(filter, a, &ports, e);
	for (size_t i = 0; rc >= 0 && i < p.all.n; i++)
		rc = dead_leases(&p, &p.all.v[i], e);
	for (size_t i = 0; rc >= 0 && i < p.all.n; i++) {
		struct nk_rt_link bridge;

		rc = nk_net_bridge(fd, a, &p.all.v[i], &bridge, e);
		if (rc > 0)
			rc = stray_cards(&p, fd, &p.all.v[i], bridge.index, &links, e);
	}
	if (rc >= 0)
		rc = stray_ports(&p, filter, &ports, e);
	for (size_t i = 0; rc >= 0 && i < p.all.n; i++)
		rc = unused(&p, &p.all.v[i], all, e);
	return rc < 0 ? rc : nk_arena_ok(a, e);
}
