/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns exec: a command in every network namespace that has a name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"
#include "cli/ns.h"
#include "cli/ns_enter.h"
#include "cli/ns_target.h"
#include "cli/run_set.h"
#include "ns/hold.h"

struct request {
	struct nk_enter_request enter; /* first */
	bool all_names, net;
};

#define AT(member) .offset = offsetof(struct request, member)

/* clang-format off: the table is read in columns */
static const struct nk_option options[] = {
	{"all-names", .group = "Which", .help = "all that have a name", .set = nk_set_flag,
	 AT(all_names)},
	{"net", .help = "network namespaces: those of ip netns add and nook ns hold",
	 .set = nk_set_flag, AT(net)},
	{"explain", .optional = true, .metavar = "FORMAT", .group = "See it",
	 .values = "words json c sh",
	 .help = "print each step and run nothing; FORMAT: words (default), json, c, sh",
	 .set = nk_run_set_explain},
	{"debug", .help = "show each step as it is done, with its time", .set = nk_set_flag,
	 AT(enter.run.debug)},
	{0},
};
/* clang-format on */

static int one(struct nk_cli *cli, const struct request *r, const char *name, int n, char **words)
{
	_target_ struct nk_ns_target t = NK_NS_TARGET_INIT;
	struct nk_enter_request enter = r->enter;
	struct nk_err e = {0};
	int rc;

	/* As ip -all netns exec has it; a program or JSON has no room for it. */
	if (r->enter.run.explain <= NK_EXPLAIN_WORDS) {
		printf("\nnetns: %s\n", name);
		fflush(stdout);
	}
	rc = nk_cli_ns_target(cli, nk_fmt(&cli->arena, "netns:%s", name), &t, &e);
	if (rc >= 0)
		rc = nk_cli_ns_enter(cli, &enter, &t, n, words, &e);
	return rc < 0 ? nk_cli_error(cli, &e) : rc;
}

static int bad_words(const struct request *r, int n, struct nk_err *e)
{
	if (!r->all_names || !r->net) {
		nk_fail(e, 0, "nook ns exec runs a command in all named networks: %s is missing",
			r->all_names ? "--net" : "--all-names");
		return nk_hint(e, "nook ns exec --all-names --net ip address; for one of them: "
				  "nook ns enter NAME …");
	}
	if (n)
		return 0;
	nk_fail(e, 0, "nook ns exec needs a command");
	return nk_hint(e, "nook ns exec --all-names --net ip address");
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct request r = {0};
	struct nk_strv names = {0};
	struct nk_err e = {0};
	int code, first, failed = 0;

	nk_run_request_init(&r.enter.run);
	first = nk_cli_options(cli, &nk_command_ns_exec, argc, argv, &r, &code);
	if (first < 0)
		return code;
	nk_ns_tidy(&cli->arena, cli->state);
	if (bad_words(&r, argc - first, &e) < 0 || nk_netns_names(&cli->arena, &names, &e) < 0)
		return nk_cli_error(cli, &e);
	if (names.n > 1 && r.enter.run.explain > NK_EXPLAIN_WORDS) {
		nk_fail(&e, 0, "%zu networks are %zu plans", names.n, names.n);
		nk_hint(&e, "nook ns enter --explain=… %s COMMAND shows that of one", names.v[0]);
		return nk_cli_error(cli, &e);
	}
	for (size_t i = 0; i < names.n; i++) {
		int rc = one(cli, &r, names.v[i], argc - first, argv + first);

		failed = failed ? failed : rc;
	}
	return failed;
}

const struct nk_command nk_command_ns_exec = {
	.name = "ns exec",
	.usage = "--all-names --net [--] COMMAND [ARG...]",
	.summary = "run a command in every network namespace that has a name",
	.about = "One after the other, in the order of their names, each with its files of "
		 "/etc/netns/NAME and its own /sys, as `ip -all netns exec`. The exit code is 0, "
		 "or that of the first that failed; the others run all the same.",
	.examples = "nook ns exec --all-names --net ip address\twhich has which address\n",
	.options = options,
	.run = run,
};
