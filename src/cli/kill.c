/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>

#include "cli/each_container.h"
#include "cli/signal_name.h"

struct kill_request {
	int signal;
};

static int set_signal(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	int number = nk_signal_by_name(value, e);

	if (number < 0)
		return number;
	*NK_MEMBER(use, int) = number;
	return 0;
}

static const struct nk_option options[] = {
	{"signal", 's', .metavar = "SIGNAL", .values = "TERM KILL INT HUP QUIT USR1 USR2 STOP CONT",
	 .help = "signal to send, by name or number (default KILL)", .set = set_signal,
	 .offset = offsetof(struct kill_request, signal)},
	{0},
};

static int one(struct nk_cli *cli, struct nk_state *st, const struct nk_state_record *r,
	       const char *word, void *arg, struct nk_err *e)
{
	const struct kill_request *request = arg;
	int rc = nk_runtime_kill(r, request->signal, e);

	(void)cli;
	(void)st;
	if (rc >= 0)
		puts(word);
	return rc;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct kill_request request = {.signal = SIGKILL};
	int exit_code,
		first = nk_cli_options(cli, &nk_command_kill, argc, argv, &request, &exit_code);

	if (first < 0)
		return exit_code;
	return nk_cli_each_container(cli, "kill", argc - first, argv + first, one, &request);
}

const struct nk_command nk_command_kill = {
	.name = "kill",
	.usage = "[OPTIONS] NAME...",
	.summary = "send a signal to running containers",
	.about =
		"Sends a signal, SIGKILL if none is named, to the first process of each container. "
		"NAME is a name, an id or the unique beginning of an id.",
	.examples = "nook kill web\tends it at once\n"
		    "nook kill -s HUP web\tasks it to read its configuration again\n",
	.options = options,
	.words = "@container",
	.mixed = true,
	.run = run,
};
