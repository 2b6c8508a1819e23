/* SPDX-License-Identifier: Apache-2.0 */
/* linux.namespaces with what depends on them: id maps, clocks; and linux.devices. */
#include <string.h>
#include <sys/stat.h>

#include "oci/config_read.h"
#include "oci/spec_words.h"

static void read_namespace(struct nk_json_in *in, struct json_object *o, struct nk_spec *s)
{
	const char *type = nk_json_get_str(in, o, "type", NULL);
	const char *path = nk_config_path(in, o, "path");
	int kind = 0;

	if (!type || in->rc) {
		nk_json_bad(in, "type", "missing");
		return;
	}
	while (kind < NK_NS_COUNT && strcmp(nk_ns_words[kind], type) != 0)
		kind++;
	if (kind == NK_NS_COUNT)
		nk_json_badf(in, "type", "unknown value \"%.60s\"", type);
	else if (s->ns[kind].mode != NK_NS_HOST)
		nk_json_badf(in, "type", "%s is there twice", type);
	else
		s->ns[kind] = (struct nk_ns_spec){path ? NK_NS_JOIN : NK_NS_NEW, path};
}

static int64_t read_clock(struct nk_json_in *in, struct json_object *o)
{
	const int64_t billion = 1000000000;
	/* nk_spec counts in nanoseconds: 292 years either way */
	int64_t secs = nk_json_get_int(in, o, "secs", -9223372036, 9223372035, 0);

	return secs * billion + nk_json_get_int(in, o, "nanosecs", 0, billion - 1, 0);
}

static void read_time(struct nk_json_in *in, struct json_object *o, struct nk_spec *s)
{
	_json_at_ struct nk_json_at t = nk_json_enter(in, o, "timeOffsets", json_type_object);

	if (!t.o)
		return;
	json_object_object_foreach(t.o, clock, value)
	{
		(void)value;
		_json_at_ struct nk_json_at at = nk_json_enter(in, t.o, clock, json_type_object);

		if (!strcmp(clock, "monotonic"))
			s->monotonic_ns = read_clock(in, at.o);
		else if (!strcmp(clock, "boottime"))
			s->boottime_ns = read_clock(in, at.o);
		else
			nk_json_bad(in, NULL, "no clock that a time namespace can set");
		s->has_time_offset = true;
	}
}

void nk_config_namespaces(struct nk_json_in *in, struct json_object *linux_, struct nk_config *c)
{
	{
		_json_at_ struct nk_json_at list =
			nk_json_enter(in, linux_, "namespaces", json_type_array);

		for (size_t i = 0; i < nk_json_count(&list); i++) {
			_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
			read_namespace(in, item.o, &c->spec);
		}
	}
	nk_config_maps(in, linux_, "uidMappings", &c->spec.uid_maps);
	nk_config_maps(in, linux_, "gidMappings", &c->spec.gid_maps);
	read_time(in, linux_, &c->spec);
}

static bool has(struct nk_json_in *in, struct json_object *o, const char *key)
{
	return nk_json_get(in, o, key, json_type_int) != NULL;
}

static void read_mode(struct nk_json_in *in, struct json_object *o, struct nk_oci_device *d)
{
	uint32_t type = d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
	uint32_t mode = (uint32_t)nk_json_get_uint(in, o, "fileMode", UINT32_MAX, 0);

	/* Some clients leave the bits of the type in. */
	if ((mode & S_IFMT) == type)
		mode &= ~(uint32_t)S_IFMT;
	if (mode > 07777)
		nk_json_bad(in, "fileMode", "not a file mode");
	d->has_mode = has(in, o, "fileMode");
	d->mode = mode;
}

static void read_device(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	struct nk_oci_device *d = o ? NK_PUSH(in->a, &c->devices) : NULL;
	const char *type = o ? nk_json_get_str(in, o, "type", NULL) : NULL;

	if (!d)
		return;
	d->path = nk_config_path(in, o, "path");
	if (!type || !d->path) {
		nk_json_bad(in, type ? "path" : "type", "missing");
		return;
	}
	const char *path = nk_config_tidy_path(in->a, d->path);
	if (!strcmp(path, "/") || !strcmp(path, "/dev"))
		nk_json_badf(in, "path", "\"%.60s\" is a directory", d->path);
	if (!type[0] || type[1] || !strchr("cbup", type[0]))
		nk_json_badf(in, "type", "unknown value \"%.60s\"", type);
	d->type = type[0];
	/* A dev_t has 12 and 20 bits. */
	if (d->type != 'p') {
		d->major = nk_config_need_int(in, o, "major", 0, 0xfff);
		d->minor = nk_config_need_int(in, o, "minor", 0, 0xfffff);
	} else {
		nk_json_get_int(in, o, "major", INT64_MIN, INT64_MAX, 0);
		nk_json_get_int(in, o, "minor", INT64_MIN, INT64_MAX, 0);
	}
	read_mode(in, o, d);
	d->has_uid = has(in, o, "uid");
	d->has_gid = has(in, o, "gid");
	d->uid = (uint32_t)nk_json_get_uint(in, o, "uid", UINT32_MAX - 1, 0);
	d->gid = (uint32_t)nk_json_get_uint(in, o, "gid", UINT32_MAX - 1, 0);
}

void nk_config_devices(struct nk_json_in *in, struct json_object *linux_, struct nk_config *c)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, linux_, "devices", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		read_device(in, item.o, c);
	}
}
