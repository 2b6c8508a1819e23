/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each_container.h"

#include <errno.h>

int nk_cli_each_container(struct nk_cli *cli, const char *command, int n, char **words,
			  nk_each_fn *fn, void *arg)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	struct nk_err e;
	int exit_code = 0;

	if (n < 1) {
		nk_fail(&e, 0, "nook %s needs the name of a container", command);
		nk_hint(&e, "nook ps lists those that run");
		return nk_cli_error(cli, &e);
	}
	if (nk_runtime_open(&st, cli->state, &e) < 0)
		return nk_cli_error(cli, &e);
	for (int i = 0; i < n; i++) {
		struct nk_state_record r;

		if (nk_state_find(&st, &cli->arena, words[i], &r, &e) < 0 ||
		    fn(cli, &st, &r, words[i], arg, &e) < 0)
			exit_code = nk_cli_error(cli, &e);
	}
	return exit_code;
}
