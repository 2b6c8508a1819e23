/* SPDX-License-Identifier: Apache-2.0 */
/* What `nook ns enter` and `nook ns exec` are asked for, and one command in one target. */
#ifndef NK_CLI_NS_ENTER_H
#define NK_CLI_NS_ENTER_H

#include "cli/cli.h"
#include "cli/run_options.h"
#include "ns/target.h"

struct nk_enter_request {
	struct nk_run_request run; /* first: the setters of `nook run` write here */
	unsigned kinds;		   /* bit k: asked for; 0: all */
	bool all, root, cwd, env, ids, cgroup;
};

/* Run (or explain) the command in the target. Its exit code, or -errno with *e. */
int nk_cli_ns_enter(struct nk_cli *cli, struct nk_enter_request *r, const struct nk_ns_target *t,
		    int n_words, char **words, struct nk_err *e);

#endif
