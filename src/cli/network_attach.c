/* SPDX-License-Identifier: Apache-2.0 */
/* nook network attach, detach: cards of the host for what runs already. */
#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "cli/network_card.h"
#include "cli/run_set.h"
#include "host/facts.h"
#include "oci/ip.h"
#include "runtime/runtime.h"

struct request {
	struct nk_run_request run; /* first: its setters are used here */
	const char *parent, *ifname, *macvlan;
	struct nk_strv ips, gateways;
	enum nk_ipam ipam;
	bool ipam_given;
};

#define AT(member) .offset = offsetof(struct request, member)

static int set_ips(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	bool prefix = !strcmp(use->option->name, "ip");
	struct nk_ip ip;
	int rc = nk_ip_parse(value, prefix, &ip, e);

	if (rc < 0)
		return rc;
	if (prefix && !strchr(value, '/')) {
		nk_fail(e, 0, "an address of a card has the prefix of its subnet");
		return nk_hint(e, "--ip %s/%d", value, ip.family == AF_INET ? 24 : 64);
	}
	return nk_set_list(use, value, e);
}

static int set_ipam(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct request *r = use->target;

	r->ipam_given = true;
	return nk_ipam_by_name(value, &r->ipam, e);
}

static int set_macvlan(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	static const char *const modes[] = {"bridge", "private", "vepa", "passthru"};

	value = value ? value : "bridge";
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i], value))
			return *NK_MEMBER(use, const char *) = value, 0;
	nk_fail(e, 0, "macvlan has no mode \"%.20s\"", value);
	return nk_hint(e, "bridge, private, vepa or passthru");
}

static int set_ifname(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	int rc = nk_run_check_ifname(value, e);

	return rc < 0 ? rc : nk_set_string(use, value, e);
}

/* clang-format off: the table is read in columns */
static const struct nk_option options[] = {
	{"parent", .metavar = "IF", .group = "The card", .help = "a card of this machine",
	 .set = nk_set_string, AT(parent)},
	{"macvlan", .metavar = "MODE", .optional = true, .values = "bridge private vepa passthru",
	 .help = "not the card itself: one on top of it, with a hardware address of its own",
	 .set = set_macvlan, AT(macvlan)},
	{"ifname", .metavar = "NAME", .help = "what it is called inside (default: as outside)",
	 .set = set_ifname, AT(ifname)},
	{"ip", .metavar = "CIDR", .help = "its address, with the subnet's prefix, repeatable",
	 .set = set_ips, AT(ips)},
	{"gateway", .metavar = "IP", .help = "the way out, one of each family", .set = set_ips,
	 AT(gateways)},
	{"ipam", .metavar = "WAY", .values = "dhcp none",
	 .help = "without --ip: dhcp (default) or none", .set = set_ipam},
	{"explain", .optional = true, .metavar = "FORMAT", .group = "See it",
	 .values = "words json c sh",
	 .help = "print each step and run nothing; FORMAT: words (default), json, c, sh",
	 .set = nk_run_set_explain},
	{"debug", .help = "show each step as it is done, with its time", .set = nk_set_flag,
	 AT(run.debug)},
	{0},
};
/* clang-format on */

static int check(const struct nk_cli *cli, const struct request *r, struct nk_err *e)
{
	(void)cli;
	if (!(nk_own_caps() >> CAP_NET_ADMIN & 1) || geteuid() != 0) {
		nk_fail(e, EPERM, "cards of this machine are moved by its root");
		return nk_hint(e, "run nook as root");
	}
	if (!r->parent) {
		nk_fail(e, 0, "which card of this machine?");
		return nk_hint(e, "--parent eth1; ip link shows which there are");
	}
	if (r->ipam_given && r->ips.n) {
		nk_fail(e, 0, "--ipam and --ip exclude each other");
		return nk_hint(e, "--ip says the address");
	}
	if (r->gateways.n && !r->ips.n) {
		nk_fail(e, 0, "--gateway without --ip");
		return nk_hint(e, "a DHCP server says the way out itself");
	}
	if (r->ipam_given && r->ipam == NK_IPAM_HOST_LOCAL) {
		nk_fail(e, 0, "nook has no addresses to lease on the LAN of %.20s", r->parent);
		return nk_hint(e, "--ip CIDR, or --ipam dhcp");
	}
	return 0;
}

/* Who gets it, and what runs the plan. */
static int begin(struct nk_cli *cli, struct nk_card_command *c, const struct request *r,
		 const char *word, struct nk_plan_card *card, struct nk_err *e)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	int rc;

	c->cli = cli;
	c->run = &r->run;
	if ((rc = nk_cli_net_open_live(cli, &c->store, e)) < 0 ||
	    (rc = nk_runtime_open(&st, cli->state, e)) < 0 ||
	    (rc = nk_net_target(&st, cli->state, &cli->arena, word, &c->target, e)) < 0)
		return rc;
	*card = (struct nk_plan_card){
		.program = nk_run_find_program(&cli->arena, "nook-dhcp"),
		.state_dir = c->store.state,
		.id = c->target.id,
		.owner = c->target.owner,
	};
	nk_plan_init(&c->connection.plan, &cli->arena);
	if (card->program)
		return 0;
	nk_fail(e, ENOENT, "nook-dhcp is not there");
	return nk_hint(e, "it is installed beside nook-init");
}

static int attach(struct nk_cli *cli, struct nk_card_command *c, struct request *r,
		  const char *word, struct nk_err *e)
{
	struct nk_plan_card card;
	bool explained;
	int rc = check(cli, r, e);

	if (rc < 0 || (rc = begin(cli, c, r, word, &card, e)) < 0)
		return rc;
	card.parent = r->parent;
	card.ifname = r->ifname ? r->ifname : r->parent;
	card.macvlan = r->macvlan;
	card.addresses = r->ips;
	card.gateways = r->gateways;
	card.bare = r->ipam_given && r->ipam == NK_IPAM_NONE;
	card.hostname = strchr(c->target.name, ':') ? NULL : c->target.name;
	rc = nk_plan_attach(&c->connection.plan, &card, e);
	return rc < 0 ? rc : nk_card_run(c, &explained, e);
}

static int run_attach(struct nk_cli *cli, int argc, char **argv)
{
	_card_ struct nk_card_command c = {.store = {.fd = -EBADF, .state_fd = -EBADF},
					   .target = {.ns_fd = -EBADF, .root_fd = -EBADF}};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first;

	nk_run_request_init(&r.run);
	first = nk_cli_options(cli, &nk_command_network_attach, argc, argv, &r, &code);
	if (first < 0)
		return code;
	if (argc - first != 1) {
		nk_fail(&e, 0, "nook network attach takes one container");
		nk_hint(&e, "nook network attach --parent eth1 web; a named namespace is ns:NAME");
		return nk_cli_error(cli, &e);
	}
	code = attach(cli, &c, &r, argv[first], &e);
	return code < 0 ? nk_cli_error(cli, &e) : code;
}

const struct nk_command nk_command_network_attach = {
	.name = "network attach",
	.usage = "--parent IF [OPTIONS] CONTAINER|ns:NAME",
	.summary = "give a card of this machine to a running container",
	.about = "The card itself, or with --macvlan one on top of it. When the container ends, or "
		 "with nook network detach, it comes back with its name, addresses and routes. A "
		 "card that this machine's own way out leads over is refused.",
	.examples = "nook network attach --parent eth1 web\twith an address by DHCP\n"
		    "nook network attach --parent eth0 --macvlan web\ta second card on its LAN\n"
		    "nook network attach --parent eth1 --ip 192.168.7.9/24 --gateway 192.168.7.1 "
		    "web\taddressed by hand\n",
	.options = options,
	.words = "@container",
	.mixed = true,
	.run = run_attach,
};

/* ---- back ---- */

static int detach(struct nk_cli *cli, struct nk_card_command *c, const struct request *r,
		  char **words, struct nk_err *e)
{
	struct nk_plan_card card;
	bool explained;
	int rc = begin(cli, c, r, words[0], &card, e);

	if (rc < 0)
		return rc;
	card.ifname = words[1];
	if (strchr(words[1], '/') ||
	    faccessat(c->store.state_fd, nk_attached_file(&cli->arena, &card), F_OK, 0) < 0) {
		nk_fail(e, ENOENT, "%s has no card of this machine called %.40s", c->target.name,
			words[1]);
		return nk_hint(e, "cards of networks are taken out by nook network disconnect");
	}
	rc = nk_plan_detach(&c->connection.plan, &card, e);
	return rc < 0 ? rc : nk_card_run(c, &explained, e);
}

static int run_detach(struct nk_cli *cli, int argc, char **argv)
{
	_card_ struct nk_card_command c = {.store = {.fd = -EBADF, .state_fd = -EBADF},
					   .target = {.ns_fd = -EBADF, .root_fd = -EBADF}};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first;

	nk_run_request_init(&r.run);
	first = nk_cli_options(cli, &nk_command_network_detach, argc, argv, &r, &code);
	if (first < 0)
		return code;
	if (argc - first != 2) {
		nk_fail(&e, 0, "nook network detach takes a container and a card's name inside");
		nk_hint(&e, "nook network detach web eth1");
		return nk_cli_error(cli, &e);
	}
	code = detach(cli, &c, &r, argv + first, &e);
	return code < 0 ? nk_cli_error(cli, &e) : code;
}

const struct nk_command nk_command_network_detach = {
	.name = "network detach",
	.usage = "CONTAINER|ns:NAME CARD",
	.summary = "take back what network attach has given",
	.about = "CARD is its name inside. The card is this machine's again, as it was; a macvlan "
		 "is "
		 "gone.",
	.examples = "nook network detach web eth1\teth1 comes back\n",
	.words = "@container",
	.mixed = true,
	.run = run_detach,
};
