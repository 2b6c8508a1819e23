/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ns_words.h"

#include <string.h>

int nk_cli_ns_words(struct nk_cli *cli, const struct nk_command *cmd, int argc, char **argv,
		    void *target, const char **words, int n, const char *what, const char *hint,
		    int *exit_code)
{
	bool only_words = false; /* "--" was there */
	int found = 0, at = 0;
	struct nk_err e;

	for (;;) {
		if (only_words) {
			at++;
		} else {
			int next =
				nk_cli_options(cli, cmd, argc - at, argv + at, target, exit_code);
			if (next < 0)
				return -1;
			at += next;
			only_words = next > 1 && !strcmp(argv[at - 1], "--");
		}
		if (at >= argc)
			break;
		if (found < n)
			words[found] = argv[at];
		found++;
	}
	if (found == n)
		return 0;
	nk_fail(&e, 0, "%s", what);
	nk_hint(&e, "%s", hint);
	*exit_code = nk_cli_error(cli, &e);
	return -1;
}
