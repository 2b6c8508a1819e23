/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net_map.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "runtime/firewall.h"
#include "sys/netlink.h"
#include "sys/nft.h"

const char *nk_net_map_link(const struct nk_net_map *m, uint32_t index)
{
	for (size_t i = 0; i < m->links.n; i++)
		if (m->links.v[i].index == index)
			return m->links.v[i].name;
	for (size_t i = 0; i < m->networks.n; i++)
		if (m->networks.v[i].bridge && m->networks.v[i].bridge->index == index)
			return m->networks.v[i].bridge->name;
	return "?";
}

static bool on(const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c = 0;

	return fd >= 0 && read(fd, &c, 1) == 1 && c != '0';
}

static const struct nk_state_record *container(const struct nk_state_list *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i].id, id))
			return &list->v[i];
	return NULL;
}

/* What cannot be read (no rules, a network that is not its own) is not there to be shown. */
static void read_firewall(struct nk_state *st, struct nk_arena *a, struct nk_net_map_card *c)
{
	_firewall_ struct nk_firewall f = {.inside = NK_INSIDE_NONE, .dir_fd = -EBADF};
	struct nk_err ignored;

	if (!c->container || nk_firewall_open(st, a, c->container, &f, &ignored) < 0 || !f.any)
		return;
	for (size_t i = 0; i < f.rules.n; i++)
		nk_strv_push(a, &c->firewall, f.rules.v[i].words);
	if (f.policy.in_drop)
		nk_strv_push(a, &c->firewall, "in drop");
	if (f.policy.out_drop)
		nk_strv_push(a, &c->firewall, "out drop");
	if (f.policy.egress)
		nk_strv_push(a, &c->firewall, "out only to the names of --egress");
}

static int read_network(struct nk_net_store *s, struct nk_state *st, struct nk_arena *a,
			const struct nk_state_list *running, struct nk_net_map_network *to,
			struct nk_err *e)
{
	struct nk_net_leases *alive = NK_NEW(a, struct nk_net_leases);
	int rc = alive ? nk_net_leases(s, a, to->network->name, alive, NULL, NULL, e)
		       : nk_arena_ok(a, e);

	for (size_t i = 0; rc >= 0 && i < alive->n; i++) {
		struct nk_net_map_card *c = NK_PUSH(a, &to->cards);

		if (!c)
			break;
		c->lease = &alive->v[i];
		c->container = container(running, alive->v[i].id);
		read_firewall(st, a, c);
	}
	return rc;
}

static bool of_a_lease(const struct nk_net_map *m, const char *name)
{
	for (size_t i = 0; i < m->networks.n; i++)
		for (size_t k = 0; k < m->networks.v[i].cards.n; k++)
			if (!strcmp(m->networks.v[i].cards.v[k].lease->host_ifname, name))
				return true;
	return false;
}

/* Each link stands in one place: at its network, or among this machine's cards. */
static void sort_links(struct nk_arena *a, struct nk_net_map *m, const struct nk_rt_links *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct nk_rt_link *l = &all->v[i];
		struct nk_rt_link *to;
		bool ours = of_a_lease(m, l->name);

		for (size_t k = 0; k < m->networks.n; k++) {
			const struct nk_network *n = m->networks.v[k].network;

			if (n->driver != NK_NET_BRIDGE || !n->link || strcmp(n->link, l->name) != 0)
				continue;
			m->networks.v[k].bridge = l;
			ours = true;
		}
		to = ours ? NULL : NK_PUSH(a, &m->links);
		if (to)
			*to = *l;
	}
}

static int read_kernel(struct nk_arena *a, struct nk_net_map *m, struct nk_rt_links *all,
		       struct nk_err *e)
{
	struct nk_rt_routes routes = {0};
	struct nk_err ignored;
	_close_ int fd = nk_nl_open(e), filter = nk_nft_open(&ignored);
	int rc = fd < 0 ? fd : nk_rt_links(fd, a, all, e);

	if (rc >= 0)
		rc = nk_rt_addresses(fd, a, &m->addresses, e);
	if (rc >= 0)
		rc = nk_rt_routes(fd, a, &routes, e);
	for (size_t i = 0; i < routes.n; i++) {
		const struct nk_rt_route_seen *r = &routes.v[i];
		/* Each card has a link-local one. */
		bool usual = r->to.family == AF_INET6 && r->to.a[0] == 0xfe && !r->via.family;
		struct nk_rt_route_seen *to = NULL;

		if (r->table == RT_TABLE_MAIN && r->type == RTN_UNICAST && !usual)
			to = NK_PUSH(a, &m->routes);
		if (to)
			*to = *r;
	}
	m->rules = filter < 0 ? -1
			      : nk_nft_has_chain(filter, NK_NFT_TABLE, nk_rules_version, &ignored);
	m->forward4 = on("/proc/sys/net/ipv4/ip_forward");
	m->forward6 = on("/proc/sys/net/ipv6/conf/all/forwarding");
	return rc;
}

int nk_net_map(struct nk_net_store *s, struct nk_state *st, struct nk_arena *a,
	       struct nk_net_map *m, struct nk_err *e)
{
	struct nk_networks *all = NK_NEW(a, struct nk_networks);
	struct nk_state_list *running = NK_NEW(a, struct nk_state_list);
	struct nk_rt_links *links = NK_NEW(a, struct nk_rt_links);
	int rc = nk_arena_ok(a, e);

	if (rc >= 0)
		rc = nk_net_list(s, a, all, e);
	if (rc >= 0)
		rc = nk_state_list(st, a, running, e);
	for (size_t i = 0; rc >= 0 && i < all->n; i++) {
		struct nk_net_map_network *to = NK_PUSH(a, &m->networks);

		if (!to)
			break;
		to->network = &all->v[i];
		rc = read_network(s, st, a, running, to, e);
	}
	if (rc >= 0)
		rc = nk_net_foreign_all(s, a, &m->foreign, e);
	if (rc >= 0)
		rc = read_kernel(a, m, links, e);
	if (rc < 0)
		return rc;
	sort_links(a, m, links);
	return nk_arena_ok(a, e);
}
