/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of containers that have ended, well or not. */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "net/netd.h"
#include "oci/ip.h"
#include "runtime/net.h"
#include "runtime/net_resolv.h"
#include "sys/netlink.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

/* nook-netd would notice by itself that we are gone; but whoever waits for us may want the same
 * ports at once. */
static void give_ports_back(struct nk_net_store *s, struct nk_arena *a, const struct nk_spec *spec)
{
	struct nk_err ignored;
	const char *owner = nk_net_owner_self(a, &ignored);

	for (size_t i = 0; owner && i < spec->net.cards.n; i++)
		nk_netd_ask(s, spec->net.cards.v[i].network->name, nk_fmt(a, "end %s", owner), NULL,
			    0, &ignored);
}

void nk_net_container_end(struct nk_net_store *s, struct nk_arena *a, const struct nk_spec *spec)
{
	struct nk_err ignored;

	if (spec->net.ports.n)
		give_ports_back(s, a, spec);
	for (size_t i = 0; i < spec->net.cards.n; i++)
		nk_net_forget_answers(a, &spec->net.ports, &spec->net.cards.v[i].ips);
	for (size_t i = 0; i < spec->net.cards.n; i++)
		nk_net_release(s, a, spec->net.cards.v[i].network->name, spec->id, NULL, NULL,
			       &ignored);
}

/* As an element of the kernel says it: all addresses are no address. */
static bool same_host(const struct nk_ip *asked, const struct nk_ip *seen)
{
	static const uint8_t any[sizeof(asked->a)];
	bool all = !asked->family || !memcmp(asked->a, any, sizeof(any));

	return all ? !seen->family : nk_ip_equal(asked, seen);
}

bool nk_net_leads_to(const struct nk_port_seen *seen, const struct nk_net_lease *l)
{
	bool its = false;

	for (size_t i = 0; i < l->ips.n; i++)
		its |= nk_ip_equal(&l->ips.v[i], &seen->to);
	for (size_t i = 0; its && i < l->ports.n; i++) {
		const struct nk_port *p = &l->ports.v[i];

		if (p->proto == seen->port.proto && seen->port.host_port >= p->host_port &&
		    seen->port.host_port - p->host_port < p->count &&
		    same_host(&p->host, &seen->port.host))
			return true;
	}
	return false;
}

int nk_net_unpublish(int fd, struct nk_arena *a, const struct nk_port_seen *seen, struct nk_err *e)
{
	struct nk_port port = seen->port;
	struct nk_ip to = seen->to;
	const struct nk_ports ports = {.v = &port, .n = 1};
	const struct nk_ips ips = {.v = &to, .n = 1};
	struct nk_batch b;

	nk_batch_init(&b, a, NETLINK_NETFILTER);
	nk_nft_begin(&b);
	nk_rules_ports(&b, &ports, &ips, false);
	nk_nft_end(&b);
	return nk_batch_send(fd, &b, 0, "a port that leads to nobody", e);
}

/* The kernel does not look at what an element leads to when it is deleted: one that leads to
 * somebody else stays. */
static void unpublish(int fd, struct nk_arena *a, const struct nk_net_lease *l)
{
	struct nk_ports_seen seen = {0};
	struct nk_err ignored;

	if (nk_rules_ports_seen(fd, a, &seen, &ignored) < 0)
		return;
	for (size_t i = 0; i < seen.n; i++)
		if (nk_net_leads_to(&seen.v[i], l))
			nk_net_unpublish(fd, a, &seen.v[i], &ignored);
}

static void unlink_card(int fd, struct nk_arena *a, const struct nk_net_lease *l)
{
	struct nk_batch b;
	struct nk_err ignored;

	nk_batch_init(&b, a, NETLINK_ROUTE);
	nk_rt_del_link(&b, l->host_ifname);
	nk_batch_send(fd, &b, 0, "card of a dead container", &ignored);
}

void nk_net_sweep(struct nk_arena *a, const struct nk_net_leases *dead)
{
	struct nk_err ignored;

	if (!dead->n)
		return;
	_close_ int route = nk_nl_open(&ignored), filter = nk_nft_open(&ignored);
	for (size_t i = 0; i < dead->n; i++) {
		const struct nk_net_lease *l = &dead->v[i];

		if (filter >= 0 && l->ports.n)
			unpublish(filter, a, l);
		nk_net_forget_answers(a, &l->ports, &l->ips);
		if (route >= 0 && l->host_ifname && *l->host_ifname &&
		    strcmp(l->host_ifname, "-") != 0)
			unlink_card(route, a, l);
		if (!nk_net_owner_alive(l->owner))
			nk_net_resolv_forget(a, l->id, &l->ips);
	}
}

int nk_net_reap(struct nk_net_store *s, struct nk_arena *a, const char *id, struct nk_err *e)
{
	struct nk_networks all = {0};
	int rc = nk_net_list(s, a, &all, e);

	for (size_t i = 0; rc >= 0 && i < all.n; i++)
		rc = nk_net_release(s, a, all.v[i].name, id, NULL, nk_net_sweep, e);
	return rc;
}

int nk_net_reap_record(const struct nk_state_record *r, struct nk_err *e)
{
	const struct nk_net_spec *net = &r->spec->net;
	_arena_ struct nk_arena a = {0};
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	int rc;

	/* slirp4netns makes it, and goes with its nook without a chance to take it away. */
	if (net->backend_socket)
		unlink(net->backend_socket);
	if (!net->cards.n || !net->root_dir || !net->state_dir)
		return 0;
	rc = nk_net_store_open(&s, &a, nk_dir_of(&a, net->root_dir), nk_dir_of(&a, net->state_dir),
			       e);
	return rc < 0 ? rc : nk_net_reap(&s, &a, r->id, e);
}
