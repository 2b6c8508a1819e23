/* SPDX-License-Identifier: Apache-2.0 */
/* Subnets of a definition: each by itself, and against those in use. */
#include <errno.h>
#include <sys/socket.h>

#include "net/define.h"
#include "oci/ip.h"

/* Ranges in which no LAN can be. */
static const struct {
	struct nk_ip net;
	const char *what;
} never[] = {
	{{.family = AF_INET, .prefix = 8}, "\"this network\""},
	{{.family = AF_INET, .prefix = 8, .a = {127}}, "loopback"},
	{{.family = AF_INET, .prefix = 16, .a = {169, 254}}, "link-local"},
	{{.family = AF_INET, .prefix = 4, .a = {224}}, "multicast"},
	{{.family = AF_INET, .prefix = 4, .a = {240}}, "reserved"},
	{{.family = AF_INET6, .prefix = 8}, "loopback and mapped IPv4"},
	{{.family = AF_INET6, .prefix = 10, .a = {0xfe, 0x80}}, "link-local"},
	{{.family = AF_INET6, .prefix = 8, .a = {0xff}}, "multicast"},
};

static int check_net(const struct nk_ip *net, struct nk_err *e)
{
	struct nk_ip first = nk_ip_first(net);
	char buf[NK_IP_TEXT], right[NK_IP_TEXT];
	unsigned most = net->family == AF_INET ? 30 : 126;

	nk_ip_text(net, true, buf);
	if (!nk_ip_equal(&first, net)) {
		nk_fail(e, 0, "%s is an address in a subnet, not a subnet", buf);
		return nk_hint(e, "--subnet %s", nk_ip_text(&first, true, right));
	}
	if (net->prefix > most || net->prefix < 8) {
		nk_fail(e, 0, "the subnet %s is too %s", buf, net->prefix < 8 ? "large" : "small");
		return nk_hint(e, "/8 to /%u", most);
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		if (!nk_ip_overlap(&never[i].net, net))
			continue;
		nk_fail(e, 0, "the subnet %s is not for LANs: %s", buf, never[i].what);
		return nk_hint(e, "as 10.5.0.0/24, 192.168.7.0/24 or fd05::/64");
	}
	return 0;
}

static int check_gateway(const struct nk_subnet *s, struct nk_err *e)
{
	char buf[NK_IP_TEXT], net[NK_IP_TEXT];
	struct nk_ip first = nk_ip_first(&s->net), last = nk_ip_last(&s->net);

	nk_ip_text(&s->gateway, false, buf);
	nk_ip_text(&s->net, true, net);
	if (!nk_ip_inside(&s->gateway, &s->net)) {
		nk_fail(e, 0, "the gateway %s is outside of the subnet %s", buf, net);
		return nk_hint(e, "the bridge has the gateway's address; without --gateway it is "
				  "the first one");
	}
	if (nk_ip_equal(&s->gateway, &first))
		nk_fail(e, 0, "the gateway %s is the address of the subnet %s itself", buf, net);
	else if (s->net.family == AF_INET && nk_ip_equal(&s->gateway, &last))
		nk_fail(e, 0, "the gateway %s is the broadcast address of %s", buf, net);
	else
		return 0;
	first = nk_ip_next(&first);
	return nk_hint(e, "--gateway %s", nk_ip_text(&first, false, buf));
}

static int check_range(const struct nk_subnet *s, struct nk_err *e)
{
	struct nk_ip first = nk_ip_first(&s->range);
	char buf[NK_IP_TEXT], net[NK_IP_TEXT];

	nk_ip_text(&s->range, true, buf);
	nk_ip_text(&s->net, true, net);
	if (s->range.prefix < s->net.prefix || !nk_ip_inside(&s->range, &s->net)) {
		nk_fail(e, 0, "the range %s is not inside of the subnet %s", buf, net);
		return nk_hint(e, "--ip-range is a part of the subnet, with a prefix");
	}
	if (!nk_ip_equal(&first, &s->range)) {
		nk_fail(e, 0, "%s is an address in a range, not a range", buf);
		return nk_hint(e, "--ip-range %s", nk_ip_text(&first, true, buf));
	}
	return 0;
}

static int overlap_within(const char *one, const struct nk_ip *net, struct nk_err *e)
{
	char other[NK_IP_TEXT];

	nk_fail(e, 0, "the subnets %s and %s overlap", one, nk_ip_text(net, true, other));
	return nk_hint(e, "one of each family is usual: as 10.5.0.0/24 and fd05::/64");
}

static int check_free(const struct nk_network *n, size_t at, const struct nk_net_taken *t,
		      struct nk_err *e)
{
	const struct nk_ip *net = &n->subnets.v[at].net;
	/* A card of the host brings its LAN along: that is where these are to be. */
	bool shared = n->parent != NULL;
	char buf[NK_IP_TEXT], other[NK_IP_TEXT];
	struct nk_err ignored;
	struct nk_ip free_one;

	nk_ip_text(net, true, buf);
	for (size_t i = 0; i < at; i++)
		if (nk_ip_overlap(net, &n->subnets.v[i].net))
			return overlap_within(buf, &n->subnets.v[i].net, e);
	for (size_t i = 0; i < t->n && !shared; i++) {
		if (!nk_ip_overlap(net, &t->v[i].net))
			continue;
		nk_fail(e, 0, "the subnet %s overlaps %s", buf, t->v[i].who);
		if (net->family == AF_INET && nk_net_choose4(t, &free_one, &ignored) == 0)
			return nk_hint(e, "free: --subnet %s", nk_ip_text(&free_one, true, other));
		return nk_hint(e, "without --subnet a free one is chosen");
	}
	return 0;
}

int nk_net_check_subnets(struct nk_network *n, const struct nk_net_taken *t, struct nk_err *e)
{
	for (size_t i = 0; i < n->subnets.n; i++) {
		struct nk_subnet *s = &n->subnets.v[i];
		int rc = check_net(&s->net, e);

		if (rc >= 0 && s->gateway.family)
			rc = check_gateway(s, e);
		if (rc >= 0 && s->range.family)
			rc = check_range(s, e);
		if (rc >= 0)
			rc = check_free(n, i, t, e);
		if (rc < 0)
			return rc;
		if (!s->gateway.family) {
			struct nk_ip first = nk_ip_first(&s->net);

			s->gateway = nk_ip_next(&first);
		}
		s->gateway.prefix = s->net.prefix;
	}
	return 0;
}
