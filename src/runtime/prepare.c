/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/prepare.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/settings.h"
#include "host/hostroot.h"
#include "host/idrange.h"
#include "plan/plan.h"

static void default_paths(struct nk_arena *a, struct nk_spec *spec)
{
	if (spec->privileged)
		return;
	if (!spec->masked_paths.n)
		for (size_t i = 0; nk_default_masked[i]; i++)
			nk_strv_push(a, &spec->masked_paths, nk_default_masked[i]);
	if (!spec->readonly_paths.n)
		for (size_t i = 0; nk_default_readonly[i]; i++)
			nk_strv_push(a, &spec->readonly_paths, nk_default_readonly[i]);
}

static int volume_facts(struct nk_spec *spec, struct nk_err *e)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		struct nk_mount_spec *m = &spec->mounts.v[i];
		struct stat st;

		if (m->kind == NK_MOUNT_TMPFS)
			continue;
		if (stat(m->source, &st)) {
			nk_fail(e, errno, "volume %s:%s: source", m->source, m->target);
			return nk_hint(e, "make it first: mkdir -p %s", m->source);
		}
		m->source_is_dir = S_ISDIR(st.st_mode);
		if (m->kind == NK_MOUNT_OVERLAY && !m->source_is_dir) {
			nk_fail(e, ENOTDIR, "overlay over %s", m->source);
			return nk_hint(e, "an overlay needs a directory below it");
		}
	}
	return 0;
}

/* Where it cannot be had, it is refused: files with other owners than expected are no detail. */
static int idmap_facts(const struct nk_spec *spec, const struct nk_facts *f, struct nk_err *e)
{
	size_t n = spec->rootfs_idmap;
	const char *what = spec->rootfs;

	for (size_t i = 0; i < spec->mounts.n; i++)
		if (spec->mounts.v[i].idmap) {
			n++;
			what = spec->mounts.v[i].source;
		}
	if (!n)
		return 0;
	if (spec->ns[NK_NS_USER].mode != NK_NS_NEW) {
		nk_fail(e, 0, "%s: idmap without a new user namespace", what);
		return nk_hint(e, "add --userns auto, or leave idmap away: the ids are the host's");
	}
	if (!f->sys_admin) {
		nk_fail(e, EPERM, "%s: idmap", what);
		return nk_hint(e, "only root may show files through an id map: leave it away, your "
				  "own files are root's inside");
	}
	if (n > NK_IDMAPPED_MAX) {
		nk_fail(e, 0, "%zu mounts with idmap", n);
		return nk_hint(e, "at most %d: show a directory above them instead",
			       NK_IDMAPPED_MAX);
	}
	return 0;
}

static int device_fact(struct nk_device_spec *d, struct nk_err *e)
{
	struct stat st;

	if (stat(d->source, &st)) {
		nk_fail(e, errno, "device %s", d->source);
		return nk_hint(e, "--device names a device file of the host");
	}
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) {
		nk_fail(e, 0, "device %s: it is not a device file", d->source);
		return nk_hint(e, "use -v for files and directories");
	}
	d->type = st.st_mode;
	d->major = major(st.st_rdev);
	d->minor = minor(st.st_rdev);
	d->uid = st.st_uid;
	d->gid = st.st_gid;
	return 0;
}

static bool usual_device(const char *name)
{
	static const char *const usual[] = {"null", "zero", "full",    "random", "urandom",
					    "tty",  "ptmx", "console", "core"};

	for (size_t i = 0; i < NK_COUNT(usual); i++)
		if (!strcmp(name, usual[i]))
			return true;
	return false;
}

/* --privileged: every device of the host, as Docker gives them. */
static void all_devices(struct nk_arena *a, struct nk_spec *spec, const char *dir, int depth)
{
	_closedir_ DIR *d = opendir(dir);

	for (struct dirent *ent; d && (ent = readdir(d));) {
		struct stat st;

		if (ent->d_name[0] == '.' || (depth == 0 && usual_device(ent->d_name)))
			continue;
		const char *path = nk_fmt(a, "%s/%s", dir, ent->d_name);
		if (lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth < 3 && strcmp(ent->d_name, "pts") &&
		    strcmp(ent->d_name, "shm") && strcmp(ent->d_name, "mqueue")) {
			all_devices(a, spec, path, depth + 1);
		} else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
			struct nk_device_spec *dev = NK_PUSH(a, &spec->devices);
			if (dev)
				*dev = (struct nk_device_spec){
					.source = path, .target = path, .access = "rwm"};
		}
	}
}

static int device_facts(struct nk_arena *a, struct nk_spec *spec, struct nk_err *e)
{
	if (spec->privileged)
		all_devices(a, spec, "/dev", 0);
	for (size_t i = 0; i < spec->devices.n; i++) {
		int r = device_fact(&spec->devices.v[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Limits of block devices name them; the kernel wants their numbers. */
static int rate_facts(struct nk_blkio_device *v, size_t n, const char *option, struct nk_err *e)
{
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		if (stat(v[i].path, &st)) {
			nk_fail(e, errno, "%s %s", option, v[i].path);
			return nk_hint(e, "it names a disk of the host: %s /dev/sda:1mb", option);
		}
		if (!S_ISBLK(st.st_mode)) {
			nk_fail(e, 0, "%s %s: it is not a block device", option, v[i].path);
			return nk_hint(e, "lsblk -d lists the disks of this machine");
		}
		v[i].major = major(st.st_rdev);
		v[i].minor = minor(st.st_rdev);
	}
	return 0;
}

static int limit_facts(struct nk_resources *r, struct nk_err *e)
{
	int ret = rate_facts(r->read_bps.v, r->read_bps.n, "--device-read-bps", e);

	return ret < 0 ? ret : rate_facts(r->write_bps.v, r->write_bps.n, "--device-write-bps", e);
}

static int lease_ids(struct nk_arena *a, struct nk_spec *spec, const struct nk_facts *f,
		     struct nk_lease *lease, struct nk_err *e)
{
	uint32_t count = nk_idrange_max(f), first;

	/* The lock of a nook that was killed is free, but what it left may still run as its users.
	 */
	if (lease->st)
		nk_state_clean(lease->st);
	int r = nk_idrange_lease(lease->dir, spec->id ? spec->id : "", f, count, &first, &lease->fd,
				 e);
	if (r < 0)
		return r;
	lease->ids = (struct nk_idmap){0, first, count};
	nk_idmap_leased(a, first, count, &spec->uid_maps);
	nk_idmap_leased(a, first, count, &spec->gid_maps);
	return 0;
}

int nk_prepare_ids(struct nk_arena *a, struct nk_spec *spec, struct nk_facts *f,
		   struct nk_lease *lease, struct nk_err *e)
{
	lease->fd = -1;
	lease->ids = (struct nk_idmap){0};
	if (spec->ns[NK_NS_USER].mode != NK_NS_NEW)
		return 0;
	if (spec->uid_maps.n || spec->gid_maps.n) {
		/* One given, the other left away: the same numbers for both, as Podman does. */
		if (!spec->gid_maps.n)
			spec->gid_maps = spec->uid_maps;
		if (!spec->uid_maps.n)
			spec->uid_maps = spec->gid_maps;
		return 0;
	}
	if (spec->users_as_outside && f->maps_ids) {
		nk_idmap_same(a, &f->own_uids, &spec->uid_maps);
		nk_idmap_same(a, &f->own_gids, &spec->gid_maps);
		return 0;
	}
	if (!f->maps_ids || f->single_id) {
		nk_idmap_rootless(a, f, &spec->uid_maps, &spec->gid_maps);
		if (f->single_id)
			nk_strv_push(a, &f->notices,
				     nk_fmt(a, "only one user id inside: %s (%s)", f->single_id,
					    f->single_id_mend));
		return 0;
	}
	return lease_ids(a, spec, f, lease, e);
}

/* A new procfs is refused where parts of the outer one are hidden (host/visible.h). */
static void tell_bound_proc(struct nk_arena *a, const struct nk_spec *spec, struct nk_facts *f)
{
	bool users = spec->ns[NK_NS_USER].mode != NK_NS_HOST || !f->initial_userns;

	if (users && f->proc_covered && spec->ns[NK_NS_PID].mode == NK_NS_NEW)
		nk_strv_push(
			a, &f->notices,
			nk_fmt(a,
			       "/proc inside is the one outside, with its processes: the "
			       "kernel allows no new one where %s (start the outer container "
			       "with --privileged or an unmasked /proc)",
			       f->proc_covered_by ? f->proc_covered_by : "parts of it are hidden"));
}

static bool plain(const char *path)
{
	size_t n = strlen(path);

	return path[0] == '/' && path[1] && !strstr(path, "/../") &&
	       (n < 3 || strcmp(path + n - 3, "/.."));
}

/* Masked and read-only paths that are neither in /proc nor in /sys. */
static int mask_facts(const struct nk_spec *spec, struct nk_facts *f, struct nk_err *e)
{
	const struct nk_strv *const lists[] = {&spec->masked_paths, &spec->readonly_paths};

	for (size_t k = 0; k < NK_COUNT(lists); k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			if (!plain(lists[k]->v[i])) {
				nk_fail(e, 0, "mask %s: not a plain path", lists[k]->v[i]);
				return nk_hint(e, "it begins with a slash and has no .. in it");
			}
	for (size_t i = 0; i < spec->masked_paths.n; i++)
		if (f->mask_kinds && f->mask_kinds[i] == NK_MASK_INSIDE)
			f->mask_kinds[i] = nk_container_kind(spec, spec->masked_paths.v[i]);
	return 0;
}

/* Controllers to look at: those of the limits, and what holds together a container without a
 * PID namespace, whose processes do not end with its first. */
static unsigned controllers(const struct nk_spec *spec, const struct nk_cgroups *c)
{
	unsigned wanted = nk_cgroup_wanted(spec);
	int holder = nk_cg_holder(c);

	if (!wanted && spec->ns[NK_NS_PID].mode != NK_NS_NEW && holder >= 0 &&
	    (c->unified < 0 || !c->hierarchies.v[c->unified].writable))
		wanted |= c->hierarchies.v[holder].controllers;
	return wanted;
}

int nk_prepare(struct nk_arena *a, struct nk_spec *spec, struct nk_facts *f, struct nk_lease *lease,
	       struct nk_err *e)
{
	struct stat up, mq;
	int r;

	lease->fd = -1;
	lease->ids = (struct nk_idmap){0};
	default_paths(a, spec);
	if ((r = volume_facts(spec, e)) < 0 || (r = device_facts(a, spec, e)) < 0 ||
	    (r = limit_facts(&spec->resources, e)) < 0 ||
	    (r = nk_facts_collect(a, spec, f, e)) < 0 || (r = idmap_facts(spec, f, e)) < 0 ||
	    (r = mask_facts(spec, f, e)) < 0 ||
	    (r = nk_cgroups_probe(a, &f->cgroups, controllers(spec, &f->cgroups),
				  spec->cgroup_parent, e)) < 0)
		return r;
	if (spec->ns[NK_NS_IPC].mode == NK_NS_HOST)
		f->mqueue =
			!stat("/dev", &up) && !stat("/dev/mqueue", &mq) && up.st_dev != mq.st_dev;
	if (spec->rootfs_host && (r = nk_facts_host_dirs(a, f, e)) < 0)
		return r;
	if (spec->rootfs_host && spec->ns[NK_NS_USER].mode == NK_NS_HOST)
		nk_strv_push(a, &f->notices,
			     "--userns host: root inside is the host's root, and reads what only "
			     "root may read");
	tell_bound_proc(a, spec, f);
	return nk_prepare_ids(a, spec, f, lease, e);
}
