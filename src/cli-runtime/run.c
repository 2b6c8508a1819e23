/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime run: create, start, wait, delete. */
#include "cli-runtime/create.h"

extern const struct nk_rt_command nk_rt_command_run;

/* clang-format off */
static const struct nk_option options[] = {
	NK_RT_CREATE_OPTIONS
	{"detach", .letter = 'd', .help = "do not wait for the end of the command",
	 .set = nk_set_flag, NK_RT_CREATE_AT(request.detach)},
	{"keep", .help = "do not delete the container at the end of the command",
	 .set = nk_set_flag, NK_RT_CREATE_AT(request.keep)},
	{"no-subreaper", .hidden = true, .help = "runc's; there is none here",
	 .set = nk_set_flag, NK_RT_CREATE_AT(no_subreaper)},
	{0},
};
/* clang-format on */

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_rt_create c = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_run, argc, argv, &c, &code);

	return first < 0 ? code : nk_rt_create(rt, &c, argv[first]);
}

const struct nk_rt_command nk_rt_command_run = {
	.name = "run",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "make a container, start it, and delete it at its end",
	.about = "The exit code is the command's, 128+N when it was ended by signal N; 1 where\n"
		 "there was none to speak of.",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
