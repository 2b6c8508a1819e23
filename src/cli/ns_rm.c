/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns rm: let names of namespaces go. */
#include <stdio.h>

#include "cli/ns.h"
#include "ns/hold.h"

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct nk_err e = {0};
	int code, failed = 0;
	int first = nk_cli_options(cli, &nk_command_ns_rm, argc, argv, NULL, &code);

	if (first < 0)
		return code;
	if (first == argc) {
		nk_fail(&e, 0, "nook ns rm needs a name");
		nk_hint(&e, "nook ns ls shows names");
		return nk_cli_error(cli, &e);
	}
	for (int i = first; i < argc; i++) {
		e = (struct nk_err){0};
		if (nk_ns_release(&cli->arena, cli->state, argv[i], &e) < 0)
			failed = nk_cli_error(cli, &e);
	}
	return failed;
}

const struct nk_command nk_command_ns_rm = {
	.name = "ns rm",
	.usage = "NAME...",
	.summary = "let namespaces go that have a name",
	.about = "Takes away a name of nook ns hold, or of ip netns add, and ends its holder "
		 "process. A namespace lives on while a process is in it.",
	.examples = "nook ns rm blue\tlet it go\n",
	.mixed = true,
	.run = run,
};
