/* SPDX-License-Identifier: Apache-2.0 */
#include "cli-runtime/criu.h"

#include <string.h>
#include <unistd.h>

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

static const char *absolute(struct nk_rt *rt, const char *path)
{
	char cwd[4096];

	if (!path || path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return path;
	return nk_fmt(&rt->arena, "%s/%s", cwd, path);
}

void nk_rt_criu_paths(struct nk_rt *rt, struct nk_rt_criu *c)
{
	c->criu.program = rt->criu && *rt->criu ? rt->criu : "criu";
	if (!c->criu.image_path || !*c->criu.image_path)
		c->criu.image_path = "checkpoint";
	c->criu.image_path = absolute(rt, c->criu.image_path);
	if (c->criu.work_path && !*c->criu.work_path)
		c->criu.work_path = NULL;
	c->criu.work_path = absolute(rt, c->criu.work_path);
	if (c->criu.parent_path && !*c->criu.parent_path)
		c->criu.parent_path = NULL;
}
