/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime start */
#include "cli-runtime/create.h"
#include "cli-runtime/sealed.h"

extern const struct nk_rt_command nk_rt_command_start;

/* Hooks of the container run inside; most have none, and start is not sealed for them. */
static int seal(void *arg, struct nk_err *e)
{
	const struct nk_rt *rt = arg;

	return nk_sealed_now(rt->words, e);
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_start, argc, argv, NULL, &code);

	if (first < 0)
		return code;
	if (nk_oci_start(rt->root, argv[first], nk_rt_cache_dir(rt), seal, rt, &e) < 0)
		return nk_rt_error(rt, &e);
	return 0;
}

const struct nk_rt_command nk_rt_command_start = {
	.name = "start",
	.usage = "CONTAINER",
	.summary = "let a created container become its command",
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
