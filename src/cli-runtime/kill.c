/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime kill */
#include <string.h>

#include "cli-runtime/runtime_cli.h"
#include "cli/signal_name.h"
#include "runtime/oci.h"

extern const struct nk_rt_command nk_rt_command_kill;

struct kill_options {
	bool all;
};

static const struct nk_option options[] = {
	{"all", .letter = 'a', .help = "to every process of the container", .set = nk_set_flag,
	 .offset = offsetof(struct kill_options, all)},
	{0},
};

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct kill_options o = {0};
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_kill, argc, argv, &o, &code);

	if (first < 0)
		return code;

	const char *word = argc - first > 1 ? argv[first + 1] : "TERM";
	/* 0 asks whether it is there. */
	int signal = !strcmp(word, "0") ? 0 : nk_signal_by_name(word, &e);

	if (signal < 0 || nk_oci_kill(rt->root, argv[first], signal, o.all, &e) < 0)
		return nk_rt_error(rt, &e);
	return 0;
}

const struct nk_rt_command nk_rt_command_kill = {
	.name = "kill",
	.usage = "[OPTIONS] CONTAINER [SIGNAL]",
	.summary = "send a signal, SIGTERM if none is named",
	.about = "Sends a signal, by name or number, to the first process of a container.",
	.options = options,
	.min_words = 1,
	.max_words = 2,
	.run = run,
};
