/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firewalls of others that drop what our bridges forward: a packet passes only where every base
 * chain at the forward hook lets it. They are never changed by us; what a person can do about it
 * is said. Asked of the kernel directly: iptables of today is nftables as well, and for the older
 * kind there is a file that says whether it is in use.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "runtime/net.h"
#include "sys/netlink.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

struct chain {
	uint8_t family; /* NFPROTO_… */
	const char *table, *name;
	bool forward, drop;
};
struct look {
	struct nk_arena *a;
	NK_VEC(struct chain);
	/* rules that name our bridge: their table and chain */
	const char *bridge;
	NK_VEC(struct chain) naming;
};

enum { BODY = sizeof(struct nfgenmsg) };

static const char *text(struct nk_arena *a, const struct rtattr *attr)
{
	return attr ? nk_strndup(a, RTA_DATA(attr), strnlen(RTA_DATA(attr), RTA_PAYLOAD(attr)))
		    : "";
}

static uint32_t be32(const struct rtattr *attr)
{
	uint32_t v = UINT32_MAX;

	if (attr && RTA_PAYLOAD(attr) >= sizeof(v))
		memcpy(&v, RTA_DATA(attr), sizeof(v));
	return ntohl(v);
}

/* A member of a nest. */
static const struct rtattr *inside(const struct rtattr *nest, uint16_t type)
{
	int left = nest ? (int)RTA_PAYLOAD(nest) : 0;

	for (const struct rtattr *r = nest ? RTA_DATA(nest) : NULL; r && RTA_OK(r, left);
	     r = RTA_NEXT(r, left))
		if ((r->rta_type & NLA_TYPE_MASK) == type)
			return r;
	return NULL;
}

static int see_chain(void *arg, const struct nlmsghdr *h)
{
	struct look *l = arg;
	const struct nfgenmsg *g = NLMSG_DATA(h);
	const struct rtattr *hook = nk_nl_find(h, BODY, NFTA_CHAIN_HOOK);
	struct chain *c = NK_PUSH(l->a, l);

	if (!c)
		return -ENOMEM;
	c->family = g->nfgen_family;
	c->table = text(l->a, nk_nl_find(h, BODY, NFTA_CHAIN_TABLE));
	c->name = text(l->a, nk_nl_find(h, BODY, NFTA_CHAIN_NAME));
	c->forward = hook && be32(inside(hook, NFTA_HOOK_HOOKNUM)) == NF_INET_FORWARD;
	c->drop = be32(nk_nl_find(h, BODY, NFTA_CHAIN_POLICY)) == NF_DROP;
	return 0;
}

/* A rule that compares with the bridge's name, and accepts: good enough to be quiet. */
static int see_rule(void *arg, const struct nlmsghdr *h)
{
	struct look *l = arg;
	const struct nfgenmsg *g = NLMSG_DATA(h);
	const struct rtattr *all = nk_nl_find(h, BODY, NFTA_RULE_EXPRESSIONS);
	struct chain *c;

	if (!all || !memmem(RTA_DATA(all), RTA_PAYLOAD(all), l->bridge, strlen(l->bridge)))
		return 0;
	c = NK_PUSH(l->a, &l->naming);
	if (!c)
		return -ENOMEM;
	c->family = g->nfgen_family;
	c->table = text(l->a, nk_nl_find(h, BODY, NFTA_RULE_TABLE));
	c->name = text(l->a, nk_nl_find(h, BODY, NFTA_RULE_CHAIN));
	return 0;
}

static int dump(int fd, uint8_t what, nk_nl_answer *see, struct look *l, struct nk_err *e)
{
	const struct nfgenmsg body = {.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0};
	struct nk_nl m;

	nk_nl_begin(&m, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | what), NLM_F_DUMP, &body,
		    sizeof(body));
	return nk_nl_call(fd, &m, see, l, "look at the rules of nftables", e);
}

static const struct chain *find(const struct look *l, uint8_t family, const char *table,
				const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].family == family && !strcmp(l->v[i].table, table) &&
		    !strcmp(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}

static bool names_bridge(const struct look *l, uint8_t family, const char *table)
{
	for (size_t i = 0; i < l->naming.n; i++)
		if (l->naming.v[i].family == family && !strcmp(l->naming.v[i].table, table))
			return true;
	return false;
}

static void say(struct look *l, struct nk_strv *lines, const char *who, const char *network,
		const char *command)
{
	nk_strv_push(l->a, lines,
		     nk_fmt(l->a, "%s drops what network %s forwards; this permits it: %s", who,
			    network, command));
}

/* iptables -I CHAIN for both directions. */
static const char *iptables(struct look *l, uint8_t family, const char *chain)
{
	const char *program = family == NFPROTO_IPV6 ? "ip6tables" : "iptables";

	return nk_fmt(l->a, "%s -I %s -i %s -j ACCEPT; %s -I %s -o %s -j ACCEPT", program, chain,
		      l->bridge, program, chain, l->bridge);
}

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_INET ? "inet" : family == NFPROTO_IPV6 ? "ip6" : "ip";
}

/* The chains of one program lie in tables that are known by name. */
static void tell_chain(struct look *l, const struct chain *c, const char *network,
		       struct nk_strv *lines)
{
	const char *prefix = c->family == NFPROTO_IPV6 ? "ufw6" : "ufw";
	bool xtables = !strcmp(c->table, "filter") && !strcmp(c->name, "FORWARD");

	if (xtables && find(l, c->family, "filter", nk_fmt(l->a, "%s-before-forward", prefix)))
		say(l, lines, "ufw", network,
		    nk_fmt(l->a, "ufw route allow in on %s; ufw route allow out on %s", l->bridge,
			   l->bridge));
	else if (xtables && find(l, c->family, "filter", "DOCKER-USER"))
		say(l, lines, "Docker's firewall", network, iptables(l, c->family, "DOCKER-USER"));
	else if (xtables)
		say(l, lines,
		    c->family == NFPROTO_IPV6 ? "the policy of ip6tables"
					      : "the policy of iptables",
		    network, iptables(l, c->family, "FORWARD"));
	else
		say(l, lines,
		    nk_fmt(l->a, "chain %s of nftables' table %s %s", c->name,
			   family_name(c->family), c->table),
		    network,
		    nk_fmt(l->a,
			   "nft insert rule %s %s %s iifname %s accept; nft insert rule %s %s %s "
			   "oifname %s accept",
			   family_name(c->family), c->table, c->name, l->bridge,
			   family_name(c->family), c->table, c->name, l->bridge));
}

static bool concerns(const struct nk_network *n, uint8_t family)
{
	for (size_t i = 0; i < n->subnets.n; i++) {
		int of = n->subnets.v[i].net.family;

		if (family == NFPROTO_INET || (family == NFPROTO_IPV4 && of == AF_INET) ||
		    (family == NFPROTO_IPV6 && of == AF_INET6))
			return true;
	}
	return false;
}

/*
 * iptables of the older kind: its rules are a blob, of which the policy of a hook is the last
 * entry before the next hook's. The file is there only when it has been used.
 */
static void tell_legacy(struct look *l, const char *network, struct nk_strv *lines)
{
	_free_ char *names = nk_text_read("/proc/net/ip_tables_names", 4096);
	_close_ int fd = names && strstr(names, "filter")
				 ? socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)
				 : -1;
	struct ipt_getinfo info = {.name = "filter"};
	socklen_t size = sizeof(info);

	if (fd < 0 || getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size) < 0)
		return;
	size = (socklen_t)(sizeof(struct ipt_get_entries) + info.size);

	struct ipt_get_entries *all = nk_alloc(l->a, size);

	if (!all)
		return;
	strcpy(all->name, "filter");
	all->size = info.size;
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, all, &size) < 0 ||
	    info.underflow[NF_INET_FORWARD] + sizeof(struct ipt_entry) >= info.size)
		return;

	const char *entries = (const char *)all->entrytable;
	const struct ipt_entry *policy = (const void *)(entries + info.underflow[NF_INET_FORWARD]);
	const struct xt_standard_target *t =
		(const void *)((const char *)policy + policy->target_offset);

	if (t->verdict != -NF_DROP - 1 || memmem(entries, info.size, l->bridge, strlen(l->bridge)))
		return;
	if (memmem(entries, info.size, "ufw-before-forward", 18))
		say(l, lines, "ufw", network,
		    nk_fmt(l->a, "ufw route allow in on %s; ufw route allow out on %s", l->bridge,
			   l->bridge));
	else
		say(l, lines, "the policy of iptables-legacy", network,
		    iptables(l, NFPROTO_IPV4,
			     memmem(entries, info.size, "DOCKER-USER", 11) ? "DOCKER-USER"
									   : "FORWARD"));
}

void nk_net_foreign(struct nk_arena *a, const struct nk_network *n, struct nk_strv *lines)
{
	struct nk_err ignored;
	_close_ int fd = n->driver == NK_NET_BRIDGE && !n->internal ? nk_nft_open(&ignored) : -1;
	struct look l = {.a = a, .bridge = n->link};

	/* Without the right to look there is nothing to say. */
	if (fd < 0 || !n->link || dump(fd, NFT_MSG_GETCHAIN, see_chain, &l, &ignored) < 0 ||
	    dump(fd, NFT_MSG_GETRULE, see_rule, &l, &ignored) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		const struct chain *c = &l.v[i];

		if (c->forward && c->drop && concerns(n, c->family) &&
		    strcmp(c->table, NK_NFT_TABLE) != 0 && !names_bridge(&l, c->family, c->table))
			tell_chain(&l, c, n->name, lines);
	}
	/* Its last rule rejects, whatever the policy says. */
	if (find(&l, NFPROTO_INET, "firewalld", "filter_FORWARD") &&
	    !names_bridge(&l, NFPROTO_INET, "firewalld"))
		say(&l, lines, "firewalld", n->name,
		    nk_fmt(a,
			   "firewall-cmd --permanent --zone=trusted --add-interface=%s; "
			   "firewall-cmd --reload",
			   n->link));
	tell_legacy(&l, n->name, lines);
}

int nk_net_foreign_all(struct nk_net_store *s, struct nk_arena *a, struct nk_strv *lines,
		       struct nk_err *e)
{
	_close_ int fd = nk_nl_open(e);
	struct nk_networks all = {0};
	int rc = fd < 0 ? fd : nk_net_list(s, a, &all, e);

	for (size_t i = 0; rc >= 0 && i < all.n; i++) {
		struct nk_rt_link link;

		rc = nk_net_bridge(fd, a, &all.v[i], &link, e);
		if (rc > 0)
			nk_net_foreign(a, &all.v[i], lines);
	}
	return rc < 0 ? rc : 0;
}
