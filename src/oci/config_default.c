/* SPDX-License-Identifier: Apache-2.0 */
/* The config.json to begin with: what `nook-runtime spec` writes. */
#include <string.h>

#include "oci/config_read.h"

static void list(struct nk_json_out *j, const char *key, const char *const *words)
{
	nk_json_open(j, key, '[');
	for (; *words; words++)
		nk_json_str(j, NULL, *words);
	nk_json_close(j);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void process(struct nk_json_out *j)
{
	const char *const *caps = WORDS("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE");

	nk_json_open(j, "process", '{');
	nk_json_bool(j, "terminal", true);
	nk_json_open(j, "user", '{');
	nk_json_uint(j, "uid", 0);
	nk_json_uint(j, "gid", 0);
	nk_json_close(j);
	list(j, "args", WORDS("sh"));
	list(j, "env",
	     WORDS("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		   "TERM=xterm"));
	nk_json_str(j, "cwd", "/");
	nk_json_open(j, "capabilities", '{');
	list(j, "bounding", caps);
	list(j, "effective", caps);
	list(j, "permitted", caps);
	nk_json_close(j);
	nk_json_open(j, "rlimits", '[');
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "type", "RLIMIT_NOFILE");
	nk_json_uint(j, "hard", 1024);
	nk_json_uint(j, "soft", 1024);
	nk_json_close(j);
	nk_json_close(j);
	nk_json_bool(j, "noNewPrivileges", true);
	nk_json_close(j);
}

static void mount(struct nk_json_out *j, const char *destination, const char *type,
		  const char *source, const char *const *options)
{
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "destination", destination);
	nk_json_str(j, "type", type);
	nk_json_str(j, "source", source);
	if (options)
		list(j, "options", options);
	nk_json_close(j);
}

/* rootless: a group that has no number inside cannot be named, and a network namespace that is
 * not the container's own has no sysfs for it. */
static void mounts(struct nk_json_out *j, bool rootless)
{
	nk_json_open(j, "mounts", '[');
	mount(j, "/proc", "proc", "proc", NULL);
	mount(j, "/dev", "tmpfs", "tmpfs",
	      WORDS("nosuid", "strictatime", "mode=755", "size=65536k"));
	mount(j, "/dev/pts", "devpts", "devpts",
	      WORDS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
		    rootless ? NULL : "gid=5"));
	mount(j, "/dev/shm", "tmpfs", "shm",
	      WORDS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
	mount(j, "/dev/mqueue", "mqueue", "mqueue", WORDS("nosuid", "noexec", "nodev"));
	if (rootless)
		mount(j, "/sys", "none", "/sys", WORDS("rbind", "nosuid", "noexec", "nodev", "ro"));
	else
		mount(j, "/sys", "sysfs", "sysfs", WORDS("nosuid", "noexec", "nodev", "ro"));
	mount(j, "/sys/fs/cgroup", "cgroup", "cgroup",
	      WORDS("nosuid", "noexec", "nodev", "relatime", "ro"));
	nk_json_close(j);
}

static void map(struct nk_json_out *j, const char *key, uint32_t id)
{
	nk_json_open(j, key, '[');
	nk_json_open(j, NULL, '{');
	nk_json_uint(j, "containerID", 0);
	nk_json_uint(j, "hostID", id);
	nk_json_uint(j, "size", 1);
	nk_json_close(j);
	nk_json_close(j);
}

static void namespaces(struct nk_json_out *j, bool rootless, bool cgroup_ns)
{
	const char *const *types =
		rootless ? WORDS("pid", "ipc", "uts", "mount", "user", "cgroup")
			 : WORDS("pid", "network", "ipc", "uts", "mount", "cgroup");

	nk_json_open(j, "namespaces", '[');
	for (; *types; types++) {
		if (!cgroup_ns && !strcmp(*types, "cgroup"))
			continue;
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "type", *types);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void linux_part(struct nk_json_out *j, bool rootless, bool cgroup_ns, uint32_t uid,
		       uint32_t gid)
{
	nk_json_open(j, "linux", '{');
	if (rootless) {
		map(j, "uidMappings", uid);
		map(j, "gidMappings", gid);
	} else {
		nk_json_open(j, "resources", '{');
		nk_json_open(j, "devices", '[');
		nk_json_open(j, NULL, '{');
		nk_json_bool(j, "allow", false);
		nk_json_str(j, "access", "rwm");
		nk_json_close(j);
		nk_json_close(j);
		nk_json_close(j);
	}
	namespaces(j, rootless, cgroup_ns);
	list(j, "maskedPaths",
	     WORDS("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
		   "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
		   "/sys/firmware", "/sys/devices/virtual/powercap", "/sys/devices/virtual/tpm"));
	list(j, "readonlyPaths",
	     WORDS("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"));
	nk_json_close(j);
}

void nk_config_default(struct nk_json_out *j, bool rootless, bool cgroup_ns, uint32_t uid,
		       uint32_t gid)
{
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "ociVersion", "1.3.0");
	process(j);
	nk_json_open(j, "root", '{');
	nk_json_str(j, "path", "rootfs");
	nk_json_bool(j, "readonly", true);
	nk_json_close(j);
	nk_json_str(j, "hostname", "nook");
	mounts(j, rootless);
	linux_part(j, rootless, cgroup_ns, uid, gid);
	nk_json_close(j);
}
