/* SPDX-License-Identifier: Apache-2.0 */
/* nook run: words -> spec -> plan -> a running container, or its explanation. */
#include "cli/cli.h"
#include "cli/run_options.h"

static int run_container(struct nk_cli *cli, struct nk_run_request *r)
{
	struct nk_err e;

	(void)r;
	nk_fail(&e, 0, "run: not yet built in");
	return nk_cli_error(cli, &e);
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct nk_run_request r;
	struct nk_run_world w;
	struct nk_err e = {0};
	int code;

	nk_run_request_init(&r);
	int first = nk_cli_options(cli, &nk_command_run, argc, argv, &r, &code);
	if (first < 0)
		return code;
	if (nk_run_world_read(&w, &cli->arena, &e) < 0 ||
	    nk_run_finish(&r, &cli->arena, &w, argc - first, argv + first, &e) < 0)
		return nk_cli_error(cli, &e);
	return run_container(cli, &r);
}

const struct nk_command nk_command_run = {
	.name = "run",
	.usage = "[OPTIONS] [REFERENCE] [COMMAND [ARG...]]",
	.summary = "run a command in a new container",
	.about = "Run COMMAND in namespaces of its own. REFERENCE is the first word after the options: "
		 "host, the embedded default, shows this machine's own programs below throw-away "
		 "layers. With --rootfs DIR there is no REFERENCE and all words are the command. "
		 "Without a command it is a shell.\n"
		 "The exit code is the command's; 125: nook's own fault, 126: cannot be executed, 127: "
		 "not found, 128+N: ended by signal N.",
	.examples = "nook run\ta shell in a throw-away copy of this machine\n"
		    "nook run host make -C /tmp\tone command in it\n"
		    "nook run --rootfs ./debian:O -it bash\ta tree of your own, left as it is\n"
		    "nook run -v ./src:/src:ro -w /src --network none host make\tshow a directory inside\n"
		    "nook run --memory 64m --pids-limit 50 --cpus 0.5 host ./job\thold it to limits\n"
		    "nook run --explain host true\tshow each step and run nothing",
	.options = nk_run_table,
	.words = "host",
	.run = run,
};
