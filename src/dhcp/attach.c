/* SPDX-License-Identifier: Apache-2.0 */
#include "dhcp/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "net/inside.h"
#include "oci/ip.h"
#include "sys/netlink.h"
#include "sys/rtnl.h"

static uint32_t mode_number(const char *word)
{
	return !strcmp(word, "private")	   ? MACVLAN_MODE_PRIVATE
	       : !strcmp(word, "vepa")	   ? MACVLAN_MODE_VEPA
	       : !strcmp(word, "passthru") ? MACVLAN_MODE_PASSTHRU
					   : MACVLAN_MODE_BRIDGE;
}

/* Is it the machine's own way out, or somebody else's part? */
static int check(struct nk_attach *t, struct nk_arena *a, const struct nk_rt_link *card,
		 struct nk_err *e)
{
	struct nk_ips gateways = {0};

	if (card->flags & IFF_LOOPBACK)
		return nk_fail(e, EINVAL, "%s cannot be attached", t->parent);
	if (t->macvlan)
		return 0;
	if (card->master) {
		nk_fail(e, EBUSY, "%s belongs to a bridge or bond", t->parent);
		return nk_hint(e, "--macvlan makes a card on top of it, or take it out first");
	}
	nk_moved_gateways(a, &t->had, &gateways);
	if (!gateways.n)
		return 0;
	nk_fail(e, EBUSY, "%s is this machine's own way out", t->parent);
	return nk_hint(e, "--macvlan makes a card on top of it");
}

static int move(int route, uint32_t index, int ns, const char *name, struct nk_err *e)
{
	const struct ifinfomsg body = {.ifi_index = (int)index};
	struct nk_nl m;

	nk_nl_begin(&m, RTM_NEWLINK, 0, &body, sizeof(body));
	nk_nl_attr_u32(&m, IFLA_NET_NS_FD, (uint32_t)ns);
	nk_nl_attr_str(&m, IFLA_IFNAME, name);
	return nk_nl_call(route, &m, NULL, NULL, "move the card", e);
}

/* Its addresses and routes as they were. */
static void restore(struct nk_attach *t, struct nk_arena *a)
{
	struct nk_err ignored;
	struct nk_rt_link card;
	struct nk_batch b;

	if (nk_rt_link(t->host_route, a, t->parent, &card, &ignored) < 0)
		return;
	nk_batch_init(&b, a, NETLINK_ROUTE);
	if (t->was_up)
		nk_rt_up(&b, card.index, t->parent);
	nk_moved_put(&b, &t->had, 0, card.index);
	nk_batch_send(t->host_route, &b, 0, "as it was", &ignored);
}

static int taken(const struct nk_dhcp *d, struct nk_err *e)
{
	nk_fail(e, EEXIST, "there is a card called %s inside already", d->ifname);
	nk_hint(e, "--ifname gives it another name");
	return -EEXIST;
}

/* The kernel moves first and names then: what cannot be named comes back. */
static int move_in(struct nk_attach *t, struct nk_arena *a, const struct nk_dhcp *d, uint32_t index,
		   int target, int inner, struct nk_err *e)
{
	int rc = move(t->host_route, index, target, d->ifname, e);
	struct nk_rt_link card;
	struct nk_err ignored;

	if (rc >= 0)
		return 0;
	if (nk_rt_link(inner, a, t->parent, &card, &ignored) == 0 && card.index == index &&
	    move(inner, index, t->host_ns, t->parent, &ignored) >= 0)
		restore(t, a);
	return rc == -EEXIST ? taken(d, e) : rc;
}

int nk_attach_in(struct nk_attach *t, struct nk_arena *a, const struct nk_dhcp *d, int target,
		 struct nk_err *e)
{
	const struct nk_inside_socket route = {
		.family = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_ROUTE};
	const struct nk_inside there = {.net_fd = target, .user_fd = -EBADF};
	struct nk_rt_link card, named;
	_close_ int inner = -EBADF;
	struct nk_batch b;
	int rc;

	t->host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	t->host_route = nk_nl_open(e);
	if (t->host_ns < 0 || t->host_route < 0)
		return nk_fail(e, errno, "this machine's network");
	rc = nk_rt_link(t->host_route, a, t->parent, &card, e);
	if (rc < 0) {
		nk_fail(e, ENODEV, "the card %s", t->parent);
		return nk_hint(e, "`ip link` lists the cards of this machine");
	}
	t->was_up = card.flags & IFF_UP;
	rc = nk_inside_sockets(&there, &route, 1, &inner, e);
	if (rc < 0)
		return rc;
	if (nk_rt_link(inner, a, d->ifname, &named, e) == 0)
		return taken(d, e);
	if ((rc = nk_moved_read(t->host_route, a, card.index, &t->had, e)) < 0 ||
	    (rc = check(t, a, &card, e)) < 0)
		return rc;
	if (t->macvlan) {
		const struct nk_rt_card upon = {.name = d->ifname, .ns_fd = target};

		nk_batch_init(&b, a, NETLINK_ROUTE);
		nk_rt_macvlan(&b, card.index, mode_number(t->macvlan), &upon);
		rc = nk_batch_send(t->host_route, &b, 0,
				   nk_fmt(a, "a card on top of %s", t->parent), e);
	} else {
		rc = move_in(t, a, d, card.index, target, inner, e);
	}
	t->in = rc >= 0;
	return rc == -EEXIST ? taken(d, e) : rc;
}

int nk_attach_address(struct nk_attach *t, struct nk_arena *a, struct nk_dhcp *d, struct nk_err *e)
{
	static const struct nk_ip all = {0};
	struct nk_batch b;

	if (!t->ips.n)
		return 0;
	nk_batch_init(&b, a, NETLINK_ROUTE);
	for (size_t i = 0; i < t->ips.n; i++)
		nk_rt_addr(&b, d->index, d->ifname, &t->ips.v[i]);
	for (size_t i = 0; i < t->gateways.n; i++)
		nk_rt_route(&b, &all, &t->gateways.v[i], d->index, d->ifname, 0);
	return nk_batch_send(d->route_fd, &b, 0, nk_fmt(a, "the addresses of %s", d->ifname), e);
}

static void remove_macvlan(struct nk_dhcp *d)
{
	const struct ifinfomsg body = {.ifi_index = (int)d->index};
	struct nk_err ignored;
	struct nk_nl m;

	nk_nl_begin(&m, RTM_DELLINK, 0, &body, sizeof(body));
	nk_nl_call(d->route_fd, &m, NULL, NULL, "the card", &ignored);
}

void nk_attach_out(struct nk_attach *t, struct nk_arena *a, struct nk_dhcp *d)
{
	struct nk_err ignored;

	if (!t->in)
		return;
	t->in = false;
	if (t->macvlan) {
		remove_macvlan(d);
		return;
	}
	/* Somebody else may have its name by now. */
	if (move(d->route_fd, d->index, t->host_ns, t->parent, &ignored) < 0 &&
	    move(d->route_fd, d->index, t->host_ns, "dev%d", &ignored) < 0)
		return;
	restore(t, a);
}
