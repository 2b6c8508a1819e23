/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "data/json_in.h"
#include "oci/spec_json.h"
#include "oci/spec_net.h"
#include "oci/spec_words.h"

static int word(struct nk_json_in *in, struct json_object *o, const char *key,
		const char *const *words, size_t n)
{
	const char *s = nk_json_get_str(in, o, key, NULL);

	if (!s && !in->rc)
		return nk_json_bad(in, key, "is missing");
	for (size_t i = 0; s && i < n; i++)
		if (words[i] && strcmp(words[i], s) == 0)
			return (int)i;
	return nk_json_bad(in, key, "has an unknown value");
}

static void read_process(struct nk_json_in *in, struct json_object *o, struct nk_spec *s)
{
	struct json_object *p = nk_json_need(in, o, "process", json_type_object);
	struct json_object *user = nk_json_need(in, p, "user", json_type_object);
	struct json_object *groups = nk_json_get(in, user, "additionalGids", json_type_array);
	struct json_object *caps = nk_json_get(in, p, "capabilities", json_type_object);
	struct json_object *limits = nk_json_get(in, p, "rlimits", json_type_array);

	s->terminal = nk_json_get_bool(in, p, "terminal", false);
	s->uid = (uint32_t)nk_json_get_uint(in, user, "uid", UINT32_MAX, 0);
	s->gid = (uint32_t)nk_json_get_uint(in, user, "gid", UINT32_MAX, 0);
	for (size_t i = 0; groups && i < json_object_array_length(groups); i++) {
		struct json_object *g = json_object_array_get_idx(groups, i);
		int64_t id = json_object_get_int64(g);
		gid_t *to = NK_PUSH(in->a, &s->groups);

		if (!json_object_is_type(g, json_type_int) || id < 0 || id > UINT32_MAX)
			nk_json_bad(in, "additionalGids", "is not a list of ids");
		else if (to)
			*to = (gid_t)id;
	}
	nk_json_get_strv(in, p, "args", &s->args);
	nk_json_get_strv(in, p, "env", &s->env);
	s->cwd = nk_json_get_str(in, p, "cwd", NULL);
	s->caps.bounding = nk_json_get_uint(in, caps, "bounding", UINT64_MAX, 0);
	s->caps.effective = nk_json_get_uint(in, caps, "effective", UINT64_MAX, 0);
	s->caps.permitted = nk_json_get_uint(in, caps, "permitted", UINT64_MAX, 0);
	s->caps.inheritable = nk_json_get_uint(in, caps, "inheritable", UINT64_MAX, 0);
	s->caps.ambient = nk_json_get_uint(in, caps, "ambient", UINT64_MAX, 0);
	for (size_t i = 0; limits && i < json_object_array_length(limits) && !in->rc; i++) {
		struct json_object *l = json_object_array_get_idx(limits, i);
		struct nk_rlimit *to = NK_PUSH(in->a, &s->rlimits);

		if (!to)
			return;
		to->resource = word(in, l, "type", nk_rlimit_words, NK_COUNT(nk_rlimit_words));
		to->soft = nk_json_get_uint(in, l, "soft", UINT64_MAX, 0);
		to->hard = nk_json_get_uint(in, l, "hard", UINT64_MAX, 0);
	}
	s->no_new_privs = nk_json_get_bool(in, p, "noNewPrivileges", false);
}

static void read_mounts(struct nk_json_in *in, struct json_object *o, struct nk_spec *s)
{
	struct json_object *list = nk_json_get(in, o, "mounts", json_type_array);

	for (size_t i = 0; list && i < json_object_array_length(list) && !in->rc; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);
		struct nk_mount_spec *m = NK_PUSH(in->a, &s->mounts);
		int kind = word(in, v, "type", nk_mount_words, NK_COUNT(nk_mount_words));

		if (!m || kind < 0)
			return;
		m->kind = (enum nk_mount_kind)kind;
		m->source = nk_json_get_str(in, v, "source", NULL);
		m->target = nk_json_get_str(in, v, "destination", NULL);
		m->attr_set = nk_json_get_uint(in, v, "attrSet", UINT64_MAX, 0);
		m->attr_clear = nk_json_get_uint(in, v, "attrClear", UINT64_MAX, 0);
		m->recursive = nk_json_get_bool(in, v, "recursive", false);
		m->recursive_attr = nk_json_get_bool(in, v, "recursiveAttr", false);
		m->propagation = nk_json_get_uint(in, v, "propagation", UINT64_MAX, 0);
		m->idmap = nk_json_get_bool(in, v, "idmap", false);
		m->must_exist = nk_json_get_bool(in, v, "mustExist", false);
		m->source_is_dir = nk_json_get_bool(in, v, "sourceIsDir", false);
		m->size = nk_json_get_uint(in, v, "size", UINT64_MAX, 0);
		m->mode = (int)nk_json_get_int(in, v, "mode", -1, 07777, -1);
		m->fs_options = nk_json_get_str(in, v, "fsOptions", NULL);
	}
}

static void read_maps(struct nk_json_in *in, struct json_object *o, const char *key,
		      struct nk_idmaps *maps)
{
	struct json_object *list = nk_json_get(in, o, key, json_type_array);

	for (size_t i = 0; list && i < json_object_array_length(list) && !in->rc; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);
		struct nk_idmap *m = NK_PUSH(in->a, maps);

		if (!m)
			return;
		m->inside = (uint32_t)nk_json_get_uint(in, v, "containerID", UINT32_MAX, 0);
		m->outside = (uint32_t)nk_json_get_uint(in, v, "hostID", UINT32_MAX, 0);
		m->count = (uint32_t)nk_json_get_uint(in, v, "size", UINT32_MAX, 0);
	}
}

static struct nk_blkio_device read_rate(struct nk_json_in *in, struct json_object *v)
{
	return (struct nk_blkio_device){
		.path = nk_json_get_str(in, v, "path", NULL),
		.major = (uint32_t)nk_json_get_uint(in, v, "major", UINT32_MAX, 0),
		.minor = (uint32_t)nk_json_get_uint(in, v, "minor", UINT32_MAX, 0),
		.rate = nk_json_get_uint(in, v, "rate", UINT64_MAX, 0),
	};
}

static int64_t limit(struct nk_json_in *in, struct json_object *o, const char *key)
{
	return nk_json_get_int(in, o, key, -1, INT64_MAX, NK_UNSET);
}

static void read_resources(struct nk_json_in *in, struct json_object *o, struct nk_resources *r)
{
	struct json_object *all = nk_json_get(in, o, "resources", json_type_object);
	struct json_object *memory = nk_json_get(in, all, "memory", json_type_object);
	struct json_object *cpu = nk_json_get(in, all, "cpu", json_type_object);
	struct json_object *pids = nk_json_get(in, all, "pids", json_type_object);
	struct json_object *io = nk_json_get(in, all, "blockIO", json_type_object);
	struct json_object *reads = nk_json_get(in, io, "throttleReadBpsDevice", json_type_array);
	struct json_object *writes = nk_json_get(in, io, "throttleWriteBpsDevice", json_type_array);

	r->memory = limit(in, memory, "limit");
	r->memory_swap = limit(in, memory, "swap");
	r->memory_reservation = limit(in, memory, "reservation");
	r->cpu_quota = limit(in, cpu, "quota");
	r->cpu_period = limit(in, cpu, "period");
	r->cpu_shares = limit(in, cpu, "shares");
	r->cpuset_cpus = nk_json_get_str(in, cpu, "cpus", NULL);
	r->cpuset_mems = nk_json_get_str(in, cpu, "mems", NULL);
	r->pids = limit(in, pids, "limit");
	r->blkio_weight = limit(in, io, "weight");
	for (size_t i = 0; reads && i < json_object_array_length(reads); i++) {
		struct nk_blkio_device *d = NK_PUSH(in->a, &r->read_bps);

		if (d)
			*d = read_rate(in, json_object_array_get_idx(reads, i));
	}
	for (size_t i = 0; writes && i < json_object_array_length(writes); i++) {
		struct nk_blkio_device *d = NK_PUSH(in->a, &r->write_bps);

		if (d)
			*d = read_rate(in, json_object_array_get_idx(writes, i));
	}
}

static void read_namespaces(struct nk_json_in *in, struct json_object *o, struct nk_spec *s)
{
	struct json_object *list = nk_json_need(in, o, "namespaces", json_type_array);

	for (size_t i = 0; list && i < json_object_array_length(list) && !in->rc; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);
		int kind = word(in, v, "type", nk_ns_words, NK_NS_COUNT);

		if (kind < 0)
			return;
		s->ns[kind].path = nk_json_get_str(in, v, "path", NULL);
		s->ns[kind].mode = s->ns[kind].path ? NK_NS_JOIN : NK_NS_NEW;
	}
}

static void read_linux(struct nk_json_in *in, struct json_object *o, struct nk_spec *s)
{
	struct json_object *linux_ = nk_json_need(in, o, "linux", json_type_object);
	struct json_object *devices = nk_json_get(in, linux_, "devices", json_type_array);
	struct json_object *sysctl = nk_json_get(in, linux_, "sysctl", json_type_array);

	read_namespaces(in, linux_, s);
	read_maps(in, linux_, "uidMappings", &s->uid_maps);
	read_maps(in, linux_, "gidMappings", &s->gid_maps);
	for (size_t i = 0; devices && i < json_object_array_length(devices) && !in->rc; i++) {
		struct json_object *v = json_object_array_get_idx(devices, i);
		struct nk_device_spec *d = NK_PUSH(in->a, &s->devices);

		if (!d)
			return;
		d->source = nk_json_get_str(in, v, "source", NULL);
		d->target = nk_json_get_str(in, v, "path", NULL);
		d->access = nk_json_get_str(in, v, "access", NULL);
		d->type = (uint32_t)nk_json_get_uint(in, v, "type", UINT32_MAX, 0);
		d->major = (uint32_t)nk_json_get_uint(in, v, "major", UINT32_MAX, 0);
		d->minor = (uint32_t)nk_json_get_uint(in, v, "minor", UINT32_MAX, 0);
		d->uid = (uint32_t)nk_json_get_uint(in, v, "uid", UINT32_MAX, 0);
		d->gid = (uint32_t)nk_json_get_uint(in, v, "gid", UINT32_MAX, 0);
	}
	for (size_t i = 0; sysctl && i < json_object_array_length(sysctl) && !in->rc; i++) {
		struct json_object *v = json_object_array_get_idx(sysctl, i);
		struct nk_keyval *kv = NK_PUSH(in->a, &s->sysctls);

		if (!kv)
			return;
		kv->key = nk_json_get_str(in, v, "key", "");
		kv->value = nk_json_get_str(in, v, "value", "");
	}
	nk_json_get_strv(in, linux_, "maskedPaths", &s->masked_paths);
	nk_json_get_strv(in, linux_, "readonlyPaths", &s->readonly_paths);
	read_resources(in, linux_, &s->resources);
}

static void read_nook(struct nk_json_in *in, struct json_object *o, struct nk_spec *s)
{
	struct json_object *n = nk_json_need(in, o, "nook", json_type_object);
	int seccomp = word(in, n, "seccomp", nk_seccomp_words, NK_COUNT(nk_seccomp_words));

	s->seccomp = seccomp > 0 ? (enum nk_seccomp_mode)seccomp : NK_SECCOMP_DEFAULT;
	s->seccomp_file = nk_json_get_str(in, n, "seccompFile", NULL);
	s->interactive = nk_json_get_bool(in, n, "interactive", false);
	s->preserve_fds = (unsigned)nk_json_get_uint(in, n, "preserveFds", UINT32_MAX, 0);
	s->rootfs_host = nk_json_get_bool(in, n, "rootfsHost", false);
	s->rootfs_overlay = nk_json_get_bool(in, n, "rootfsOverlay", false);
	s->rootfs_idmap = nk_json_get_bool(in, n, "rootfsIdmap", false);
	s->overlay_size = nk_json_get_uint(in, n, "overlaySize", UINT64_MAX, 0);
	s->shm_size = nk_json_get_uint(in, n, "shmSize", UINT64_MAX, 0);
	s->privileged = nk_json_get_bool(in, n, "privileged", false);
	s->has_time_offset = nk_json_get(in, n, "monotonicNs", json_type_int) != NULL;
	s->monotonic_ns = nk_json_get_int(in, n, "monotonicNs", INT64_MIN, INT64_MAX, 0);
	s->boottime_ns = nk_json_get_int(in, n, "boottimeNs", INT64_MIN, INT64_MAX, 0);
	s->etc_hostname = nk_json_get_str(in, n, "etcHostname", NULL);
	s->etc_hosts = nk_json_get_str(in, n, "etcHosts", NULL);
	s->etc_resolv = nk_json_get_str(in, n, "etcResolv", NULL);
	s->cgroup_parent = nk_json_get_str(in, n, "cgroupParent", NULL);
	s->init_path = nk_json_get_str(in, n, "initPath", NULL);
	s->stop_signal = (int)nk_json_get_int(in, n, "stopSignal", 0, 64, 0);
	nk_spec_net_read(in, n, &s->net);
}

int nk_spec_read(struct nk_arena *a, struct json_object *json, struct nk_spec *s, struct nk_err *e)
{
	struct nk_json_in in = {.a = a, .e = e};
	struct json_object *root = nk_json_need(&in, json, "root", json_type_object);

	nk_resources_init(&s->resources);
	s->hostname = nk_json_get_str(&in, json, "hostname", NULL);
	s->domainname = nk_json_get_str(&in, json, "domainname", NULL);
	s->rootfs = nk_json_get_str(&in, root, "path", NULL);
	s->read_only = nk_json_get_bool(&in, root, "readonly", false);
	read_process(&in, json, s);
	read_mounts(&in, json, s);
	read_linux(&in, json, s);
	read_nook(&in, json, s);
	return in.rc ? in.rc : nk_arena_ok(a, e);
}
