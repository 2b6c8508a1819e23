/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime pause */
#include "cli-runtime/live.h"

extern const struct nk_rt_command nk_rt_command_pause;

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_rt_live l;
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_pause, argc, argv, NULL, &code);

	if (first < 0)
		return code;
	int ret = nk_rt_live(rt, argv[first], &l, &e);
	if (ret == 0 && l.status != NK_OCI_RUNNING && l.status != NK_OCI_CREATED)
		ret = nk_fail(&e, 0, "container not running");
	if (ret == 0)
		ret = nk_cg_freeze(&l.groups, true, &e);
	return ret < 0 ? nk_rt_error(rt, &e) : 0;
}

const struct nk_rt_command nk_rt_command_pause = {
	.name = "pause",
	.usage = "CONTAINER",
	.summary = "stop every process of a container for a while",
	.about = "Stops every process of a container, until `resume`. They are not told.",
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
