/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/each_container.h"
#include "cli/inspect_json.h"

struct inspect_request {
	bool json;
};

static int set_format(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	if (strcmp(value, "json") != 0) {
		nk_fail(e, 0, "no such format");
		return nk_hint(e,
			       "json; to pick one field: nook inspect NAME | jq '.[0].State.Pid'");
	}
	*NK_MEMBER(use, bool) = true;
	return 0;
}

static const struct nk_option options[] = {
	{"format", 'f', .metavar = "FORMAT", .values = "json", .help = "json (the default)",
	 .set = set_format, .offset = offsetof(struct inspect_request, json)},
	{0},
};

static int one(struct nk_cli *cli, struct nk_state *st, const struct nk_state_record *r,
	       const char *word, void *arg, struct nk_err *e)
{
	struct nk_net_seats seats = {0};
	int rc = nk_net_cards_of(cli->root, cli->state, &cli->arena, r->id, &seats, e);

	(void)st;
	(void)word;
	if (rc >= 0)
		nk_inspect_json(arg, &cli->arena, r, &seats);
	return rc;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};
	struct inspect_request request = {0};
	struct nk_err e;
	int exit_code,
		first = nk_cli_options(cli, &nk_command_inspect, argc, argv, &request, &exit_code);

	if (first < 0)
		return exit_code;
	nk_json_open(&j, NULL, '[');
	exit_code = nk_cli_each_container(cli, "inspect", argc - first, argv + first, one, &j);
	nk_json_close(&j);
	if (first == argc)
		return exit_code;
	if (j.failed || puts(j.buf) < 0 || fflush(stdout)) {
		nk_fail(&e, 0, "write what is known about the container");
		return nk_cli_error(cli, &e);
	}
	return exit_code;
}

const struct nk_command nk_command_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] NAME...",
	.summary = "tell everything about running containers, as JSON",
	.about = "Prints a JSON array with an object for each container, whose fields have the "
		 "names "
		 "that Docker gives them; what only nook knows stands below \"Nook\".",
	.examples = "nook inspect web\teverything\n"
		    "nook inspect web | jq '.[0].State.Pid'\tits first process\n",
	.options = options,
	.words = "@container",
	.mixed = true,
	.run = run,
};
