/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime create; and what `run` does as well. */
#include "cli-runtime/create.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

int nk_rt_set_explain(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	static const char *const forms[] = {"words", "json", "c", "sh"};

	if (!value)
		value = "words";
	for (size_t i = 0; i < NK_COUNT(forms); i++)
		if (!strcmp(value, forms[i])) {
			*NK_MEMBER(use, const char *) = forms[i];
			return 0;
		}
	return nk_fail(e, 0, "no such form (words, json, c, sh)");
}

#ifdef NOOK_FAULT
int nk_rt_set_fault(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct nk_oci_request *r = &((struct nk_rt_create *)use->target)->request;
	char *end;
	long step = strtol(value, &end, 10);

	r->fault_after = !strncmp(end, ":after:", 7);
	if (step < 1 || step > 10000 || (!r->fault_after && strncmp(end, ":before:", 8) != 0))
		return nk_fail(e, 0, "not STEP:before|after:fail|kill");
	end += r->fault_after ? 7 : 8;
	r->fault_step = (int)step;
	r->fault_action = !strcmp(end, "kill") ? NK_FAULT_KILL : NK_FAULT_FAIL;
	return 0;
}
#endif

void nk_rt_debug_step(void *arg, const struct nk_plan *p, size_t index, const struct nk_trace *t)
{
	const struct nk_step *s = &p->steps.v[index];
	const char *failed = t->result[index] < 0 ? strerror(-t->result[index]) : NULL;

	(void)arg;
	nk_log(NK_LOG_DEBUG, "%4zu %-7s %-12s %8.1f us  %s%s%s", index + 1,
	       nk_actor_name((enum nk_actor)s->actor), nk_topic_name((enum nk_topic)s->topic),
	       (double)(t->end_ns[index] - t->begin_ns[index]) / 1000.0, s->why,
	       failed ? ", allowed here: " : "", failed ? failed : "");
}

/* '@' cannot be in an id. */
const char *nk_rt_cache_dir(struct nk_rt *rt)
{
	return nk_fmt(&rt->arena, "%s/@filters", rt->root);
}

int nk_rt_explain(const struct nk_plan *p, const char *form, struct nk_err *e)
{
	const struct nk_explain_style style = {0};
	int ret = 0;

	if (!strcmp(form, "json"))
		ret = nk_explain_json(p, stdout, e);
	else if (!strcmp(form, "c"))
		ret = nk_explain_c(p, stdout, e);
	else if (!strcmp(form, "sh"))
		ret = nk_explain_sh(p, stdout, e);
	else
		nk_explain_words(p, &style, stdout);
	if (ret >= 0 && (fflush(stdout) || ferror(stdout)))
		ret = nk_fail(e, errno, "write the explanation");
	return ret;
}

const char *nk_rt_absolute(struct nk_rt *rt, const char *path)
{
	char cwd[4096];

	if (!path || !*path || path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return path;
	return nk_fmt(&rt->arena, "%s/%s", cwd, path);
}

int nk_rt_find_bundle(struct nk_rt *rt, struct nk_rt_create *c, struct nk_err *e)
{
	struct nk_oci_request *r = &c->request;
	/* One directory, whatever its links are made to be later. */
	_free_ char *real = realpath(c->bundle && *c->bundle ? c->bundle : ".", NULL);

	if (!real)
		return nk_fail(e, errno, "bundle %.200s", c->bundle ? c->bundle : ".");
	r->bundle = nk_strdup(&rt->arena, real);
	/* Relative ones count from where the caller is, not from the bundle. */
	r->pid_file = nk_rt_absolute(rt, r->pid_file);
	r->console_socket = nk_rt_absolute(rt, r->console_socket);
	r->pidfd_socket = nk_rt_absolute(rt, r->pidfd_socket);
	if (chdir(real))
		return nk_fail(e, errno, "bundle %.200s", real);
	return 0;
}

int nk_rt_create(struct nk_rt *rt, struct nk_rt_create *c, const char *id)
{
	struct nk_oci_request *r = &c->request;
	struct nk_oci_create create;
	struct nk_result result = {0};
	struct nk_err e = {0};

	r->root = rt->root;
	r->id = id;
	r->manager = rt->manager;
	r->rootless = rt->rootless;
	r->cache_dir = nk_rt_cache_dir(rt);
	r->step = rt->debug ? nk_rt_debug_step : NULL;
	r->slow_fd = rt->sealed_fd;

	int ret = nk_rt_find_bundle(rt, c, &e);

	if (ret == 0)
		ret = nk_oci_prepare(&create, &rt->arena, r, &e);
	if (ret == 0 && c->explain)
		ret = nk_rt_explain(&create.plan, c->explain, &e);
	else if (ret == 0)
		ret = nk_oci_create(&create, &result, &e);
	if (ret < 0) {
		nk_ctx(&e, r->waits ? "create failed" : "run failed");
		return nk_rt_error(rt, &e);
	}
	return result.exit_code;
}

extern const struct nk_rt_command nk_rt_command_create;

/* clang-format off */
static const struct nk_option options[] = {
	NK_RT_CREATE_OPTIONS
	{0},
};
/* clang-format on */

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_rt_create c = {.request = {.waits = true, .detach = true}};
	int code, first = nk_rt_options(rt, &nk_rt_command_create, argc, argv, &c, &code);

	return first < 0 ? code : nk_rt_create(rt, &c, argv[first]);
}

const struct nk_rt_command nk_rt_command_create = {
	.name = "create",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "make a container, all but its command",
	.about = "Makes a container from a bundle: namespaces, mounts, cgroups, and its first\n"
		 "process, which waits until `start` lets it become the command.",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
