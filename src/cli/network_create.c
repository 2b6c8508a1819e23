/* SPDX-License-Identifier: Apache-2.0 */
/* nook network create */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/network.h"
#include "cli/value.h"
#include "oci/ip.h"
#include "runtime/net.h"
#include "runtime/net_uplink.h"

struct request {
	struct nk_network n;
	struct nk_strv gateways, ranges;
	bool ipv6, ignore, ipam_given, dns_given;
};

#define AT(member) .offset = offsetof(struct request, member)

static int set_driver(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	return nk_net_driver_by_name(value, NK_MEMBER(use, enum nk_net_driver), e);
}

static int set_subnet(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct request *r = use->target;
	struct nk_subnet *s = NK_PUSH(use->arena, &r->n.subnets);
	struct nk_ip net;
	int rc = nk_ip_parse(value, true, &net, e);

	if (rc >= 0 && !strchr(value, '/')) {
		nk_fail(e, 0, "a subnet has a prefix");
		return nk_hint(e, "--subnet %s/%d", value, strchr(value, ':') ? 64 : 24);
	}
	if (s)
		s->net = net;
	return rc;
}

static int set_mtu(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	int rc = nk_set_unsigned(use, value, e);

	if (rc >= 0 && !*NK_MEMBER(use, unsigned)) {
		nk_fail(e, 0, "an MTU of 0 is out of range");
		return nk_hint(e, "68 to 65535 bytes; without --mtu it is the usual one");
	}
	return rc;
}

static int set_ipam(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	((struct request *)use->target)->ipam_given = true;
	return nk_ipam_by_name(value, NK_MEMBER(use, enum nk_ipam), e);
}

static int set_dns(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct request *r = use->target;

	r->dns_given = true;
	if (!strcmp(value, "on") || !strcmp(value, "off"))
		return r->n.dns = !strcmp(value, "on"), 0;
	nk_fail(e, 0, "\"%.20s\" is neither on nor off", value);
	return nk_hint(e, "--dns on (the default) or --dns off");
}

/* Podman's flag */
static int set_disable_dns(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	(void)e;
	if (!strcmp(value, "true")) {
		((struct request *)use->target)->dns_given = true;
		((struct request *)use->target)->n.dns = false;
	}
	return 0;
}

static int pair(const struct nk_option_use *use, const char *value, bool needs_value,
		struct nk_err *e)
{
	const char *equals = strchr(value, '=');
	struct nk_net_option *o;

	if (equals == value || !*value || (needs_value && !equals)) {
		nk_fail(e, 0, "not a key and a value");
		return nk_hint(e, "--%s KEY=VALUE", use->option->name);
	}
	o = NK_PUSH(use->arena, NK_MEMBER(use, struct nk_net_options));
	if (o) {
		o->key = equals ? nk_strndup(use->arena, value, (size_t)(equals - value)) : value;
		o->value = equals ? equals + 1 : "";
	}
	return 0;
}

static int set_opt(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	return pair(use, value, true, e);
}

static int set_label(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	return pair(use, value, false, e);
}

static int set_interface(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct nk_net_option *o = NK_PUSH(use->arena, NK_MEMBER(use, struct nk_net_options));

	(void)e;
	if (o)
		*o = (struct nk_net_option){"bridge.name", value};
	return 0;
}

/* clang-format off: the table is read in columns */
static const struct nk_option options[] = {
	{"driver", 'd', .metavar = "DRIVER", .group = "What it is",
	 .values = "bridge macvlan ipvlan", .help = "bridge (default), macvlan or ipvlan",
	 .more = "A bridge is a LAN of its own, which this machine routes and masquerades. With "
		 "macvlan and ipvlan the containers are on the LAN of a card of this machine "
		 "(--parent).",
	 .set = set_driver, AT(n.driver)},
	{"parent", .metavar = "IF", .help = "a card of this machine that the network is on",
	 .set = nk_set_string, AT(n.parent)},
	{"internal", .help = "no way out of this machine", .set = nk_set_flag, AT(n.internal)},
	{"isolate", .help = "nothing from or to other networks of nook", .set = nk_set_flag,
	 AT(n.isolate)},
	{"mtu", .metavar = "BYTES",
	 .help = "largest packet (default: the usual 1500, or the parent's)", .set = set_mtu,
	 AT(n.mtu)},
	{"dns", .metavar = "on|off", .values = "on off",
	 .help = "containers find each other by name (default: on, for bridges)", .set = set_dns},
	{"disable-dns", .hidden = true, .help = "--dns off", .set = set_disable_dns},
	{"subnet", .metavar = "CIDR", .group = "Addresses",
	 .help = "as 10.5.0.0/24 or fd05::/64, repeatable (default: a free one is chosen)",
	 .set = set_subnet},
	{"gateway", .metavar = "IP",
	 .help = "address of the bridge, or of the LAN's router (default: the first)",
	 .set = nk_set_list, AT(gateways)},
	{"ip-range", .metavar = "CIDR",
	 .help = "the part of the subnet that addresses are leased from", .set = nk_set_list,
	 AT(ranges)},
	{"ipv6", .help = "a subnet of IPv6 as well", .set = nk_set_flag, AT(ipv6)},
	{"ipam", .metavar = "WAY", .values = "host-local dhcp none",
	 .help = "who gives addresses: host-local (nook, the default), dhcp or none",
	 .set = set_ipam, AT(n.ipam)},
	{"ipam-driver", .hidden = true, .metavar = "WAY", .help = "--ipam", .set = set_ipam,
	 AT(n.ipam)},
	{"opt", 'o', .metavar = "KEY=VALUE", .group = "More",
	 .help = "mtu, isolate, mode, parent or bridge.name, repeatable", .set = set_opt,
	 AT(n.options)},
	{"interface-name", .hidden = true, .metavar = "NAME", .help = "--opt bridge.name=NAME",
	 .set = set_interface, AT(n.options)},
	{"label", .metavar = "KEY=VALUE", .help = "a word about it, repeatable", .set = set_label,
	 AT(n.labels)},
	{"ignore", .help = "no fault when there is one of that name already", .set = nk_set_flag,
	 AT(ignore)},
	{0},
};
/* clang-format on */

/* --gateway and --ip-range belong to the subnet that they lie in; elsewhere, to the first of
 * their family, which is told that they do not. */
static struct nk_subnet *subnet_of(struct nk_network *n, const struct nk_ip *ip)
{
	struct nk_subnet *family = NULL;

	for (size_t i = 0; i < n->subnets.n; i++) {
		struct nk_subnet *s = &n->subnets.v[i];

		if (nk_ip_inside(ip, &s->net))
			return s;
		if (!family && s->net.family == ip->family)
			family = s;
	}
	return family;
}

static int place(struct request *r, const struct nk_strv *words, bool range, struct nk_err *e)
{
	const char *option = range ? "ip-range" : "gateway";

	for (size_t i = 0; i < words->n; i++) {
		struct nk_subnet *s;
		struct nk_ip ip, *to;

		if (nk_ip_parse(words->v[i], range, &ip, e) < 0)
			return nk_ctx(e, "--%s", option);
		s = subnet_of(&r->n, &ip);
		if (!s) {
			nk_fail(e, 0, "--%s %s belongs to no --subnet", option, words->v[i]);
			return nk_hint(e, "--subnet CIDR --%s %s", option, words->v[i]);
		}
		to = range ? &s->range : &s->gateway;
		if (to->family)
			return nk_fail(e, 0, "two times --%s for one subnet: %s", option,
				       words->v[i]);
		*to = ip;
	}
	return 0;
}

/* What is not said follows from the rest. */
static void defaults(struct request *r)
{
	bool shared = r->n.driver != NK_NET_BRIDGE || r->n.parent;

	/* On a LAN of others its own server gives addresses; ipvlan has no hardware address of its
	 * own to ask with. */
	if (!r->ipam_given && shared && !r->n.subnets.n && r->n.driver != NK_NET_IPVLAN)
		r->n.ipam = NK_IPAM_DHCP;
	if (!r->dns_given)
		r->n.dns = !shared && r->n.ipam == NK_IPAM_HOST_LOCAL;
}

/* The machine's own card goes onto the bridge now, while somebody looks. */
static int put_card(struct nk_cli *cli, struct nk_net_store *s, const struct nk_network *n,
		    struct nk_strv *notices, struct nk_err *e)
{
	struct nk_err ignored;
	/* A start of its first container may do the same at this moment. */
	int rc = nk_net_starts_lock(s, true, e);

	if (rc >= 0)
		rc = nk_net_uplink_up(&cli->arena, n, notices, e);
	nk_net_starts_done(s);
	if (rc < 0)
		nk_net_remove(s, &cli->arena, n, true, &ignored);
	/* Not "there is such a network already": that is another fault. */
	if (rc == -EEXIST)
		rc = -EBUSY;
	return rc;
}

static int make(struct nk_cli *cli, struct nk_net_store *s, struct request *r, struct nk_err *e)
{
	struct nk_strv notices = {0};
	int rc = place(r, &r->gateways, false, e);

	if (rc >= 0)
		rc = place(r, &r->ranges, true, e);
	/* --opt parent= says what defaults depend on. */
	if (rc >= 0)
		rc = nk_net_options(&r->n, e);
	if (rc >= 0) {
		defaults(r);
		nk_net_parent_gateways(&cli->arena, &r->n);
		rc = nk_net_create(s, &cli->arena, &r->n, r->ipv6, e);
		if (rc >= 0 && r->n.driver == NK_NET_BRIDGE && r->n.parent)
			rc = put_card(cli, s, &r->n, &notices, e);
	}
	if (rc == -EEXIST && r->ignore)
		return 0;
	if (rc < 0)
		return rc;
	nk_net_foreign(&cli->arena, &r->n, &notices);
	for (size_t i = 0; i < notices.n; i++)
		nk_log(NK_LOG_WARN, "%s", notices.v[i]);
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first = nk_cli_options(cli, &nk_command_network_create, argc, argv, &r, &code);

	if (first < 0)
		return code;
	if (argc - first != 1) {
		if (first == argc)
			nk_fail(&e, 0, "how shall the network be called?");
		else
			nk_fail(&e, 0, "nook network create makes one network: %.80s",
				argv[first + 1]);
		nk_hint(&e, "nook network create NAME");
		return nk_cli_error(cli, &e);
	}
	r.n.name = argv[first];
	if (nk_cli_net_open(cli, &s, &e) < 0 || make(cli, &s, &r, &e) < 0)
		return nk_cli_error(cli, &e);
	puts(r.n.name);
	return 0;
}

const struct nk_command nk_command_network_create = {
	.name = "network create",
	.usage = "[OPTIONS] NAME",
	.summary = "define a network",
	.about = "Keeps the definition of a network and prints its name. Bridge, addresses and "
		 "firewall rules are made when its first container starts. Without --subnet a "
		 "free one is chosen, which no route, address or network of this machine has.",
	.examples = "nook network create web\ta LAN with a free subnet\n"
		    "nook network create --subnet 10.5.0.0/24 --ipv6 lab\twith a subnet of your "
		    "own\n"
		    "nook network create --internal db\twithout a way out\n"
		    "nook network create -d macvlan --parent eth0 lan\ton the LAN of eth0, by "
		    "DHCP\n",
	.options = options,
	.mixed = true,
	.run = run,
};
