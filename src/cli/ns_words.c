/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ns_words.h"

int nk_cli_ns_words(struct nk_cli *cli, const struct nk_command *cmd, int argc, char **argv,
		    void *target, const char **words, int n, const char *what, const char *hint,
		    int *exit_code)
{
	struct nk_err e;
	int first = nk_cli_options(cli, cmd, argc, argv, target, exit_code), found = argc - first;

	if (first < 0)
		return -1;
	for (int i = 0; i < n && i < found; i++)
		words[i] = argv[first + i];
	if (found == n)
		return 0;
	nk_fail(&e, 0, "%s", what);
	nk_hint(&e, "%s", hint);
	*exit_code = nk_cli_error(cli, &e);
	return -1;
}
