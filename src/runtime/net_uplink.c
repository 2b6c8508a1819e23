/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net_uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oci/ip.h"
#include "runtime/net.h"
#include "runtime/net_moved.h"
#include "sys/netlink.h"
#include "sys/rtnl.h"

static bool below_sys(struct nk_arena *a, const char *card, const char *what)
{
	return access(nk_fmt(a, "/sys/class/net/%s/%s", card, what), F_OK) == 0;
}

/* Can this card be a port, and nobody else's? */
static int check_card(struct nk_arena *a, const struct nk_rt_link *card, struct nk_err *e)
{
	if (card->flags & IFF_LOOPBACK)
		return nk_fail(e, EINVAL, "%s cannot be on a bridge", card->name);
	if (card->kind && !strcmp(card->kind, "bridge")) {
		nk_fail(e, EINVAL, "%s is a bridge itself", card->name);
		return nk_hint(e, "--parent takes a card; without it the network has a bridge of "
				  "its own");
	}
	if (below_sys(a, card->name, "wireless") || below_sys(a, card->name, "phy80211")) {
		nk_fail(e, EOPNOTSUPP, "%s is a radio card", card->name);
		return nk_hint(e, "an access point takes frames of one hardware address only: "
				  "nook network create without --parent");
	}
	if (card->master) {
		nk_fail(e, EBUSY, "%s belongs to another bridge or bond already", card->name);
		return nk_hint(e, "ip link show %s", card->name);
	}
	return 0;
}

static void copy_accept_ra(struct nk_arena *a, const char *from, const char *to)
{
	_close_ int in =
		open(nk_fmt(a, "/proc/sys/net/ipv6/conf/%s/accept_ra", from), O_RDONLY | O_CLOEXEC);
	_close_ int out =
		open(nk_fmt(a, "/proc/sys/net/ipv6/conf/%s/accept_ra", to), O_WRONLY | O_CLOEXEC);
	char value[8];
	ssize_t size = in < 0 ? -1 : read(in, value, sizeof(value));

	/* IPv6 is off: nothing to copy. */
	if (size > 0 && out >= 0 && write(out, value, (size_t)size) < 0)
		return;
}

struct move {
	int fd;
	struct nk_arena *a;
	const struct nk_network *n;
	struct nk_rt_link card;
	uint32_t bridge;
	bool made; /* the bridge */
	struct nk_moved what;
};

/* The bridge alone first: behind a refusal the kernel goes on with the messages that follow, and
 * they would mean whichever link has its number. */
static int forth(struct move *m, struct nk_err *e)
{
	const char *what = nk_fmt(m->a, "put %s on the bridge", m->n->parent);
	struct nk_batch b;
	int rc;

	nk_batch_init(&b, m->a, NETLINK_ROUTE);
	nk_rt_bridge(&b, m->n->link, m->bridge, m->card.mac, m->card.mtu);
	rc = nk_batch_send(m->fd, &b, 0, what, e);
	if (rc < 0)
		return rc;
	m->made = true;
	nk_batch_init(&b, m->a, NETLINK_ROUTE);
	nk_rt_alias(&b, m->bridge, m->n->link, nk_fmt(m->a, "nook network %s", m->n->name));
	nk_rt_up(&b, m->card.index, m->n->parent);
	nk_rt_master(&b, m->card.index, m->n->parent, m->bridge);
	nk_moved_put(&b, &m->what, m->card.index, m->bridge);
	return nk_batch_send(m->fd, &b, 0, what, e);
}

/* What is not on the bridge cannot be taken away from it: only what the card has in the end says
 * whether all is back. */
static int back(struct move *m, struct nk_err *e)
{
	struct nk_moved now = {0};
	struct nk_batch b;
	struct nk_err other;
	int rc, read;

	if (!m->made)
		return 0;
	nk_batch_init(&b, m->a, NETLINK_ROUTE);
	nk_rt_master(&b, m->card.index, m->n->parent, 0);
	nk_moved_put(&b, &m->what, m->bridge, m->card.index);
	nk_rt_del_link(&b, m->n->link);
	rc = nk_batch_send(m->fd, &b, 0, nk_fmt(m->a, "put the addresses back on %s", m->n->parent),
			   e);
	if (rc >= 0)
		return 0;
	read = nk_moved_read(m->fd, m->a, m->card.index, &now, &other);
	return read >= 0 && nk_moved_has(&now, &m->what) ? 0 : rc;
}

static int remove_bridge(struct move *m, struct nk_err *e)
{
	struct nk_batch b;
	int rc;

	nk_batch_init(&b, m->a, NETLINK_ROUTE);
	nk_rt_del_link(&b, m->n->link);
	rc = nk_batch_send(m->fd, &b, 0, nk_fmt(m->a, "remove the bridge %s", m->n->link), e);
	return rc == -ENODEV ? 0 : rc;
}

static int lost(struct move *m, const struct nk_ip *gateway, struct nk_err *e)
{
	char text[NK_IP_TEXT];
	struct nk_err left;

	nk_ip_text(gateway, false, text);
	if (back(m, &left) < 0) {
		nk_fail(e, ENETUNREACH,
			"the gateway %s is lost with %s on a bridge, and putting it back failed: "
			"%s",
			text, m->n->parent, left.msg);
		return nk_hint(e, "ip link del %s; then set %s up as it was", m->n->link,
			       m->n->parent);
	}
	nk_fail(e, ENETUNREACH, "the gateway %s does not answer any more with %s on a bridge", text,
		m->n->parent);
	return nk_hint(e, "all is as before; perhaps the switch, or the machine below this one, "
			  "takes one hardware address a port only: --driver ipvlan does with that");
}

static int move_checked(struct move *m, struct nk_err *e)
{
	struct nk_ips gateways = {0}, alive = {0};
	struct nk_err first;
	int rc;

	nk_moved_gateways(m->a, &m->what, &gateways);
	for (size_t i = 0; i < gateways.n; i++) {
		if (!nk_gateway_answers(m->fd, m->n->parent, m->card.index, &gateways.v[i]))
			continue;
		struct nk_ip *to = NK_PUSH(m->a, &alive);
		if (to)
			*to = gateways.v[i];
	}
	if (nk_arena_ok(m->a, e) < 0)
		return -ENOMEM;
	rc = forth(m, e);
	if (rc < 0) {
		first = *e;
		back(m, e);
		*e = first;
		return rc;
	}
	copy_accept_ra(m->a, m->n->parent, m->n->link);
	for (size_t i = 0; i < alive.n; i++)
		if (!nk_gateway_answers(m->fd, m->n->link, m->bridge, &alive.v[i]))
			return lost(m, &alive.v[i], e);
	return 0;
}

/* A connection by which somebody gave this command must not end it half way. */
static int with_signals_held(struct move *m, int (*fn)(struct move *m, struct nk_err *e),
			     struct nk_err *e)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	rc = fn(m, e);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void tell(struct nk_arena *a, const struct nk_network *n, const struct nk_moved *w,
		 struct nk_strv *notices)
{
	if (!notices)
		return;
	nk_strv_push(a, notices,
		     nk_fmt(a, "%s is on the bridge %s now, which has its addresses and routes",
			    n->parent, n->link));
	if (w->leased)
		nk_strv_push(a, notices,
			     nk_fmt(a,
				    "an address of %s was given for a time: who renews it has to "
				    "do so on %s from now on",
				    n->parent, n->link));
}

int nk_net_uplink_is_up(struct nk_arena *a, const struct nk_network *n, struct nk_err *e)
{
	_close_ int fd = nk_nl_open(e);
	struct nk_rt_link card, bridge;
	int rc = fd < 0 ? fd : nk_rt_link(fd, a, n->parent, &card, e);

	if (rc >= 0)
		rc = nk_rt_link(fd, a, n->link, &bridge, e);
	return rc == -ENODEV ? 0 : rc < 0 ? rc : card.master == bridge.index;
}

int nk_net_uplink_up(struct nk_arena *a, const struct nk_network *n, struct nk_strv *notices,
		     struct nk_err *e)
{
	_close_ int fd = nk_nl_open(e);
	struct move m = {.fd = fd, .a = a, .n = n};
	struct nk_rt_link bridge;
	int rc;

	if (fd < 0)
		return fd;
	rc = nk_rt_link(fd, a, n->parent, &m.card, e);
	if (rc < 0)
		return rc == -ENODEV
			       ? nk_fail(e, ENODEV, "network %s: its card %s", n->name, n->parent)
			       : rc;
	rc = nk_rt_link(fd, a, n->link, &bridge, e);
	if (rc == 0 && m.card.master == bridge.index)
		return 0;
	if (rc == 0)
		return nk_fail(e, EEXIST, "network %s: %s is there and %s is not on it", n->name,
			       n->link, n->parent);
	if (rc != -ENODEV)
		return rc;
	m.bridge = nk_net_bridge_index(n);
	if ((rc = check_card(a, &m.card, e)) < 0 ||
	    (rc = nk_moved_read(fd, a, m.card.index, &m.what, e)) < 0 ||
	    (rc = with_signals_held(&m, move_checked, e)) < 0)
		return nk_ctx(e, "network %s", n->name), rc;
	tell(a, n, &m.what, notices);
	return 0;
}

int nk_net_uplink_down(struct nk_arena *a, const struct nk_network *n, struct nk_err *e)
{
	_close_ int fd = nk_nl_open(e);
	struct move m = {.fd = fd, .a = a, .n = n};
	struct nk_rt_link bridge;
	int rc;

	if (fd < 0)
		return fd;
	rc = nk_rt_link(fd, a, n->link, &bridge, e);
	if (rc < 0)
		return rc == -ENODEV ? 0 : rc;
	m.bridge = bridge.index;
	m.made = true;
	rc = nk_rt_link(fd, a, n->parent, &m.card, e);
	if (rc < 0 && rc != -ENODEV)
		return rc;
	/* The card was pulled out, or somebody has put it elsewhere: nowhere to go back to. */
	if (rc == -ENODEV || m.card.master != bridge.index)
		return remove_bridge(&m, e);
	if ((rc = nk_moved_read(fd, a, bridge.index, &m.what, e)) < 0)
		return rc;
	return with_signals_held(&m, back, e);
}

void nk_net_parent_gateways(struct nk_arena *a, struct nk_network *n)
{
	struct nk_err ignored;
	_close_ int fd = n->parent ? nk_nl_open(&ignored) : -EBADF;
	struct nk_moved what = {0};
	struct nk_ips gateways = {0};
	struct nk_rt_link card;

	if (fd < 0 || nk_rt_link(fd, a, n->parent, &card, &ignored) < 0 ||
	    nk_moved_read(fd, a, card.master ? card.master : card.index, &what, &ignored) < 0)
		return;
	nk_moved_gateways(a, &what, &gateways);
	for (size_t i = 0; i < n->subnets.n; i++)
		for (size_t k = 0; k < gateways.n; k++)
			if (!n->subnets.v[i].gateway.family &&
			    nk_ip_inside(&gateways.v[k], &n->subnets.v[i].net))
				n->subnets.v[i].gateway = gateways.v[k];
}
