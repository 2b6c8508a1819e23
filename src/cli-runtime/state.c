/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime state: the specification's document. */
#include <stdio.h>

#include "cli-runtime/runtime_cli.h"
#include "runtime/oci.h"

extern const struct nk_rt_command nk_rt_command_state;

static int run(struct nk_rt *rt, int argc, char **argv)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;
	_json_ struct nk_json_out j = {.indent = 2};
	struct nk_oci_record r;
	enum nk_oci_status status;
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_state, argc, argv, NULL, &code);

	if (first < 0)
		return code;
	if (nk_oci_find(&d, &rt->arena, rt->root, argv[first], &r, &status, &e) < 0)
		return nk_rt_error(rt, &e);
	nk_oci_state_json(&j, &r, status, true);
	printf("%s\n", j.buf ? j.buf : "");
	return j.failed || fflush(stdout) ? 1 : 0;
}

const struct nk_rt_command nk_rt_command_state = {
	.name = "state",
	.usage = "CONTAINER",
	.summary = "print the state of a container",
	.about = "Prints the specification's state document: creating, created, running, paused\n"
		 "or stopped.",
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
