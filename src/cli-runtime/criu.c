/* SPDX-License-Identifier: Apache-2.0 */
#include "cli-runtime/criu.h"

#include <string.h>

int nk_rt_set_cgroups_mode(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	static const struct {
		const char *name;
		enum nk_criu_cgroups mode;
	} modes[] = {
		{"soft", NK_CRIU_CG_SOFT},
		{"full", NK_CRIU_CG_FULL},
		{"strict", NK_CRIU_CG_STRICT},
		{"ignore", NK_CRIU_CG_IGNORE},
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(value, modes[i].name)) {
			*NK_MEMBER(use, int) = (int)modes[i].mode;
			return 0;
		}
	return nk_fail(e, 0, "invalid manage-cgroups-mode value (soft, full, strict, ignore)");
}

int nk_rt_set_empty_ns(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	if (strcmp(value, "network") != 0)
		return nk_fail(e, 0, "namespace \"%.40s\" cannot be empty (network)", value);
	*NK_MEMBER(use, bool) = true;
	return 0;
}

int nk_rt_refuse_lazy(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	(void)use;
	if (!strcmp(value, "false"))
		return 0;
	return nk_fail(e, 0, "pages on demand are not done here: use --pre-dump and --parent-path");
}

void nk_rt_criu_paths(struct nk_rt *rt, struct nk_rt_criu *c)
{
	struct nk_oci_criu *o = &c->criu;

	/* A plain name is looked for in $PATH. */
	o->program = rt->criu && *rt->criu ? rt->criu : "criu";
	if (strchr(o->program, '/'))
		o->program = nk_rt_absolute(rt, o->program);
	if (!o->image_path || !*o->image_path)
		o->image_path = "checkpoint";
	o->image_path = nk_rt_absolute(rt, o->image_path);
	if (o->work_path && !*o->work_path)
		o->work_path = NULL;
	o->work_path = nk_rt_absolute(rt, o->work_path);
	if (o->parent_path && !*o->parent_path)
		o->parent_path = NULL;
}
