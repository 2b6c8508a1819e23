/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime resume */
#include "cli-runtime/live.h"

extern const struct nk_rt_command nk_rt_command_resume;

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_rt_live l;
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_resume, argc, argv, NULL, &code);

	if (first < 0)
		return code;
	int ret = nk_rt_live(rt, argv[first], &l, &e);
	if (ret == 0 && l.status != NK_OCI_PAUSED && !nk_cg_frozen(&l.groups))
		ret = nk_fail(&e, 0, "container not paused");
	if (ret == 0)
		ret = nk_cg_freeze(&l.groups, false, &e);
	return ret < 0 ? nk_rt_error(rt, &e) : 0;
}

const struct nk_rt_command nk_rt_command_resume = {
	.name = "resume",
	.usage = "CONTAINER",
	.summary = "let a paused container go on",
	.about = "Lets every process of a paused container go on.",
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
