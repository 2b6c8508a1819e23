/* SPDX-License-Identifier: Apache-2.0 */
/* nook network disconnect: a card out of what runs. */
#include <errno.h>

#include "cli/network_card.h"
#include "cli/run_set.h"

struct request {
	struct nk_run_request run; /* first: its setters are used here */
	const char *ifname;
	bool force;
};

#define AT(member) .offset = offsetof(struct request, member)

/* clang-format off: the table is read in columns */
static const struct nk_option options[] = {
	{"ifname", .metavar = "NAME",
	 .help = "only the card of this name (default: all on that network)", .set = nk_set_string,
	 AT(ifname)},
	{"force", 'f', .hidden = true, .help = "as without: nothing is asked", .set = nk_set_flag,
	 AT(force)},
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

int nk_cli_disconnect(struct nk_card_command *c, const char *ifname, struct nk_err *e)
{
	bool explained = false;
	int rc = nk_net_disconnect_prepare(&c->connection, ifname, e);

	if (rc >= 0)
		rc = nk_card_run(c, &explained, e);
	if (rc < 0 || explained)
		return rc;
	return nk_net_disconnect_end(&c->connection, e);
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_card_ struct nk_card_command c = {.store = {.fd = -EBADF, .state_fd = -EBADF},
					   .target = {.ns_fd = -EBADF, .root_fd = -EBADF}};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first;

	nk_run_request_init(&r.run);
	first = nk_cli_options(cli, &nk_command_network_disconnect, argc, argv, &r, &code);
	if (first < 0)
		return code;
	code = nk_card_begin(&c, cli, &r.run, "disconnect", argc - first, argv + first, &e);
	if (code >= 0)
		code = nk_cli_disconnect(&c, r.ifname, &e);
	return code < 0 ? nk_cli_error(cli, &e) : code;
}

const struct nk_command nk_command_network_disconnect = {
	.name = "network disconnect",
	.usage = "[OPTIONS] NETWORK CONTAINER|ns:NAME",
	.summary = "take a card out of a running container or a named namespace",
	.about = "The card goes with its other end, its address is free again, and published ports "
		 "that lead to it lead nowhere.",
	.examples = "nook network disconnect db web\tthe container web leaves the network db\n",
	.options = options,
	.words = "@network",
	.mixed = true,
	.run = run,
};
