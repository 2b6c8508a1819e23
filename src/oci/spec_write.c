/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/resource.h>

#include "base/cleanup.h"
#include "oci/spec_json.h"
#include "oci/spec_net.h"
#include "oci/spec_words.h"

/* The number is the resource's; the order is the kernel's. */
const char *const nk_rlimit_words[NK_RLIMIT_COUNT] = {
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
const char *const nk_ns_words[NK_NS_COUNT] = {
	[NK_NS_USER] = "user",	   [NK_NS_MOUNT] = "mount", [NK_NS_UTS] = "uts",
	[NK_NS_IPC] = "ipc",	   [NK_NS_PID] = "pid",	    [NK_NS_NET] = "network",
	[NK_NS_CGROUP] = "cgroup", [NK_NS_TIME] = "time",
};

const char *const nk_mount_words[NK_MOUNT_KINDS] = {
	[NK_MOUNT_BIND] = "bind",
	[NK_MOUNT_TMPFS] = "tmpfs",
	[NK_MOUNT_OVERLAY] = "overlay",
};

const char *const nk_seccomp_words[NK_SECCOMP_MODES] = {
	[NK_SECCOMP_DEFAULT] = "default",
	[NK_SECCOMP_UNCONFINED] = "unconfined",
	[NK_SECCOMP_FILE] = "file",
};

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

		if (l->resource < 0 || (size_t)l->resource >= NK_COUNT(nk_rlimit_words))
			continue;
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "type", nk_rlimit_words[l->resource]);
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
		nk_json_str(j, "type", nk_mount_words[m->kind]);
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
		nk_json_uint(j, "uid", d->uid);
		nk_json_uint(j, "gid", d->gid);
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
		nk_json_str(j, "type", nk_ns_words[k]);
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
	nk_json_str(j, "seccomp", nk_seccomp_words[s->seccomp]);
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
	nk_json_int(j, "stopSignal", s->stop_signal);
	nk_spec_net_write(j, &s->net);
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
