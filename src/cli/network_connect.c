/* SPDX-License-Identifier: Apache-2.0 */
/* nook network connect: a card into what runs already. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "base/log.h"
#include "cli/network_card.h"
#include "cli/run_set.h"
#include "oci/ip.h"

struct request {
	struct nk_run_request run; /* first: its setters are used here */
	struct nk_ip ip4, ip6;
	uint8_t mac[6];
	const char *ifname;
	struct nk_strv aliases;
};

#define AT(member) .offset = offsetof(struct request, member)

static int set_ip(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	bool six = !strcmp(use->option->name, "ip6");
	struct nk_ip *ip = NK_MEMBER(use, struct nk_ip);
	int rc = nk_ip_parse(value, false, ip, e);

	if (rc >= 0 && (ip->family == AF_INET6) != six) {
		nk_fail(e, 0, "%s is an address of IPv%d", value, six ? 4 : 6);
		return nk_hint(e, "--%s %s", six ? "ip" : "ip6", value);
	}
	return rc;
}

static int set_mac(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	return nk_mac_parse(value, NK_MEMBER(use, uint8_t), e);
}

static int set_ifname(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	if (!*value || strlen(value) >= IFNAMSIZ || strpbrk(value, "/:%, \t\n\v\f\r") ||
	    !strcmp(value, ".") || !strcmp(value, "..")) {
		nk_fail(e, 0, "\"%.40s\" cannot be the name of a card", value);
		return nk_hint(e, "at most %d characters, no blanks, /, :, %% or comma",
			       IFNAMSIZ - 1);
	}
	*NK_MEMBER(use, const char *) = value;
	return 0;
}

static int set_alias(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	if (!*value || strlen(value) > 253 || strspn(value, letters) != strlen(value) ||
	    strchr(".-", *value)) {
		nk_fail(e, 0, "\"%.60s\" cannot be a name on a network", value);
		return nk_hint(e, "letters, digits, - _ and .; a letter or digit first");
	}
	return nk_set_list(use, value, e);
}

/* clang-format off: the table is read in columns */
static const struct nk_option options[] = {
	{"ip", .metavar = "IP", .group = "The card",
	 .help = "this IPv4 address (default: a free one)", .set = set_ip, AT(ip4)},
	{"ip6", .metavar = "IP", .help = "this IPv6 address (default: a free one)", .set = set_ip,
	 AT(ip6)},
	{"mac-address", .metavar = "MAC", .help = "this hardware address", .set = set_mac, AT(mac)},
	{"alias", .metavar = "NAME", .help = "a further name on this network, repeatable",
	 .set = set_alias, AT(aliases)},
	{"ifname", .metavar = "NAME",
	 .help = "what the card is called inside (default: eth0, eth1, …)", .set = set_ifname,
	 AT(ifname)},
	{"explain", .optional = true, .metavar = "FORMAT", .group = "See it",
	 .values = "words json c sh",
	 .help = "print each step and run nothing; FORMAT: words (default), json, c, sh",
	 .set = nk_run_set_explain},
	{"debug", .help = "show each step as it is done, with its time", .set = nk_set_flag,
	 AT(run.debug)},
#ifdef NOOK_FAULT
	{"fault", .hidden = true, .metavar = "STEP:before|after:fail|kill",
	 .help = "let a step go wrong (tests)", .set = nk_run_set_fault},
#endif
	{0},
};
/* clang-format on */

static void ask(struct nk_arena *a, const struct request *r, struct nk_net_card *card)
{
	const struct nk_ip *const ips[] = {&r->ip4, &r->ip6};

	for (size_t i = 0; i < 2; i++) {
		struct nk_ip *to = ips[i]->family ? NK_PUSH(a, &card->ips) : NULL;

		if (to)
			*to = *ips[i];
	}
	memcpy(card->mac, r->mac, sizeof(card->mac));
	card->ifname = r->ifname;
	card->aliases = r->aliases;
}

static int connect_card(struct nk_card_command *c, const struct request *r, struct nk_err *e)
{
	bool explained = false;
	int rc, done;

	ask(&c->cli->arena, r, &c->card);
	rc = nk_net_connect_prepare(&c->connection, e);
	if (rc < 0)
		return rc;
	rc = nk_card_run(c, &explained, e);
	if (explained)
		return rc;
	done = nk_net_connect_end(&c->connection, rc >= 0, e);
	for (size_t i = 0; rc >= 0 && i < c->connection.notices.n; i++)
		nk_log(NK_LOG_WARN, "%s", c->connection.notices.v[i]);
	return rc < 0 ? rc : done;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_card_ struct nk_card_command c = {.store = {.fd = -EBADF, .state_fd = -EBADF},
					   .target = {.ns_fd = -EBADF, .root_fd = -EBADF}};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first;

	nk_run_request_init(&r.run);
	first = nk_cli_options(cli, &nk_command_network_connect, argc, argv, &r, &code);
	if (first < 0)
		return code;
	code = nk_card_begin(&c, cli, &r.run, "connect", argc - first, argv + first, &e);
	if (code >= 0)
		code = connect_card(&c, &r, &e);
	return code < 0 ? nk_cli_error(cli, &e) : code;
}

const struct nk_command nk_command_network_connect = {
	.name = "network connect",
	.usage = "[OPTIONS] NETWORK CONTAINER|ns:NAME",
	.summary = "put a card into a running container or a named namespace",
	.about = "The card is made, moved, named and addressed in one step, with its route out "
		 "where there is none yet. ns:NAME is a network namespace of nook ns hold or of "
		 "ip netns, ns:/PATH a file that is one.",
	.examples = "nook network connect db web\tthe container web is on the network db, too\n"
		    "nook network connect --ip 10.5.0.7 lab ns:blue\ta named namespace, at this "
		    "address\n"
		    "nook network connect --explain db web\twhat would be done\n",
	.options = options,
	.words = "@network",
	.mixed = true,
	.run = run,
};
