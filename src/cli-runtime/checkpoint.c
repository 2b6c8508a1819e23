/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime checkpoint */
#include "cli-runtime/criu.h"

extern const struct nk_rt_command nk_rt_command_checkpoint;

/* clang-format off */
static const struct nk_option options[] = {
	NK_RT_CRIU_OPTIONS
	{"leave-running", .help = "let the container run on", .set = nk_set_flag,
	 NK_RT_CRIU_AT(criu.leave_running)},
	{"pre-dump", .help = "only its memory, and let it run on: a later checkpoint is short",
	 .set = nk_set_flag, NK_RT_CRIU_AT(criu.pre_dump)},
	{"parent-path", .metavar = "DIR", .help = "an earlier one, relative to --image-path",
	 .set = nk_set_string, NK_RT_CRIU_AT(criu.parent_path)},
	{"page-server", .metavar = "ADDRESS:PORT", .help = "send its memory to a criu page-server",
	 .set = nk_set_string, NK_RT_CRIU_AT(criu.page_server)},
	{"link-remap", .help = "with files that are open and deleted", .set = nk_set_flag,
	 NK_RT_CRIU_AT(criu.link_remap)},
	{"tcp-skip-in-flight", .help = "without TCP connections that are about to be made",
	 .set = nk_set_flag, NK_RT_CRIU_AT(criu.tcp_skip_in_flight)},
	{0},
};
/* clang-format on */

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_rt_criu c = {.criu.cgroups = -1};
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_checkpoint, argc, argv, &c, &code);

	if (first < 0)
		return code;
	nk_rt_criu_paths(rt, &c);
	return nk_oci_checkpoint(&rt->arena, rt->root, argv[first], &c.criu, &e) < 0
		       ? nk_rt_error(rt, &e)
		       : 0;
}

const struct nk_rt_command nk_rt_command_checkpoint = {
	.name = "checkpoint",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "write a running container to files, with criu",
	.about = "Writes a running container to files from which `restore` makes it anew, by the\n"
		 "program criu. The container ends and is deleted, unless it is to run on.",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
