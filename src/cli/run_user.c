/* SPDX-License-Identifier: Apache-2.0 */
/* --user and --group-add, once the container's own passwd and group can be read. */
#include <string.h>

#include "cli/run_set.h"
#include "data/passwd.h"

int nk_run_user(struct nk_run_request *r, struct nk_arena *a, const char *passwd, size_t passwd_len,
		const char *group, size_t group_len, struct nk_err *e)
{
	struct nk_user u;
	int rc = nk_user_resolve(&u, a, (struct nk_text){passwd, passwd_len},
				 (struct nk_text){group, group_len}, r->user, &r->group_add, e);

	if (rc < 0)
		return nk_ctx(e, "who runs the command");
	r->spec.uid = u.uid;
	r->spec.gid = u.gid;
	for (size_t i = 0; i < u.groups.n; i++) {
		gid_t *g = NK_PUSH(a, &r->spec.groups);
		if (g)
			*g = u.groups.v[i];
	}
	for (size_t i = 0; i < r->spec.env.n; i++)
		if (!strncmp(r->spec.env.v[i], "HOME=", 5))
			return nk_arena_ok(a, e); /* -e HOME= says it */
	nk_env_put(a, &r->spec.env, nk_fmt(a, "HOME=%s", u.home));
	return nk_arena_ok(a, e);
}
