/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime restore */
#include "cli-runtime/criu.h"

extern const struct nk_rt_command nk_rt_command_restore;

/* clang-format off */
static const struct nk_option options[] = {
	NK_RT_CRIU_OPTIONS
	{"bundle", .letter = 'b', .metavar = "DIR", .values = "@dir",
	 .help = "the bundle (default: the current directory)",
	 .set = nk_set_string, NK_RT_CRIU_AT(create.bundle)},
	{"detach", .letter = 'd', .help = "do not wait for its end", .set = nk_set_flag,
	 NK_RT_CRIU_AT(create.request.detach)},
	{"pid-file", .metavar = "FILE", .values = "@file",
	 .help = "write the number of its first process there",
	 .set = nk_set_string, NK_RT_CRIU_AT(create.request.pid_file)},
	{"console-socket", .metavar = "FILE", .values = "@file",
	 .help = "send the master of its terminal to this Unix socket",
	 .set = nk_set_string, NK_RT_CRIU_AT(create.request.console_socket)},
	{"tcp-close", .help = "TCP connections of the checkpoint are closed", .set = nk_set_flag,
	 NK_RT_CRIU_AT(criu.tcp_close)},
	{"lsm-profile", .metavar = "TYPE:NAME", .help = "another profile, like apparmor:NAME",
	 .set = nk_set_string, NK_RT_CRIU_AT(criu.lsm_profile)},
	{"lsm-mount-context", .metavar = "CONTEXT", .help = "another SELinux context for mounts",
	 .set = nk_set_string, NK_RT_CRIU_AT(criu.lsm_mount_context)},
	{"no-subreaper", .hidden = true, .help = "runc's; there is none here", .set = nk_set_flag,
	 NK_RT_CRIU_AT(create.no_subreaper)},
	{"no-pivot", .hidden = true, .help = "criu decides", .set = nk_set_flag,
	 NK_RT_CRIU_AT(create.request.no_pivot)},
	{0},
};
/* clang-format on */

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_rt_criu c = {.criu.cgroups = -1};
	struct nk_result result = {0};
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_restore, argc, argv, &c, &code);

	if (first < 0)
		return code;
	nk_rt_criu_paths(rt, &c);
	struct nk_oci_request *q = &c.create.request;
	q->root = rt->root;
	q->id = argv[first];
	q->manager = rt->manager;
	q->rootless = rt->rootless;
	if (nk_rt_find_bundle(rt, &c.create, &e) < 0 ||
	    nk_oci_restore(&rt->arena, q, &c.criu, &result, &e) < 0)
		return nk_rt_error(rt, &e);
	return q->detach ? 0 : result.exit_code;
}

const struct nk_rt_command nk_rt_command_restore = {
	.name = "restore",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "make a container from the files of a checkpoint, with criu",
	.about = "Makes a container from the files that `checkpoint` has written, by the program\n"
		 "criu: its processes go on where they were.",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
