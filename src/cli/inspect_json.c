/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inspect_json.h"

#include <ctype.h>
#include <linux/mount.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cli/net_json.h"
#include "security/caps.h"
#include "state/record.h"
#include "plan/net.h"

/* Docker spells a limit that was not asked for as 0. */
static int64_t or_zero(int64_t limit)
{
	return limit == NK_UNSET ? 0 : limit;
}

static void state(struct nk_json_out *j, const struct nk_state_record *r)
{
	char when[96];
	bool running = r->status == NK_STATE_RUNNING;

	nk_json_open(j, "State", '{');
	nk_json_str(j, "Status", running ? "running" : "created");
	nk_json_bool(j, "Running", running);
	nk_json_bool(j, "Paused", false);
	nk_json_bool(j, "Restarting", false);
	nk_json_bool(j, "OOMKilled", false);
	nk_json_bool(j, "Dead", false);
	nk_json_int(j, "Pid", r->pid);
	nk_json_int(j, "ExitCode", 0);
	nk_json_str(j, "Error", "");
	nk_json_str(j, "StartedAt", nk_time_text(when, &r->created));
	nk_json_str(j, "FinishedAt", "0001-01-01T00:00:00Z");
	nk_json_close(j);
}

static const char *mode(struct nk_arena *a, const struct nk_spec *s, enum nk_ns_kind kind)
{
	if (s->ns[kind].mode == NK_NS_JOIN)
		return nk_fmt(a, "ns:%s", s->ns[kind].path);
	if (s->ns[kind].mode == NK_NS_HOST)
		return "host";
	if (kind == NK_NS_NET && s->net.cards.n)
		return s->net.cards.v[0].network->name;
	return kind == NK_NS_NET ? nk_net_backend_name(s->net.backend) : "private";
}

/* The bounding set, told as what was added to the default and dropped from it. */
static void cap_list(struct nk_json_out *j, const char *key, uint64_t caps)
{
	nk_json_open(j, key, '[');
	for (unsigned c = 0; c < 64; c++)
		if (caps >> c & 1 && nk_cap_name(c))
			nk_json_str(j, NULL, nk_cap_name(c));
	nk_json_close(j);
}

static const char *propagation(const struct nk_mount_spec *m)
{
	const char *word = m->propagation & MS_SHARED  ? "shared"
			   : m->propagation & MS_SLAVE ? "slave"
						       : "private";

	return word;
}

static void binds(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s)
{
	nk_json_open(j, "Binds", '[');
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct nk_mount_spec *m = &s->mounts.v[i];

		if (m->kind != NK_MOUNT_TMPFS)
			nk_json_str(j, NULL,
				    nk_fmt(a, "%s:%s:%s,%s%s%s", m->source, m->target,
					   m->attr_set & MOUNT_ATTR_RDONLY ? "ro" : "rw",
					   m->recursive ? "r" : "", propagation(m),
					   m->kind == NK_MOUNT_OVERLAY ? ",O" : ""));
	}
	nk_json_close(j);
	nk_json_open(j, "Tmpfs", '{');
	for (size_t i = 0; i < s->mounts.n; i++)
		if (s->mounts.v[i].kind == NK_MOUNT_TMPFS)
			nk_json_str(j, s->mounts.v[i].target,
				    s->mounts.v[i].size
					    ? nk_fmt(a, "size=%llu",
						     (unsigned long long)s->mounts.v[i].size)
					    : "");
	nk_json_close(j);
}

static void ulimits(struct nk_json_out *j, const struct nk_spec *s)
{
	static const char *const names[] = {
		[RLIMIT_CPU] = "cpu",		[RLIMIT_FSIZE] = "fsize",
		[RLIMIT_DATA] = "data",		[RLIMIT_STACK] = "stack",
		[RLIMIT_CORE] = "core",		[RLIMIT_RSS] = "rss",
		[RLIMIT_NPROC] = "nproc",	[RLIMIT_NOFILE] = "nofile",
		[RLIMIT_MEMLOCK] = "memlock",	[RLIMIT_AS] = "as",
		[RLIMIT_LOCKS] = "locks",	[RLIMIT_SIGPENDING] = "sigpending",
		[RLIMIT_MSGQUEUE] = "msgqueue", [RLIMIT_NICE] = "nice",
		[RLIMIT_RTPRIO] = "rtprio",	[RLIMIT_RTTIME] = "rttime",
	};

	nk_json_open(j, "Ulimits", '[');
	for (size_t i = 0; i < s->rlimits.n; i++) {
		const struct nk_rlimit *l = &s->rlimits.v[i];

		if ((size_t)l->resource >= NK_COUNT(names))
			continue;
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "Name", names[l->resource]);
		/* "unlimited" is -1, as Docker spells it */
		nk_json_int(j, "Hard", (int64_t)l->hard);
		nk_json_int(j, "Soft", (int64_t)l->soft);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void rates(struct nk_json_out *j, const char *key, const struct nk_blkio_device *v, size_t n)
{
	nk_json_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "Path", v[i].path);
		nk_json_uint(j, "Rate", v[i].rate);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void resources(struct nk_json_out *j, const struct nk_resources *r)
{
	int64_t period = r->cpu_period > 0 ? r->cpu_period : 100000;

	nk_json_int(j, "Memory", or_zero(r->memory));
	nk_json_int(j, "MemorySwap", or_zero(r->memory_swap));
	nk_json_int(j, "MemoryReservation", or_zero(r->memory_reservation));
	/* a double: quota * 10^9 does not fit for large ones */
	nk_json_int(j, "NanoCpus",
		    r->cpu_quota > 0 ? (int64_t)((double)r->cpu_quota / (double)period * 1e9 + 0.5)
				     : 0);
	nk_json_int(j, "CpuQuota", or_zero(r->cpu_quota));
	nk_json_int(j, "CpuPeriod", or_zero(r->cpu_period));
	nk_json_int(j, "CpuShares", or_zero(r->cpu_shares));
	nk_json_str(j, "CpusetCpus", r->cpuset_cpus ? r->cpuset_cpus : "");
	nk_json_str(j, "CpusetMems", r->cpuset_mems ? r->cpuset_mems : "");
	if (r->pids == NK_UNSET)
		nk_json_null(j, "PidsLimit");
	else
		nk_json_int(j, "PidsLimit", r->pids);
	nk_json_int(j, "BlkioWeight", or_zero(r->blkio_weight));
	rates(j, "BlkioDeviceReadBps", r->read_bps.v, r->read_bps.n);
	rates(j, "BlkioDeviceWriteBps", r->write_bps.v, r->write_bps.n);
}

static void security_opt(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s)
{
	nk_json_open(j, "SecurityOpt", '[');
	if (s->no_new_privs)
		nk_json_str(j, NULL, "no-new-privileges");
	if (s->seccomp == NK_SECCOMP_UNCONFINED)
		nk_json_str(j, NULL, "seccomp=unconfined");
	else if (s->seccomp == NK_SECCOMP_FILE)
		nk_json_str(j, NULL, nk_fmt(a, "seccomp=%s", s->seccomp_file));
	nk_json_close(j);
}

static void devices(struct nk_json_out *j, const struct nk_spec *s)
{
	nk_json_open(j, "Devices", '[');
	for (size_t i = 0; i < s->devices.n; i++) {
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "PathOnHost", s->devices.v[i].source);
		nk_json_str(j, "PathInContainer", s->devices.v[i].target);
		nk_json_str(j, "CgroupPermissions", s->devices.v[i].access);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void host_config(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s)
{
	nk_json_open(j, "HostConfig", '{');
	binds(j, a, s);
	nk_json_str(j, "NetworkMode", mode(a, s, NK_NS_NET));
	nk_inspect_bindings(j, a, s);
	nk_json_str(j, "IpcMode", mode(a, s, NK_NS_IPC));
	nk_json_str(j, "PidMode", mode(a, s, NK_NS_PID));
	nk_json_str(j, "UTSMode", mode(a, s, NK_NS_UTS));
	nk_json_str(j, "UsernsMode", mode(a, s, NK_NS_USER));
	nk_json_str(j, "CgroupnsMode", mode(a, s, NK_NS_CGROUP));
	nk_json_str(j, "TimensMode", mode(a, s, NK_NS_TIME));
	cap_list(j, "CapAdd", s->caps.bounding & ~NK_CAPS_DEFAULT);
	cap_list(j, "CapDrop", NK_CAPS_DEFAULT & ~s->caps.bounding);
	nk_json_bool(j, "Privileged", s->privileged);
	nk_json_bool(j, "ReadonlyRootfs", s->read_only);
	nk_json_bool(j, "AutoRemove", true);
	nk_json_bool(j, "Init", s->init_path != NULL);
	security_opt(j, a, s);
	devices(j, s);
	nk_json_open(j, "Sysctls", '{');
	for (size_t i = 0; i < s->sysctls.n; i++)
		nk_json_str(j, s->sysctls.v[i].key, s->sysctls.v[i].value);
	nk_json_close(j);
	nk_json_uint(j, "ShmSize", s->shm_size ? s->shm_size : 64u << 20);
	nk_json_str(j, "CgroupParent", s->cgroup_parent ? s->cgroup_parent : "");
	ulimits(j, s);
	resources(j, &s->resources);
	nk_json_strv(j, "MaskedPaths", &s->masked_paths);
	nk_json_strv(j, "ReadonlyPaths", &s->readonly_paths);
	nk_json_close(j);
}

static void mounts(struct nk_json_out *j, const struct nk_spec *s)
{
	static const char *const kinds[] = {[NK_MOUNT_BIND] = "bind",
					    [NK_MOUNT_TMPFS] = "tmpfs",
					    [NK_MOUNT_OVERLAY] = "overlay"};

	nk_json_open(j, "Mounts", '[');
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct nk_mount_spec *m = &s->mounts.v[i];
		bool read_only = m->attr_set & MOUNT_ATTR_RDONLY;

		nk_json_open(j, NULL, '{');
		nk_json_str(j, "Type", kinds[m->kind]);
		nk_json_str(j, "Source", m->source ? m->source : "");
		nk_json_str(j, "Destination", m->target);
		nk_json_str(j, "Mode", read_only ? "ro" : "rw");
		nk_json_bool(j, "RW", !read_only);
		nk_json_str(j, "Propagation", m->kind == NK_MOUNT_BIND ? propagation(m) : "");
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void config(struct nk_json_out *j, struct nk_arena *a, const struct nk_state_record *r)
{
	const struct nk_spec *s = r->spec;
	int stop = s->stop_signal ? s->stop_signal : SIGTERM;
	struct nk_strv command = nk_state_command(r);

	nk_json_open(j, "Config", '{');
	nk_json_str(j, "Hostname", s->hostname ? s->hostname : "");
	nk_json_str(j, "Domainname", s->domainname ? s->domainname : "");
	nk_json_str(j, "User", s->uid || s->gid ? nk_fmt(a, "%u:%u", s->uid, s->gid) : "");
	nk_inspect_exposed(j, a, s);
	nk_json_bool(j, "AttachStdin", s->interactive);
	nk_json_bool(j, "AttachStdout", true);
	nk_json_bool(j, "AttachStderr", true);
	nk_json_bool(j, "Tty", s->terminal);
	nk_json_bool(j, "OpenStdin", s->interactive);
	nk_json_strv(j, "Env", &s->env);
	nk_json_strv(j, "Cmd", &command);
	nk_json_str(j, "Image", r->reference ? r->reference : s->rootfs ? s->rootfs : "host");
	nk_json_str(j, "WorkingDir", s->cwd ? s->cwd : "/");
	nk_json_null(j, "Entrypoint");
	nk_json_str(j, "StopSignal",
		    sigabbrev_np(stop) ? nk_fmt(a, "SIG%s", sigabbrev_np(stop))
				       : nk_fmt(a, "%d", stop));
	nk_json_close(j);
}

static void idmaps(struct nk_json_out *j, const char *key, const struct nk_idmaps *maps)
{
	nk_json_open(j, key, '[');
	for (size_t i = 0; i < maps->n; i++) {
		nk_json_open(j, NULL, '{');
		nk_json_uint(j, "ContainerID", maps->v[i].inside);
		nk_json_uint(j, "HostID", maps->v[i].outside);
		nk_json_uint(j, "Size", maps->v[i].count);
		nk_json_close(j);
	}
	nk_json_close(j);
}

/* Inode numbers of the eight, by which namespaces are compared. */
static void namespaces(struct nk_json_out *j, struct nk_arena *a, const struct nk_state_record *r)
{
	nk_json_open(j, "Namespaces", '{');
	for (int k = 0; k < NK_NS_COUNT && r->pid; k++) {
		struct stat st;

		if (stat(nk_state_ns_path(a, r, (enum nk_ns_kind)k), &st) == 0)
			nk_json_uint(j, nk_ns_name((enum nk_ns_kind)k), st.st_ino);
	}
	nk_json_close(j);
}

static void nook(struct nk_json_out *j, struct nk_arena *a, const struct nk_state_record *r)
{
	const struct nk_spec *s = r->spec;

	nk_json_open(j, "Nook", '{');
	nk_json_str(j, "Rootfs", s->rootfs ? s->rootfs : "host");
	nk_json_bool(j, "ThrowAway", s->rootfs_overlay || s->rootfs_host);
	nk_json_int(j, "OwnerPid", r->owner);
	namespaces(j, a, r);
	nk_json_strv(j, "Cgroups", &r->cgroups);
	idmaps(j, "UIDMap", &s->uid_maps);
	idmaps(j, "GIDMap", &s->gid_maps);
	if (s->has_time_offset) {
		nk_json_int(j, "MonotonicOffsetNs", s->monotonic_ns);
		nk_json_int(j, "BoottimeOffsetNs", s->boottime_ns);
	}
	cap_list(j, "Capabilities", s->caps.bounding);
	nk_json_close(j);
}

void nk_inspect_json(struct nk_json_out *j, struct nk_arena *a, const struct nk_state_record *r,
		     const struct nk_net_seats *seats)
{
	struct nk_strv command = nk_state_command(r), rest = {0};
	char when[96];

	if (command.n > 1)
		rest = (struct nk_strv){.v = command.v + 1, .n = command.n - 1};
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "Id", r->id);
	nk_json_str(j, "Created", nk_time_text(when, &r->created));
	nk_json_str(j, "Path", command.n ? command.v[0] : "");
	nk_json_strv(j, "Args", &rest);
	state(j, r);
	nk_json_str(j, "Image", r->reference ? r->reference : "");
	nk_json_str(j, "Name", nk_fmt(a, "/%s", r->name));
	nk_json_int(j, "RestartCount", 0);
	host_config(j, a, r->spec);
	mounts(j, r->spec);
	config(j, a, r);
	nk_json_open(j, "NetworkSettings", '{');
	nk_json_str(j, "SandboxKey", r->pid ? nk_state_ns_path(a, r, NK_NS_NET) : "");
	nk_inspect_networks(j, a, r->spec, seats);
	nk_json_close(j);
	nook(j, a, r);
	nk_json_close(j);
}
