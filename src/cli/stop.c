/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/each_container.h"
#include "cli/value.h"

enum { MAX_SECONDS = 24 * 3600 };

struct stop_request {
	int seconds; /* -1: wait for ever */
};

static int set_time(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	uint64_t n;

	if (strcmp(value, "-1") == 0) {
		*NK_MEMBER(use, int) = -1;
		return 0;
	}
	if (nk_value_number(value, strlen(value), MAX_SECONDS, &n) < 0) {
		nk_fail(e, 0, "not a number of seconds");
		return nk_hint(e, "whole seconds up to a day, or -1 to wait for ever");
	}
	*NK_MEMBER(use, int) = (int)n;
	return 0;
}

static const struct nk_option options[] = {
	{"time", 't', .metavar = "SECONDS",
	 .help = "how long it may take before SIGKILL (default 10; -1: as long as it likes)",
	 .set = set_time, .offset = offsetof(struct stop_request, seconds)},
	{0},
};

static int one(struct nk_cli *cli, struct nk_state *st, const struct nk_state_record *r,
	       const char *word, void *arg, struct nk_err *e)
{
	const struct stop_request *request = arg;
	int rc = nk_runtime_stop(st, r, request->seconds < 0 ? -1 : request->seconds * 1000, e);

	(void)cli;
	if (rc >= 0)
		puts(word);
	return rc;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct stop_request request = {.seconds = 10};
	int exit_code,
		first = nk_cli_options(cli, &nk_command_stop, argc, argv, &request, &exit_code);

	if (first < 0)
		return exit_code;
	return nk_cli_each_container(cli, "stop", argc - first, argv + first, one, &request);
}

const struct nk_command nk_command_stop = {
	.name = "stop",
	.usage = "[OPTIONS] NAME...",
	.summary = "end running containers, gently first",
	.about = "Sends SIGTERM (or the container's own stop signal), after ten seconds SIGKILL, "
		 "and "
		 "returns when the container is gone and its name is free. A command that runs as "
		 "process 1 and has no handler for SIGTERM never sees it: use nook run --init.",
	.examples = "nook stop web\tends it\n"
		    "nook stop -t 1 web db\tends two, with one second each\n",
	.options = options,
	.words = "@container",
	.mixed = true,
	.run = run,
};
