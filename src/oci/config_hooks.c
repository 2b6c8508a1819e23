/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: programs of the host (and of the container) at six points of a life. */
#include "oci/config_read.h"

static const char *const points[NK_HOOK_COUNT] = {
	[NK_HOOK_PRESTART] = "prestart",
	[NK_HOOK_CREATE_RUNTIME] = "createRuntime",
	[NK_HOOK_CREATE_CONTAINER] = "createContainer",
	[NK_HOOK_START_CONTAINER] = "startContainer",
	[NK_HOOK_POSTSTART] = "poststart",
	[NK_HOOK_POSTSTOP] = "poststop",
};

const char *nk_hook_point_name(enum nk_hook_point p)
{
	return points[p];
}

static void read_hook(struct nk_json_in *in, struct json_object *o, struct nk_hooks *to)
{
	struct nk_hook *h = o ? NK_PUSH(in->a, to) : NULL;

	if (!h)
		return;
	h->path = nk_config_path(in, o, "path");
	if (!h->path)
		nk_json_bad(in, "path", "missing");
	nk_json_get_strv(in, o, "args", &h->args);
	nk_json_get_strv(in, o, "env", &h->env);
	h->timeout_s = (unsigned)nk_json_get_int(in, o, "timeout", 1, 999999, 0);
}

void nk_config_hooks(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	_json_at_ struct nk_json_at hooks = nk_json_enter(in, o, "hooks", json_type_object);

	for (int p = 0; p < NK_HOOK_COUNT; p++) {
		_json_at_ struct nk_json_at list =
			nk_json_enter(in, hooks.o, points[p], json_type_array);

		for (size_t i = 0; i < nk_json_count(&list); i++) {
			_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
			read_hook(in, item.o, &c->hooks[p]);
		}
	}
}
