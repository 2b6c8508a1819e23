/* SPDX-License-Identifier: Apache-2.0 */
/* config.json as a whole; its parts are read in the other config_*.c. */
#include "oci/config.h"

#include <string.h>

#include "oci/config_read.h"

/* 1.0.0, 1.2.1-dev, 1.3.0+x: any 1.x, since minor versions only add fields. */
static void read_version(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	const char *v = nk_json_get_str(in, o, "ociVersion", NULL);
	size_t minor = v && !strncmp(v, "1.", 2) ? strspn(v + 2, "0123456789") : 0;
	size_t patch = minor && v[2 + minor] == '.' ? strspn(v + 3 + minor, "0123456789") : 0;
	char end = patch ? v[3 + minor + patch] : 'x';

	c->version = v;
	if (!v)
		nk_json_bad(in, "ociVersion", "missing");
	else if (end && end != '-' && end != '+')
		nk_json_badf(in, "ociVersion", "\"%.40s\": nook-runtime knows 1.0 to 1.3", v);
}

static const char *absolute(struct nk_arena *a, const char *bundle, const char *path)
{
	return path[0] == '/' ? path : nk_fmt(a, "%s/%s", bundle, path);
}

static void read_root(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	_json_at_ struct nk_json_at root = nk_json_enter(in, o, "root", json_type_object);
	const char *path = nk_config_text(in, root.o, "path");

	if (!root.o)
		nk_json_bad(in, "root", "missing");
	else if (!path)
		nk_json_bad(in, "path", "missing");
	else
		c->spec.rootfs = absolute(in->a, c->bundle, path);
	c->spec.read_only = nk_json_get_bool(in, root.o, "readonly", false);
}

/* Host and domain names are at most 64 bytes. */
static const char *host_name(struct nk_json_in *in, struct json_object *o, const char *key)
{
	const char *name = nk_config_text(in, o, key);

	if (name && strlen(name) > 64)
		nk_json_bad(in, key, "longer than 64 bytes");
	return name;
}

/* Parts for other systems are not for us, but they are objects (config.md). */
static void read_others(struct nk_json_in *in, struct json_object *o)
{
	static const char *const names[] = {"solaris", "windows", "vm", "zos", "freebsd"};

	for (size_t i = 0; i < NK_COUNT(names); i++)
		nk_json_get(in, o, names[i], json_type_object);
}

static void read_all(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	struct nk_keyvals annotations = {0};

	if (!json_object_is_type(o, json_type_object)) {
		nk_json_bad(in, NULL, "not an object");
		return;
	}
	read_version(in, o, c);
	read_root(in, o, c);
	{
		_json_at_ struct nk_json_at p = nk_json_enter(in, o, "process", json_type_object);

		c->process.given = p.o != NULL;
		if (p.o)
			nk_config_process(in, p.o, c);
	}
	c->spec.hostname = host_name(in, o, "hostname");
	c->spec.domainname = host_name(in, o, "domainname");
	nk_config_mounts(in, o, c);
	nk_config_hooks(in, o, c);
	nk_config_pairs(in, o, "annotations", &annotations);
	c->annotations.v = annotations.v;
	c->annotations.n = annotations.n;
	c->annotations.cap = annotations.cap;
	nk_config_linux(in, o, c);
	read_others(in, o);
	nk_config_check(in, c);
	nk_config_check_sysctls(in, c);
}

static void process_defaults(struct nk_oci_process *p)
{
	*p = (struct nk_oci_process){.umask = -1};
}

int nk_config_read(struct nk_arena *a, const char *text, size_t len, const char *bundle,
		   struct nk_config *c, struct nk_err *e)
{
	_json_object_ struct json_object *o = NULL;
	struct nk_json_in in = {.a = a, .e = e, .document = "config.json"};
	int r = nk_json_parse(text, len, "config.json", &o, e);

	if (r < 0)
		return r;
	*c = (struct nk_config){.bundle = nk_strdup(a, bundle)};
	process_defaults(&c->process);
	nk_resources_init(&c->spec.resources);
	nk_oci_resources_init(&c->resources);
	read_all(&in, o, c);
	return in.rc ? in.rc : nk_arena_ok(a, e);
}

int nk_config_read_process(struct nk_arena *a, const char *text, size_t len, struct nk_config *c,
			   struct nk_err *e)
{
	_json_object_ struct json_object *o = NULL;
	struct nk_json_in in = {.a = a, .e = e, .document = "process"};
	int r = nk_json_parse(text, len, "process", &o, e);

	if (r < 0)
		return r;
	if (!json_object_is_type(o, json_type_object))
		return nk_json_bad(&in, NULL, "not an object");

	struct nk_spec *s = &c->spec;
	struct nk_strv none = {0};

	process_defaults(&c->process);
	c->process.given = true;
	s->args = s->env = none;
	s->cwd = NULL;
	s->uid = s->gid = 0;
	s->groups.n = 0;
	s->rlimits.n = 0;
	s->no_new_privs = s->terminal = false;
	nk_config_process(&in, o, c);
	return in.rc ? in.rc : nk_arena_ok(a, e);
}

int nk_resources_read(struct nk_arena *a, const char *text, size_t len, struct nk_oci_resources *r,
		      struct nk_err *e)
{
	_json_object_ struct json_object *o = NULL;
	struct nk_json_in in = {.a = a, .e = e, .document = "resources"};
	int rc = nk_json_parse(text, len, "resources", &o, e);

	if (rc < 0)
		return rc;
	if (!json_object_is_type(o, json_type_object))
		return nk_json_bad(&in, NULL, "not an object");
	nk_oci_resources_init(r);
	nk_config_resources(&in, o, r);
	return in.rc ? in.rc : nk_arena_ok(a, e);
}
