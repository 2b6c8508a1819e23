/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/spec_json.h"

#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "data/json_in.h"

/* The number is the resource's; the order is the kernel's. */
static const char *const rlimit_names[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",	       [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",	       [RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",	       [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

/* Words of the runtime-spec where they differ from /proc/PID/ns. */
static const char *const ns_names[NK_NS_COUNT] = {
	[NK_NS_USER] = "user", [NK_NS_MOUNT] = "mount", [NK_NS_UTS] = "uts",
	[NK_NS_IPC] = "ipc",   [NK_NS_PID] = "pid",	[NK_NS_NET] = "network",
	[NK_NS_CGROUP] = "cgroup", [NK_NS_TIME] = "time",
};

static const char *const mount_kinds[] = {
	[NK_MOUNT_BIND] = "bind", [NK_MOUNT_TMPFS] = "tmpfs", [NK_MOUNT_OVERLAY] = "overlay",
};

static const char *const seccomp_modes[] = {
	[NK_SECCOMP_DEFAULT] = "default",
	[NK_SECCOMP_UNCONFINED] = "unconfined",
	[NK_SECCOMP_FILE] = "file",
};

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

static void set(struct nk_json_out *j, const char *key, int64_t value)
{
	if (value != NK_UNSET)
		nk_json_int(j, key, value);
}

static void text(struct nk_json_out *j, const char *key, const char *value)
{
	if (value)
		nk_json_str(j, key, value);
}

static void write_process(struct nk_json_out *j, const struct nk_spec *s)
{
	nk_json_open(j, "process", '{');
	nk_json_bool(j, "terminal", s->terminal);
	nk_json_open(j, "user", '{');
	nk_json_uint(j, "uid", s->uid);
	nk_json_uint(j, "gid", s->gid);
	nk_json_open(j, "additionalGids", '[');
	for (size_t i = 0; i < s->groups.n; i++)
		nk_json_uint(j, NULL, s->groups.v[i]);
	nk_json_close(j);
	nk_json_close(j);
	nk_json_strv(j, "args", &s->args);
	nk_json_strv(j, "env", &s->env);
	text(j, "cwd", s->cwd);
	nk_json_open(j, "capabilities", '{');
	nk_json_uint(j, "bounding", s->caps.bounding);
	nk_json_uint(j, "effective", s->caps.effective);
	nk_json_uint(j, "permitted", s->caps.permitted);
	nk_json_uint(j, "inheritable", s->caps.inheritable);
	nk_json_uint(j, "ambient", s->caps.ambient);
	nk_json_close(j);
	nk_json_open(j, "rlimits", '[');
	for (size_t i = 0; i < s->rlimits.n; i++) {
		const struct nk_rlimit *l = &s->rlimits.v[i];

		if (l->resource < 0 || (size_t)l->resource >= NK_COUNT(rlimit_names))
			continue;
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "type", rlimit_names[l->resource]);
		nk_json_uint(j, "soft", l->soft);
		nk_json_uint(j, "hard", l->hard);
		nk_json_close(j);
	}
	nk_json_close(j);
	nk_json_bool(j, "noNewPrivileges", s->no_new_privs);
	nk_json_close(j);
}

static void write_mounts(struct nk_json_out *j, const struct nk_spec *s)
{
	nk_json_open(j, "mounts", '[');
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct nk_mount_spec *m = &s->mounts.v[i];

		nk_json_open(j, NULL, '{');
		nk_json_str(j, "type", mount_kinds[m->kind]);
		text(j, "source", m->source);
		text(j, "destination", m->target);
		nk_json_uint(j, "attrSet", m->attr_set);
		nk_json_uint(j, "attrClear", m->attr_clear);
		nk_json_bool(j, "recursive", m->recursive);
		nk_json_bool(j, "recursiveAttr", m->recursive_attr);
		nk_json_uint(j, "propagation", m->propagation);
		nk_json_bool(j, "idmap", m->idmap);
		nk_json_bool(j, "mustExist", m->must_exist);
		nk_json_bool(j, "sourceIsDir", m->source_is_dir);
		nk_json_uint(j, "size", m->size);
		nk_json_int(j, "mode", m->mode);
		text(j, "fsOptions", m->fs_options);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void write_maps(struct nk_json_out *j, const char *key, const struct nk_idmaps *maps)
{
	if (!maps->n)
		return;
	nk_json_open(j, key, '[');
	for (size_t i = 0; i < maps->n; i++) {
		nk_json_open(j, NULL, '{');
		nk_json_uint(j, "containerID", maps->v[i].inside);
		nk_json_uint(j, "hostID", maps->v[i].outside);
		nk_json_uint(j, "size", maps->v[i].count);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void write_rates(struct nk_json_out *j, const char *key, const struct nk_blkio_device *v,
			size_t n)
{
	if (!n)
		return;
	nk_json_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		nk_json_open(j, NULL, '{');
		text(j, "path", v[i].path);
		nk_json_uint(j, "major", v[i].major);
		nk_json_uint(j, "minor", v[i].minor);
		nk_json_uint(j, "rate", v[i].rate);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void write_resources(struct nk_json_out *j, const struct nk_resources *r)
{
	nk_json_open(j, "resources", '{');
	nk_json_open(j, "memory", '{');
	set(j, "limit", r->memory);
	set(j, "swap", r->memory_swap);
	set(j, "reservation", r->memory_reservation);
	nk_json_close(j);
	nk_json_open(j, "cpu", '{');
	set(j, "quota", r->cpu_quota);
	set(j, "period", r->cpu_period);
	set(j, "shares", r->cpu_shares);
	text(j, "cpus", r->cpuset_cpus);
	text(j, "mems", r->cpuset_mems);
	nk_json_close(j);
	nk_json_open(j, "pids", '{');
	set(j, "limit", r->pids);
	nk_json_close(j);
	nk_json_open(j, "blockIO", '{');
	set(j, "weight", r->blkio_weight);
	write_rates(j, "throttleReadBpsDevice", r->read_bps.v, r->read_bps.n);
	write_rates(j, "throttleWriteBpsDevice", r->write_bps.v, r->write_bps.n);
	nk_json_close(j);
	nk_json_close(j);
}

static void write_devices(struct nk_json_out *j, const struct nk_spec *s)
{
	nk_json_open(j, "devices", '[');
	for (size_t i = 0; i < s->devices.n; i++) {
		const struct nk_device_spec *d = &s->devices.v[i];

		nk_json_open(j, NULL, '{');
		text(j, "source", d->source);
		text(j, "path", d->target);
		text(j, "access", d->access);
		nk_json_uint(j, "type", d->type);
		nk_json_uint(j, "major", d->major);
		nk_json_uint(j, "minor", d->minor);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void write_linux(struct nk_json_out *j, const struct nk_spec *s)
{
	nk_json_open(j, "linux", '{');
	nk_json_open(j, "namespaces", '[');
	for (int k = 0; k < NK_NS_COUNT; k++) {
		if (s->ns[k].mode == NK_NS_HOST)
			continue;
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "type", ns_names[k]);
		if (s->ns[k].mode == NK_NS_JOIN)
			nk_json_str(j, "path", s->ns[k].path ? s->ns[k].path : "");
		nk_json_close(j);
	}
	nk_json_close(j);
	write_maps(j, "uidMappings", &s->uid_maps);
	write_maps(j, "gidMappings", &s->gid_maps);
	write_devices(j, s);
	nk_json_open(j, "sysctl", '[');
	for (size_t i = 0; i < s->sysctls.n; i++) {
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "key", s->sysctls.v[i].key);
		nk_json_str(j, "value", s->sysctls.v[i].value);
		nk_json_close(j);
	}
	nk_json_close(j);
	nk_json_strv(j, "maskedPaths", &s->masked_paths);
	nk_json_strv(j, "readonlyPaths", &s->readonly_paths);
	write_resources(j, &s->resources);
	nk_json_close(j);
}

static void write_nook(struct nk_json_out *j, const struct nk_spec *s)
{
	nk_json_open(j, "nook", '{');
	nk_json_bool(j, "interactive", s->interactive);
	nk_json_uint(j, "preserveFds", s->preserve_fds);
	nk_json_str(j, "seccomp", seccomp_modes[s->seccomp]);
	text(j, "seccompFile", s->seccomp_file);
	nk_json_bool(j, "rootfsHost", s->rootfs_host);
	nk_json_bool(j, "rootfsOverlay", s->rootfs_overlay);
	nk_json_bool(j, "rootfsIdmap", s->rootfs_idmap);
	nk_json_uint(j, "overlaySize", s->overlay_size);
	nk_json_uint(j, "shmSize", s->shm_size);
	nk_json_bool(j, "privileged", s->privileged);
	if (s->has_time_offset) {
		nk_json_int(j, "monotonicNs", s->monotonic_ns);
		nk_json_int(j, "boottimeNs", s->boottime_ns);
	}
	text(j, "etcHostname", s->etc_hostname);
	text(j, "etcHosts", s->etc_hosts);
	text(j, "etcResolv", s->etc_resolv);
	text(j, "cgroupParent", s->cgroup_parent);
	text(j, "initPath", s->init_path);
	nk_json_close(j);
}

void nk_spec_write(struct nk_json_out *j, const char *key, const struct nk_spec *s)
{
	nk_json_open(j, key, '{');
	text(j, "hostname", s->hostname);
	text(j, "domainname", s->domainname);
	write_process(j, s);
	nk_json_open(j, "root", '{');
	text(j, "path", s->rootfs);
	nk_json_bool(j, "readonly", s->read_only);
	nk_json_close(j);
	write_mounts(j, s);
	write_linux(j, s);
	write_nook(j, s);
	nk_json_close(j);
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
		to->resource = word(in, l, "type", rlimit_names, NK_COUNT(rlimit_names));
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
		int kind = word(in, v, "type", mount_kinds, NK_COUNT(mount_kinds));

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
		int kind = word(in, v, "type", ns_names, NK_NS_COUNT);

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
	int seccomp = word(in, n, "seccomp", seccomp_modes, NK_COUNT(seccomp_modes));

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
}

int nk_spec_read(struct nk_arena *a, struct json_object *json, struct nk_spec *s,
		 struct nk_err *e)
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
