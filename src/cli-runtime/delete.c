/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime delete */
#include "cli-runtime/runtime_cli.h"
#include "runtime/oci.h"

extern const struct nk_rt_command nk_rt_command_delete;

struct delete_options {
	bool force;
};

static const struct nk_option options[] = {
	{"force", .letter = 'f', .help = "end a running one; no fault where there is none",
	 .set = nk_set_flag, .offset = offsetof(struct delete_options, force)},
	{0},
};

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct delete_options o = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_delete, argc, argv, &o, &code);

	if (first < 0)
		return code;
	code = 0;
	for (int i = first; i < argc; i++) {
		struct nk_err e = {0};

		if (nk_oci_delete(rt->root, argv[i], o.force, &e) < 0)
			code = nk_rt_error(rt, &e);
	}
	return code;
}

const struct nk_rt_command nk_rt_command_delete = {
	.name = "delete",
	.usage = "[OPTIONS] CONTAINER...",
	.summary = "take away what a stopped container has left",
	.options = options,
	.min_words = 1,
	.max_words = -1,
	.run = run,
};
