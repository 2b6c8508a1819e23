/* SPDX-License-Identifier: Apache-2.0 */
/* state.json of a container of nook-runtime: a record as text and back. */
#include "state/oci_record.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "data/json_in.h"

static void put_keyvals(struct nk_json_out *j, const struct nk_oci_record *r)
{
	nk_json_open(j, "annotations", '{');
	for (size_t i = 0; i < r->annotations.n; i++)
		nk_json_str(j, r->annotations.v[i].key, r->annotations.v[i].value);
	nk_json_close(j);
}

static void put_steps(struct nk_json_out *j, const struct nk_oci_record *r)
{
	nk_json_open(j, "lastSteps", '[');
	for (size_t i = 0; i < r->last_steps.n; i++) {
		const struct nk_oci_last_step *s = &r->last_steps.v[i];

		nk_json_open(j, NULL, '{');
		nk_json_int(j, "index", s->index);
		nk_json_str(j, "words", s->words);
		nk_json_bool(j, "exec", s->is_exec);
		nk_json_close(j);
	}
	nk_json_close(j);
}

void nk_oci_record_write(struct nk_json_out *j, const struct nk_oci_record *r)
{
	nk_json_open(j, NULL, '{');
	nk_json_uint(j, "version", NK_OCI_STATE_VERSION);
	nk_json_str(j, "id", r->id);
	nk_json_str(j, "ociVersion", r->version);
	nk_json_str(j, "bundle", r->bundle);
	nk_json_str(j, "rootfs", r->rootfs);
	nk_json_bool(j, "creating", r->creating);
	if (r->unclaimed)
		nk_json_bool(j, "unclaimed", true);
	nk_json_int(j, "pid", r->pid);
	nk_json_uint(j, "pidStart", r->pid_start);
	nk_json_str(j, "bootID", r->boot_id);
	nk_json_int(j, "created", r->created.tv_sec);
	nk_json_int(j, "createdNs", r->created.tv_nsec);
	nk_json_uint(j, "owner", r->owner);
	nk_json_strv(j, "cgroups", &r->cgroups);
	nk_json_strv(j, "keptCgroups", &r->kept);
	nk_json_strv(j, "freezers", &r->freezers);
	if (r->scope)
		nk_json_str(j, "scope", r->scope);
	nk_json_bool(j, "userBus", r->user_bus);
	if (r->rdt)
		nk_json_str(j, "intelRdt", r->rdt);
	if (r->rdt_class)
		nk_json_str(j, "intelRdtClass", r->rdt_class);
	if (r->rdt_mon)
		nk_json_str(j, "intelRdtMonitor", r->rdt_mon);
	if (r->mount_namespace) {
		nk_json_uint(j, "mountNamespace", r->mount_namespace);
		nk_json_uint(j, "mountBelow", r->mount_below);
	}
	nk_json_bool(j, "ownPids", r->own_pids);
	nk_json_bool(j, "wantsConfig", r->wants_config);
	nk_json_uint(j, "hooks", r->hooks);
	if (r->command)
		nk_json_str(j, "command", r->command);
	put_keyvals(j, r);
	put_steps(j, r);
	nk_json_close(j);
}

static void get_keyvals(struct nk_json_in *in, struct json_object *o, struct nk_oci_record *r)
{
	struct json_object *list = nk_json_get(in, o, "annotations", json_type_object);

	if (!list)
		return;
	json_object_object_foreach(list, key, value)
	{
		const char *text = nk_json_as_str(in, value, "annotations");
		struct nk_keyval *kv = text ? NK_PUSH(in->a, &r->annotations) : NULL;

		if (kv)
			*kv = (struct nk_keyval){nk_strdup(in->a, key), text};
	}
}

static void get_steps(struct nk_json_in *in, struct json_object *o, struct nk_oci_record *r)
{
	struct json_object *list = nk_json_get(in, o, "lastSteps", json_type_array);

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		struct nk_oci_last_step *s = NK_PUSH(in->a, &r->last_steps);

		if (!s || !json_object_is_type(item, json_type_object))
			return;
		s->index = (int)nk_json_get_int(in, item, "index", 0, INT_MAX, 0);
		s->words = nk_json_get_str(in, item, "words", "");
		s->is_exec = nk_json_get_bool(in, item, "exec", false);
	}
}

/* What delete is going to remove is an absolute path without a way up. */
static bool plain(const char *path)
{
	size_t n = strlen(path);

	return path[0] == '/' && path[1] && !strstr(path, "/../") && !strstr(path, "//") &&
	       strcmp(path + n - 2, "/.") != 0 && (n < 3 || strcmp(path + n - 3, "/..") != 0);
}

static int read_fields(struct nk_json_in *in, struct json_object *o, struct nk_oci_record *r)
{
	r->id = nk_json_get_str(in, o, "id", "");
	r->version = nk_json_get_str(in, o, "ociVersion", "");
	r->bundle = nk_json_get_str(in, o, "bundle", "");
	r->rootfs = nk_json_get_str(in, o, "rootfs", "");
	r->creating = nk_json_get_bool(in, o, "creating", false);
	r->unclaimed = nk_json_get_bool(in, o, "unclaimed", false);
	r->pid = (pid_t)nk_json_get_int(in, o, "pid", 0, INT_MAX, 0);
	r->pid_start = nk_json_get_uint(in, o, "pidStart", UINT64_MAX, 0);
	r->boot_id = nk_json_get_str(in, o, "bootID", NULL);
	r->owner = (uint32_t)nk_json_get_uint(in, o, "owner", UINT32_MAX, 0);
	nk_json_get_strv(in, o, "cgroups", &r->cgroups);
	nk_json_get_strv(in, o, "keptCgroups", &r->kept);
	nk_json_get_strv(in, o, "freezers", &r->freezers);
	r->scope = nk_json_get_str(in, o, "scope", NULL);
	r->user_bus = nk_json_get_bool(in, o, "userBus", false);
	r->rdt = nk_json_get_str(in, o, "intelRdt", NULL);
	r->rdt_class = nk_json_get_str(in, o, "intelRdtClass", NULL);
	r->rdt_mon = nk_json_get_str(in, o, "intelRdtMonitor", NULL);
	r->mount_namespace = nk_json_get_uint(in, o, "mountNamespace", UINT64_MAX, 0);
	r->mount_below = nk_json_get_uint(in, o, "mountBelow", UINT64_MAX, 0);
	r->own_pids = nk_json_get_bool(in, o, "ownPids", false);
	r->wants_config = nk_json_get_bool(in, o, "wantsConfig", false);
	r->hooks = (unsigned)nk_json_get_uint(in, o, "hooks", UINT_MAX, 0);
	r->command = nk_json_get_str(in, o, "command", NULL);
	r->created.tv_sec = nk_json_get_int(in, o, "created", 0, UINT32_MAX, 0);
	r->created.tv_nsec = nk_json_get_int(in, o, "createdNs", 0, 999999999, 0);
	get_keyvals(in, o, r);
	get_steps(in, o, r);
	if (in->rc)
		return in->rc;
	for (size_t i = 0; i < r->cgroups.n; i++)
		if (!plain(r->cgroups.v[i]))
			return nk_json_bad(in, "cgroups", "has a path that is not plain");
	if ((r->rdt && !plain(r->rdt)) || (r->rdt_class && !plain(r->rdt_class)) ||
	    (r->rdt_mon && !plain(r->rdt_mon)))
		return nk_json_bad(in, "intelRdt", "is not a plain path");
	return 0;
}

int nk_oci_record_parse(struct nk_arena *a, const char *text, size_t len, struct nk_oci_record *r,
			struct nk_err *e)
{
	_json_object_ struct json_object *o = NULL;
	struct nk_json_in in = {.a = a, .e = e};

	*r = (struct nk_oci_record){0};
	if (nk_json_parse(text, len, "state.json", &o, e) < 0)
		return -EINVAL;
	if (!json_object_is_type(o, json_type_object))
		return nk_fail(e, 0, "state.json is not an object");

	int64_t version = nk_json_get_int(&in, o, "version", 1, INT_MAX, 0);

	if (!in.rc && version != NK_OCI_STATE_VERSION)
		return nk_fail(e, 0, "its state is of version %d, this runtime knows version %d",
			       (int)version, NK_OCI_STATE_VERSION);
	if (in.rc || read_fields(&in, o, r) < 0)
		return in.rc ? in.rc : -EINVAL;
	return nk_arena_ok(a, e);
}
