/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "cli/each_container.h"

struct waited {
	struct nk_state_record r;
	struct nk_state_wait wait;
};
struct waiting {
	NK_VEC(struct waited);
};

/* Take hold of every container before waiting for the first: the others may end meanwhile. */
static int hold(struct nk_cli *cli, struct nk_state *st, const struct nk_state_record *r,
		const char *word, void *arg, struct nk_err *e)
{
	struct nk_state_wait w;
	int rc = nk_state_wait_begin(st, r, &w, e);

	(void)word;
	if (rc < 0)
		return rc;

	struct waited *to = NK_PUSH(&cli->arena, (struct waiting *)arg);

	if (!to)
		return nk_arena_ok(&cli->arena, e);
	*to = (struct waited){.r = *r, .wait = w};
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	struct waiting all = {0};
	struct nk_err e;
	int exit_code, first = nk_cli_options(cli, &nk_command_wait, argc, argv, NULL, &exit_code);

	if (first < 0)
		return exit_code;
	exit_code = nk_cli_each_container(cli, "wait", argc - first, argv + first, hold, &all);
	if (all.n && nk_runtime_open(&st, cli->state, &e) < 0)
		return nk_cli_error(cli, &e);
	for (size_t i = 0; i < all.n; i++) {
		int code;

		if (nk_state_wait_end(&st, &all.v[i].r, &all.v[i].wait, -1, &code, &e) < 0) {
			exit_code = nk_cli_error(cli, &e);
			continue;
		}
		printf("%d\n", code);
		fflush(stdout);
	}
	return exit_code;
}

const struct nk_command nk_command_wait = {
	.name = "wait",
	.usage = "NAME...",
	.summary = "wait until containers end and print their exit codes",
	.about =
		"Prints the exit code of each container's command on a line of its own: 128+N when "
		"signal N ended it, 137 also when the nook that ran it was killed.",
	.examples = "nook wait web\tprints 0 when it has ended well\n",
	.words = "@container",
	.mixed = true,
	.run = run,
};
