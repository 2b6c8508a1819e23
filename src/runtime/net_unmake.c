/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's objects of networks nobody is on. */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/net.h"
#include "runtime/net_uplink.h"
#include "sys/netlink.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

static void tell(struct nk_arena *a, struct nk_strv *told, const char *what, const char *which)
{
	if (told)
		nk_strv_push(a, told, nk_fmt(a, "%s %s", what, which));
}

/* Made by nook for this network: a link of that name may be anybody's. */
static bool ours(struct nk_arena *a, const struct nk_network *n, const struct nk_rt_link *link)
{
	return link->alias && !strcmp(link->alias, nk_fmt(a, "nook network %s", n->name));
}

static int remove_bridge(int fd, struct nk_arena *a, const struct nk_network *n,
			 struct nk_strv *told, struct nk_err *e)
{
	struct nk_rt_link link;
	struct nk_batch b;
	int rc = nk_net_bridge(fd, a, n, &link, e);

	if (rc <= 0 || !ours(a, n, &link))
		return rc < 0 ? rc : 0;
	if (n->parent) {
		rc = nk_net_uplink_down(a, n, e);
		if (rc >= 0)
			tell(a, told, "bridge", n->link);
		return rc;
	}
	nk_batch_init(&b, a, NETLINK_ROUTE);
	nk_rt_del_link(&b, n->link);
	rc = nk_batch_send(fd, &b, 0, nk_fmt(a, "remove the bridge %s", n->link), e);
	if (rc < 0 && rc != -ENODEV)
		return rc;
	tell(a, told, "bridge", n->link);
	return 0;
}

static int remove_table(int filter, struct nk_arena *a, struct nk_strv *told, struct nk_err *e)
{
	struct nk_batch b;
	int rc;

	nk_batch_init(&b, a, NETLINK_NETFILTER);
	nk_nft_begin(&b);
	nk_nft_del_table(&b, NK_NFT_TABLE);
	nk_nft_end(&b);
	rc = nk_batch_send(filter, &b, 0, "remove nook's table of nftables", e);
	if (rc >= 0)
		tell(a, told, "nftables table", NK_NFT_TABLE);
	return rc == -ENOENT ? 0 : rc;
}

/* Is the bridge of any network up? */
static int any_bridge(struct nk_net_store *s, struct nk_arena *a, int route, struct nk_err *e)
{
	struct nk_networks all = {0};
	int rc = nk_net_list(s, a, &all, e);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct nk_rt_link link;

		rc = nk_net_bridge(route, a, &all.v[i], &link, e);
	}
	return rc;
}

/*
 * The table is everybody's in this network namespace: a bridge in it that is there, and of no
 * network of ours, belongs to a nook with another --root.
 */
static int others_use(int route, int filter, struct nk_arena *a, struct nk_err *e)
{
	static const struct nk_nft_set bridges = {
		.table = NK_NFT_TABLE, .name = "bridges", .key = {NK_NFT_IFNAME}};
	struct nk_nft_seen seen = {0};
	struct nk_err other = {0};
	int rc = nk_nft_elements(filter, a, &bridges, &seen, &other);

	if (rc < 0 && rc != -ENOENT)
		*e = other;
	for (size_t i = 0; rc == 0 && i < seen.n; i++) {
		struct nk_rt_link link;
		const char *name = seen.v[i].key ? nk_strndup(a, seen.v[i].key, 15) : "";

		rc = nk_rt_link(route, a, name, &link, e);
		rc = rc == -ENODEV ? 0 : rc < 0 ? rc : 1;
	}
	return rc == -ENOENT ? 0 : rc;
}

static int remove_elements(struct nk_net_store *s, struct nk_arena *a, int filter,
			   const struct nk_network *n, struct nk_err *e)
{
	struct nk_batch b;
	int rc = nk_nft_has_chain(filter, NK_NFT_TABLE, nk_rules_version, e);

	if (rc <= 0)
		return rc;
	nk_batch_init(&b, a, NETLINK_NETFILTER);
	nk_nft_begin(&b);
	nk_rules_network(&b, n, false);
	nk_nft_end(&b);
	rc = nk_batch_send(filter, &b, 0, nk_fmt(a, "the rules of network %s", n->name), e);
	/* Some are missing, so none went: all is written anew, without this one. */
	return rc == -ENOENT ? nk_net_reload(s, a, e) : rc;
}

int nk_net_unmake(struct nk_net_store *s, struct nk_arena *a, const struct nk_network *n,
		  struct nk_strv *told, struct nk_err *e)
{
	_close_ int route = nk_nl_open(e);
	_close_ int filter = route < 0 ? route : nk_nft_open(e);
	struct nk_rt_link link;
	int rc = filter;

	if (rc < 0 || n->driver != NK_NET_BRIDGE)
		return rc < 0 ? rc : 0;
	rc = nk_net_starts_lock(s, true, e);
	if (rc < 0)
		return rc;
	/* The bridge first: what counts as up has rules, also when this ends half way. */
	rc = nk_net_bridge(route, a, n, &link, e);
	if (rc > 0)
		rc = remove_bridge(route, a, n, told, e);
	if (rc >= 0)
		rc = any_bridge(s, a, route, e);
	if (rc == 0)
		rc = others_use(route, filter, a, e);
	if (rc == 0)
		return remove_table(filter, a, told, e);
	return rc < 0 || n->parent ? rc : remove_elements(s, a, filter, n, e);
}
