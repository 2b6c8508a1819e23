/* SPDX-License-Identifier: Apache-2.0 */
#include "host/facts.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "host/idrange.h"
#include "host/owner.h"
#include "host/subids.h"
#include "host/text.h"
#include "host/visible.h"

/* Secrets of the kernel (kcore, keys), side channels (interrupts, powercap) and
 * switches of the machine (acpi, scsi). */
const char *const nk_default_masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};

const char *const nk_default_readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

/* Inode of /proc/1/ns/user on a machine's own system: PROC_USER_INIT_INO. */
#define INITIAL_USERNS "user:[4026531837]"

uint64_t nk_own_caps(void)
{
	struct __user_cap_header_struct hdr = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &hdr, data))
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static unsigned last_cap(void)
{
	unsigned cap = CAP_LAST_CAP;

	/* The kernel refuses to talk about a capability that it does not know. */
	while (cap > 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0)
		cap--;
	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	return cap;
}

/* Asked of the kernel itself: libc hides the two signals that it uses. */
static uint64_t ignored_signals(void)
{
	uint64_t set = 0;

	for (unsigned sig = 1; sig <= 64; sig++) {
		uint64_t action[4]; /* handler, flags, restorer, mask */
		if (!syscall(SYS_rt_sigaction, sig, NULL, action, 8) &&
		    action[0] == (uint64_t)(uintptr_t)SIG_IGN)
			set |= 1ull << (sig - 1);
	}
	return set;
}

void nk_facts_self(struct nk_facts *f)
{
	struct utsname u;
	struct rlimit nofile;
	char ns[64];

	f->euid = geteuid();
	f->egid = getegid();
	f->caps = nk_own_caps();
	f->sys_admin = f->caps >> CAP_SYS_ADMIN & 1;
	f->maps_ids = f->caps >> CAP_SETUID & f->caps >> CAP_SETGID & 1;
	f->last_cap = last_cap();
	ssize_t n = readlink("/proc/self/ns/user", ns, sizeof(ns));
	f->no_proc = n < 0 && access("/proc/self", F_OK);
	f->initial_userns =
		n == (ssize_t)strlen(INITIAL_USERNS) && !memcmp(ns, INITIAL_USERNS, (size_t)n);
	if (!f->initial_userns) {
		_free_ char *text = nk_text_read("/proc/self/setgroups", 64);
		f->setgroups_denied = text && !strncmp(text, "deny", 4);
	}
	if (!uname(&u))
		sscanf(u.release, "%u.%u", &f->kernel_major, &f->kernel_minor);
	f->ignored_signals = ignored_signals();
	f->nofile.resource = RLIMIT_NOFILE;
	if (!getrlimit(RLIMIT_NOFILE, &nofile)) {
		f->nofile.soft = nofile.rlim_cur;
		f->nofile.hard = nofile.rlim_max;
	}
}

/* Program in a directory of PATH, or NULL. */
static const char *in_path(struct nk_arena *a, const char *program)
{
	const char *dirs = getenv("PATH");
	char buf[4096];

	/* Without these helpers there are no subordinate ids, and PATH of an
	 * ordinary service user often lacks what it needs: look there too. */
	for (const char *d = dirs ? dirs : ""; *d;) {
		size_t n = strcspn(d, ":");
		int len = snprintf(buf, sizeof(buf), "%.*s/%s", (int)n, d, program);
		if (*d == '/' && len > 0 && (size_t)len < sizeof(buf) && !access(buf, X_OK))
			return nk_strdup(a, buf);
		d += n + (d[n] == ':');
	}
	snprintf(buf, sizeof(buf), "/usr/bin/%s", program);
	return access(buf, X_OK) ? NULL : nk_strdup(a, buf);
}

static void read_ranges(struct nk_arena *a, struct nk_facts *f, const char *name, uid_t uid)
{
	f->subuids.n = f->subgids.n = 0;
	nk_subids_read(a, "/etc/subuid", name, uid, &f->subuids);
	/* Ranges of groups are given to users as well: the same name, subgid(5). */
	nk_subids_read(a, "/etc/subgid", name, uid, &f->subgids);
}

/* The lines of a uid_map that is not the whole range. */
static void read_own_map(struct nk_arena *a, const char *path, struct nk_idmaps *out)
{
	_free_ char *text = nk_text_read(path, 65536);
	unsigned inside, outside, count;
	size_t n;

	for (const char *cursor = text, *line; cursor && (line = nk_text_line(&cursor, &n));) {
		struct nk_idmap *m;
		if (sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 &&
		    (m = NK_PUSH(a, out)))
			*m = (struct nk_idmap){inside, outside, count};
	}
}

/* newuidmap works by the rights of its file, as passwd does. */
static bool has_rights(const char *path)
{
	struct stat st;

	return (!stat(path, &st) && st.st_mode & S_ISUID && st.st_uid == 0) ||
	       getxattr(path, "security.capability", NULL, 0) > 0;
}

/* Inside a user namespace only what is mapped there can be mapped on: drop the rest. */
static void keep_mapped(struct nk_idmaps *ranges, const struct nk_idmaps *own)
{
	size_t kept = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		const struct nk_idmap *r = &ranges->v[i];
		bool mapped = false;
		for (size_t j = 0; j < own->n; j++)
			mapped |= r->outside >= own->v[j].inside &&
				  r->outside - own->v[j].inside + (uint64_t)r->count <=
					  own->v[j].count;
		if (mapped)
			ranges->v[kept++] = *r;
	}
	ranges->n = kept;
}

/* The kernel maps no id twice, and 0 inside is this user already. */
static void keep_disjoint(struct nk_idmaps *ranges, uint32_t self)
{
	size_t kept = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		const struct nk_idmap *r = &ranges->v[i];
		bool again = self >= r->outside && self - r->outside < r->count;
		for (size_t j = 0; j < kept; j++)
			again |= (uint64_t)r->outside + r->count > ranges->v[j].outside &&
				 (uint64_t)ranges->v[j].outside + ranges->v[j].count > r->outside;
		if (!again)
			ranges->v[kept++] = *r;
	}
	ranges->n = kept;
}

/* Why an ordinary user gets one id only, and the way out. */
static void judge_ranges(struct nk_arena *a, struct nk_facts *f, bool listed)
{
	const char *user = f->user_name ? f->user_name : nk_fmt(a, "%u", f->euid);

	if (!f->subuids.n || !f->subgids.n) {
		const char *file = f->subuids.n ? "/etc/subgid" : "/etc/subuid";
		f->single_id = listed ? nk_fmt(a,
					       "what %s gives %s is not mapped in this user "
					       "namespace",
					       file, user)
				      : nk_fmt(a, "%s has no usable line for %s", file,
					       f->user_name ? user : "this user");
		f->single_id_mend =
			listed ? "give the outer container these ids, or list ids that it has"
			: f->user_name
				? nk_fmt(a,
					 "%susermod --add-subuids 100000-165535 --add-subgids "
					 "100000-165535 %s",
					 f->newuidmap ? "" : "apt-get install uidmap; ", user)
				: nk_fmt(a,
					 "%secho %s:100000:65536 | tee -a /etc/subuid /etc/subgid",
					 f->newuidmap ? "" : "apt-get install uidmap; ", user);
	} else if (!f->newuidmap) {
		f->single_id = "newuidmap and newgidmap are not installed";
		f->single_id_mend = "apt-get install uidmap";
	} else if (!has_rights(f->newuidmap_path) || !has_rights(f->newgidmap_path)) {
		f->single_id = nk_fmt(a, "%s is neither setuid root nor has file capabilities",
				      has_rights(f->newuidmap_path) ? f->newgidmap_path
								    : f->newuidmap_path);
		f->single_id_mend =
			nk_fmt(a, "chmod u+s %s %s", f->newuidmap_path, f->newgidmap_path);
	} else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		f->single_id = "no_new_privs is set, and newuidmap gets no rights";
		f->single_id_mend = "start nook without it: NoNewPrivileges= of systemd, "
				    "--security-opt no-new-privileges, "
				    "allowPrivilegeEscalation of Kubernetes";
	}
}

void nk_facts_ids(struct nk_arena *a, struct nk_facts *f)
{
	if (!f->initial_userns) {
		read_own_map(a, "/proc/self/uid_map", &f->own_uids);
		read_own_map(a, "/proc/self/gid_map", &f->own_gids);
	}
	if (f->euid == 0) {
		f->user_name = "root";
		read_ranges(a, f, "nook", (uid_t)-1);
		if (!f->subuids.n || !f->subgids.n)
			read_ranges(a, f, "containers", (uid_t)-1);
		if (!f->maps_ids) {
			f->single_id = "this root has no CAP_SETUID and CAP_SETGID";
			f->single_id_mend = "give the outer container --cap-add SETUID and "
					    "--cap-add SETGID";
		} else if (!nk_idrange_max(f)) {
			f->single_id = "this user namespace has no other";
			f->single_id_mend = "for more, a line of yours in /etc/subuid and "
					    "/etc/subgid; of an outer container: unshare "
					    "--map-auto";
		}
		return;
	}
	_free_ char *passwd = nk_text_read("/etc/passwd", (size_t)16 << 20);
	f->user_name = passwd ? nk_passwd_name(a, passwd, f->euid) : NULL;
	read_ranges(a, f, f->user_name, f->euid);
	f->newuidmap_path = in_path(a, "newuidmap");
	f->newgidmap_path = in_path(a, "newgidmap");
	f->newuidmap = f->newuidmap_path && f->newgidmap_path;
	keep_disjoint(&f->subuids, f->euid);
	keep_disjoint(&f->subgids, f->egid);
	bool listed = f->subuids.n && f->subgids.n;
	if (!f->initial_userns) {
		keep_mapped(&f->subuids, &f->own_uids);
		keep_mapped(&f->subgids, &f->own_gids);
	}
	if (!f->maps_ids)
		judge_ranges(a, f, listed);
}

static void collect_covers(struct nk_arena *a, struct nk_facts *f)
{
	_free_ char *text = nk_text_read("/proc/self/mountinfo", (size_t)64 << 20);

	f->proc_covered = !text || nk_mounts_cover(a, text, "proc", &f->proc_covered_by);
	f->sys_covered = !text || nk_mounts_cover(a, text, "sysfs", NULL);
}

static bool begins_with_the_defaults(const struct nk_strv *paths)
{
	for (size_t i = 0; nk_default_masked[i]; i++)
		if (i >= paths->n || strcmp(paths->v[i], nk_default_masked[i]))
			return false;
	return true;
}

static void collect_masks(struct nk_arena *a, const struct nk_strv *paths, struct nk_facts *f)
{
	static const char thermal[] = "/sys/devices/system/cpu/cpu%u/thermal_throttle";
	struct stat st;
	char path[128];

	f->mask_kinds = nk_alloc(a, paths->n * sizeof(*f->mask_kinds));
	for (size_t i = 0; f->mask_kinds && i < paths->n; i++) {
		if (strncmp(paths->v[i], "/proc/", 6) && strncmp(paths->v[i], "/sys/", 5))
			f->mask_kinds[i] = NK_MASK_INSIDE;
		else if (stat(paths->v[i], &st))
			f->mask_kinds[i] = NK_MASK_MISSING;
		else
			f->mask_kinds[i] = S_ISDIR(st.st_mode) ? NK_MASK_DIR : NK_MASK_FILE;
	}
	if (!begins_with_the_defaults(paths))
		return;
	/* How hot each CPU runs tells what the neighbours compute. Most virtual
	 * machines have none: one look at the first CPU is enough there. */
	for (unsigned cpu = 0; cpu < 4096; cpu++) {
		snprintf(path, sizeof(path), thermal, cpu);
		if (access(path, F_OK))
			break;
		nk_strv_push(a, &f->mask_extra, nk_strdup(a, path));
	}
}

/* A module not loaded yet is loaded by the first mount, also by an ordinary user's. */
static bool overlay_known(const struct nk_facts *f)
{
	if (f->sys_admin) {
		_close_ int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
		if (fs >= 0)
			return true;
	}
	_free_ char *text = nk_text_read("/proc/filesystems", 65536);
	if (!text || strstr(text, "\toverlay\n"))
		return true; /* not known: let the mount itself tell */
	struct utsname u;
	char path[256];
	static const char *const ends[] = {"", ".xz", ".zst", ".gz"};
	for (size_t i = 0; !uname(&u) && i < NK_COUNT(ends); i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/kernel/fs/overlayfs/overlay.ko%s",
			 u.release, ends[i]);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

static bool wants_overlay(const struct nk_spec *spec)
{
	if (spec->rootfs_host || spec->rootfs_overlay)
		return true;
	for (size_t i = 0; i < spec->mounts.n; i++)
		if (spec->mounts.v[i].kind == NK_MOUNT_OVERLAY)
			return true;
	return false;
}

int nk_facts_collect(struct nk_arena *a, const struct nk_spec *spec, struct nk_facts *f,
		     struct nk_err *e)
{
	enum nk_ns_mode user = spec->ns[NK_NS_USER].mode;

	*f = (struct nk_facts){0};
	nk_facts_self(f);
	if (f->no_proc) {
		nk_fail(e, 0, "nothing is mounted on /proc, and nook works through it");
		return nk_hint(e, "mount -t proc proc /proc");
	}
	/* Root that gives its own maps needs nobody's ranges. */
	if (user == NK_NS_NEW &&
	    (f->euid != 0 || !spec->uid_maps.n || !f->initial_userns || !f->maps_ids))
		nk_facts_ids(a, f);
	/* The kernel compares with what is visible only where the mount namespace
	 * belongs to another user namespace than the machine's own. */
	if (user != NK_NS_HOST || !f->initial_userns)
		collect_covers(a, f);
	if (f->sys_admin && !f->initial_userns)
		f->foreign_mounts = !nk_ns_own_mounts();
	f->foreign_ns = nk_ns_foreign(spec);
	if (spec->masked_paths.n)
		collect_masks(a, &spec->masked_paths, f);
	if (wants_overlay(spec))
		f->overlay = overlay_known(f);
	f->cgroups.unified = -1;
	for (size_t i = 0; i < NK_CG_COUNT; i++)
		f->cgroups.where[i] = -1;
	if (f->euid == 0 || spec->cgroup_parent || nk_resources_any(&spec->resources) ||
	    spec->ns[NK_NS_PID].mode != NK_NS_NEW) {
		int r = nk_cgroups_detect(a, &f->cgroups, e);
		if (r < 0)
			return r;
	}
	return nk_arena_ok(a, e);
}
