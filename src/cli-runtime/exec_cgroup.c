/* SPDX-License-Identifier: Apache-2.0 */
/* exec --cgroup [CONTROLLER[,...]:]PATH: a group below the container's, in all or some hierarchies.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/oci_live.h"
#include "cli-runtime/exec.h"
#include "cli/value.h"

/* The group of this directory has one of the controllers in list, which ends at the colon. */
static bool named(struct nk_arena *a, const struct nk_cg_groups *all, const char *dir,
		  const char *list)
{
	for (const char *at = list; *at && *at != ':'; at += strcspn(at, ",:"), at += *at == ',') {
		const char *word = nk_strndup(a, at, strcspn(at, ",:"));

		for (size_t i = 0; i < all->n; i++)
			if (!strcmp(all->v[i].dir, dir) && nk_cg_has(&all->v[i], word))
				return true;
	}
	return false;
}

static int check_controllers(struct nk_arena *a, const struct nk_strv *words,
			     const struct nk_cg_groups *all, struct nk_err *e)
{
	for (size_t k = 0; k < words->n; k++) {
		const char *at = words->v[k];

		for (size_t n; strchr(at, ':'); at += n + 1) {
			n = strcspn(at, ",:");
			const char *word = nk_strndup(a, at, n);
			if (!nk_cg_of(all, word))
				return nk_fail(e, 0, "unknown controller %s", word);
			if (at[n] == ':')
				break;
		}
	}
	return 0;
}

/* Which controllers the container's groups have; nobody needs to know where none is named. */
static int look(struct nk_arena *a, const struct nk_strv *words, const struct nk_strv *groups,
		struct nk_cg_groups *all, struct nk_err *e)
{
	struct nk_cgroups machine = {0};
	bool any = false;

	for (size_t k = 0; k < words->n; k++)
		any = any || strchr(words->v[k], ':');
	if (!any)
		return 0;
	int ret = nk_cgroups_detect(a, &machine, e);
	if (ret == 0)
		ret = nk_cg_reopen(a, &machine, groups, all, e);
	return ret < 0 ? ret : check_controllers(a, words, all, e);
}

int nk_rt_exec_cgroups(struct nk_arena *a, const struct nk_rt_exec_options *o,
		       struct nk_strv *groups, struct nk_err *e)
{
	struct nk_cg_groups all = {0};
	struct nk_strv out = {0};
	int ret = look(a, &o->cgroups, groups, &all, e);

	if (ret < 0 || !o->cgroups.n)
		return ret;
	for (size_t i = 0; i < groups->n; i++) {
		const char *dir = groups->v[i];
		for (size_t k = 0; k < o->cgroups.n; k++) {
			const char *word = o->cgroups.v[k], *colon = strchr(word, ':');
			const char *below = nk_strdup(a, colon ? colon + 1 : word);
			const char *path = nk_value_clean_path(a, nk_fmt(a, "/%s", below));
			if (strstr(word, ".."))
				return nk_fail(e, 0, "bad sub cgroup path: %.100s", word);
			if (colon && !named(a, &all, groups->v[i], word))
				continue;
			dir = strcmp(path, "/") != 0 ? nk_fmt(a, "%s%s", groups->v[i], path) : dir;
			if (access(dir, F_OK))
				return nk_fail(
					e, 0,
					"error adding pid to cgroups: open %s/cgroup.procs: no "
					"such file or directory",
					dir);
		}
		nk_strv_push(a, &out, dir);
	}
	*groups = out;
	return nk_arena_ok(a, e);
}
