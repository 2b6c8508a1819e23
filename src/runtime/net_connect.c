/* SPDX-License-Identifier: Apache-2.0 */
/* A card into what runs already, and out of it again. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/facts.h"
#include "runtime/net.h"
#include "runtime/net_resolv.h"
#include "sys/netlink.h"
#include "sys/rtnl.h"

static int may(struct nk_err *e)
{
	if (nk_own_caps() >> CAP_NET_ADMIN & 1)
		return 0;
	nk_fail(e, EPERM, "cards on networks take CAP_NET_ADMIN");
	return nk_hint(e, "run nook as root");
}

/* A socket that was opened inside stays there; this thread is back at once. */
static int socket_inside(int ns_fd, struct nk_err *e)
{
	_close_ int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	_close_ int sock = -EBADF;

	if (home < 0)
		return nk_fail(e, errno, "open this network");
	if (setns(ns_fd, CLONE_NEWNET) < 0)
		return nk_fail(e, errno, "enter its network");
	sock = nk_nl_open(e);
	if (setns(home, CLONE_NEWNET) < 0)
		return nk_fail(e, errno, "leave its network");
	return sock < 0 ? sock : nk_take_fd(&sock);
}

static const struct nk_rt_link *named(const struct nk_rt_links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (!strcmp(links->v[i].name, name))
			return &links->v[i];
	return NULL;
}

/* Name and number of the new card among those that are there. */
static int choose_place(struct nk_arena *a, const struct nk_net_target *t, struct nk_net_card *card,
			struct nk_err *e)
{
	_close_ int fd = socket_inside(t->ns_fd, e);
	struct nk_rt_links links = {0};
	int rc = fd < 0 ? fd : nk_rt_links(fd, a, &links, e);

	if (rc < 0)
		return nk_ctx(e, "%s", t->name);
	card->index = card->network->driver == NK_NET_BRIDGE ? 2 : NK_RT_INDEX_UPON;
	for (size_t i = 0; i < links.n; i++)
		if (links.v[i].index >= card->index)
			card->index = links.v[i].index + 1;
	if (!card->ifname) {
		for (unsigned i = 0; !card->ifname || named(&links, card->ifname); i++)
			card->ifname = nk_fmt(a, "eth%u", i);
		return 0;
	}
	if (!named(&links, card->ifname))
		return 0;
	nk_fail(e, 0, "%s has a card called %s already", t->name, card->ifname);
	e->err = EEXIST;
	return nk_hint(e, "without --ifname a free name is chosen");
}

static int connected_already(struct nk_net_store *s, struct nk_arena *a,
			     const struct nk_net_target *t, const struct nk_network *n,
			     struct nk_err *e)
{
	struct nk_net_leases alive = {0};
	int rc = nk_net_leases(s, a, n->name, &alive, NULL, NULL, e);

	for (size_t i = 0; rc >= 0 && i < alive.n; i++) {
		if (strcmp(alive.v[i].id, t->id) != 0)
			continue;
		nk_fail(e, 0, "%s is on network \"%s\" already, with its card %s", t->name, n->name,
			alive.v[i].ifname);
		e->err = EEXIST;
		return nk_hint(e, "nook network disconnect %s %s takes it out", n->name, t->name);
	}
	return rc;
}

static bool leads_out(const struct nk_network *n)
{
	for (size_t i = 0; i < n->subnets.n; i++)
		if (n->subnets.v[i].gateway.family)
			return !n->internal;
	return false;
}

int nk_net_connect_prepare(struct nk_net_connection *c, struct nk_err *e)
{
	struct nk_arena *a = c->a;
	struct nk_net_card *card = c->card;
	/* Until all is done it is this process'; a killed one leaves a line that counts as dead. */
	const char *owner = nk_net_owner_self(a, e);
	int rc = owner ? may(e) : -EINVAL;

	if (rc >= 0)
		rc = connected_already(c->store, a, c->target, card->network, e);
	if (rc >= 0)
		rc = choose_place(a, c->target, card, e);
	if (rc >= 0)
		rc = nk_net_lease(c->store, a, card, c->target->id, c->target->name, NULL, owner,
				  nk_net_sweep, e);
	if (rc < 0)
		return rc;
	card->default_route = leads_out(card->network);
	struct nk_net_card *copy = NK_PUSH(a, &c->net.cards);
	if (copy)
		*copy = *card;
	c->net.dry = c->store->dry;
	c->net.id = c->target->id;
	c->net.owner = c->target->owner;
	/* "ns:NAME" of a named namespace: no host has such a name. */
	c->net.hostname = strchr(c->target->name, ':') ? NULL : c->target->name;
	rc = copy ? nk_net_check_dhcp(&c->net, e) : nk_arena_ok(a, e);
	if (rc < 0)
		return nk_net_connect_end(c, false, &(struct nk_err){0}), rc;
	rc = nk_net_facts(c->store, a, &c->net, &c->notices, e);
	if (rc >= 0) {
		*card = c->net.cards.v[0];
		nk_plan_init(&c->plan, a);
		rc = nk_plan_connect(&c->plan, card, &c->net, e);
	}
	if (rc >= 0)
		rc = nk_net_resolv_plan(c, e);
	if (rc < 0)
		nk_net_connect_end(c, false, e);
	return rc;
}

int nk_net_connect_end(struct nk_net_connection *c, bool done, struct nk_err *e)
{
	const char *network = c->card->network->name;
	struct nk_err ignored;

	if (c->store->dry)
		return 0;
	if (done)
		return nk_net_lease_owner(c->store, c->a, network, c->target->id, c->card->ifname,
					  c->target->owner, e);
	nk_net_release(c->store, c->a, network, c->target->id, c->card->ifname, NULL, &ignored);
	return 0;
}

/* ---- out again ---- */

static int its_cards(struct nk_net_store *s, struct nk_arena *a, const struct nk_net_target *t,
		     const char *network, const char *ifname, struct nk_net_leases *out,
		     struct nk_err *e)
{
	struct nk_net_leases alive = {0};
	int rc = nk_net_leases(s, a, network, &alive, NULL, NULL, e);

	for (size_t i = 0; rc >= 0 && i < alive.n; i++) {
		struct nk_net_lease *to;

		if (strcmp(alive.v[i].id, t->id) != 0 ||
		    (ifname && strcmp(alive.v[i].ifname, ifname) != 0))
			continue;
		to = NK_PUSH(a, out);
		if (to)
			*to = alive.v[i];
	}
	if (rc < 0 || out->n)
		return rc < 0 ? rc : nk_arena_ok(a, e);
	nk_fail(e, 0, "%s is not on network \"%s\"", t->name, network);
	nk_hint(e, "nook network inspect %s shows who is", network);
	e->err = ENOENT;
	return -ENOENT;
}

int nk_net_disconnect_prepare(struct nk_net_connection *c, const char *ifname, struct nk_err *e)
{
	const struct nk_network *n = c->card->network;
	int rc = may(e);

	if (rc >= 0)
		rc = its_cards(c->store, c->a, c->target, n->name, ifname, &c->leases, e);
	nk_plan_init(&c->plan, c->a);
	c->net.id = c->target->id;
	c->net.state_dir = c->store->state;
	for (size_t i = 0; rc >= 0 && i < c->leases.n; i++) {
		const struct nk_net_lease *l = &c->leases.v[i];
		struct nk_net_card card = {.network = n,
					   .ifname = l->ifname,
					   .host_ifname = l->host_ifname,
					   .ips = l->ips};

		memcpy(card.mac, l->mac, sizeof(card.mac));
		rc = nk_plan_disconnect(&c->plan, &card, &c->net, e);
	}
	return rc;
}

int nk_net_disconnect_end(struct nk_net_connection *c, struct nk_err *e)
{
	const char *network = c->card->network->name;
	int rc = 0;

	nk_net_resolv_undo(c);
	for (size_t i = 0; rc >= 0 && i < c->leases.n; i++)
		rc = nk_net_release(c->store, c->a, network, c->target->id, c->leases.v[i].ifname,
				    nk_net_sweep, e);
	return rc;
}
