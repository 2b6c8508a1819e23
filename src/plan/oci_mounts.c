/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `mounts` of config.json, in its order.
 *
 * Copies of host mounts are taken by whoever may (nook as root, else init); new file systems are
 * made by init, whose namespaces they show. Every destination is found by openat2 inside the
 * rootfs, which is hostile, and mounted on by descriptor; /proc and /sys are never a link.
 *
 * A tmpfs that shall be read-only becomes so when everything is in its place (nk_part_oci_late).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>

#include "base/weaken.h"
#include "plan/oci_mounts.h"

const char *nk_b_clean_path(struct nk_build *b, const char *path)
{
	char *out = nk_alloc(b->p->arena, strlen(path) + 2);
	size_t n = 0;

	if (!out)
		return "/";
	for (const char *c = path; *c;) {
		size_t len = strcspn(c, "/");

		if (len == 2 && c[0] == '.' && c[1] == '.') {
			while (n && out[--n] != '/')
				;
		} else if (len && !(len == 1 && c[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, c, len);
			n += len;
		}
		c += len + (c[len] == '/');
	}
	if (!n)
		out[n++] = '/';
	out[n] = '\0'; /* behind a way up there is what it led out of */
	return out;
}

int nk_b_place(struct nk_build *b, const char *path, bool dir, bool strict, const char *slot)
{
	struct nk_plan *p = b->p;
	struct nk_step *s = nk_plan_add(p, NK_OP_PLACE,
					strict ? "%s must be mounted on ordinary directory"
					       : "a place for %s, inside the rootfs",
					path);
	int out = nk_plan_slot(p, slot);

	s->fd[0] = (int16_t)b->rootfs;
	s->s[0] = path + strspn(path, "/");
	s->n[0] = (dir ? O_DIRECTORY : 0) | (strict ? O_NOFOLLOW : 0);
	s->n[1] = nk_weak("CVE-2021-30465") || nk_weak("CVE-2024-45310");
	s->out = (int16_t)out;
	s->hint = strict ? nk_fmt(p->arena,
				  "%s of the rootfs must be a directory, not a link: nook mounts "
				  "over it and follows no links",
				  path)
			 : nk_fmt(p->arena,
				  "%s of the rootfs is missing and could not be made, or is no %s",
				  path, dir ? "directory" : "file");
	return out;
}

/* ---- what cannot be done ---- */

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && path[n] == '/';
}

/* What may be mounted over in /proc: files that container managers fake (lxcfs). */
static const char *const in_proc[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/net/dev",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static int check(const struct nk_oci_mount *m, const char *path, struct nk_err *e)
{
	if (!strcmp(path, "/"))
		return nk_fail(e, EINVAL, "mounts: nothing can be mounted over \"/\" itself");
	if (!strcmp(path, "/proc") && !(m->flags & NK_MNT_BIND) && !nk_oci_is(m, "proc") &&
	    !nk_weak("CVE-2019-16884"))
		return nk_fail(e, EINVAL, "mounts: only a procfs can be mounted on /proc, not %s",
			       m->type);
	if (!below(path, "/proc") || (m->flags & NK_MNT_REMOUNT) || nk_weak("CVE-2025-52881"))
		return 0;
	for (size_t i = 0; i < sizeof(in_proc) / sizeof(in_proc[0]); i++)
		if (!strcmp(path, in_proc[i]))
			return 0;
	return nk_fail(e, EINVAL, "mounts: \"%s\" cannot be mounted because it is inside /proc",
		       path);
}

static int check_idmap(const struct nk_build *b, const struct nk_oci_mount *m, size_t n,
		       struct nk_err *e)
{
	if (!(m->flags & NK_MNT_IDMAP))
		return 0;
	if (b->trees != NK_PARENT)
		return nk_fail(e, EPERM, "mounts: %s: only root can map the ids of a mount",
			       m->destination);
	if (!m->uid_maps.n && b->spec->ns[NK_NS_USER].mode == NK_NS_HOST)
		return nk_fail(e, EINVAL,
			       "mounts: %s: idmap needs a user namespace, or maps of its own",
			       m->destination);
	if (n >= NK_IDMAPPED_MAX)
		return nk_fail(e, E2BIG, "mounts: more than %d with idmap", NK_IDMAPPED_MAX);
	return 0;
}

int nk_part_oci_check_mounts(struct nk_build *b, struct nk_err *e)
{
	size_t idmapped = 0;

	for (size_t i = 0; i < b->oci->config->mounts.n; i++) {
		const struct nk_oci_mount *m = nk_oci_mount_at(b, i);
		int ret = check(m, nk_b_clean_path(b, m->destination), e);

		if (ret < 0 || (ret = check_idmap(b, m, idmapped, e)) < 0)
			return ret;
		idmapped += m->flags & NK_MNT_IDMAP ? 1 : 0;
	}
	return 0;
}

/* ---- in their places ---- */

static bool has_data(const struct nk_oci_mount *m, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < m->data.n; i++)
		if (!strncmp(m->data.v[i], key, len) && m->data.v[i][len] == '=')
			return true;
	return false;
}

/* A tmpfs has the mode of the directory that it covers, unless it is told another. */
static int mode_below(struct nk_build *b, const struct nk_oci_mount *m, const char *path)
{
	struct nk_plan *p = b->p;

	if (!nk_oci_is(m, "tmpfs") || has_data(m, "mode") || (m->flags & NK_MNT_TMPCOPYUP))
		return NK_NOFD;
	int dir = nk_b_open(p, b->rootfs, path + 1, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT,
			    "covered", "is there a directory to be covered?");
	nk_tolerate(nk_plan_last(p), ENOENT, 0, 0);
	int mode = nk_plan_slot(p, "covered_mode");
	struct nk_step *s = nk_plan_add(p, NK_OP_MODE, "its mode is the tmpfs' mode");
	s->fd[0] = (int16_t)dir;
	s->out = (int16_t)mode;
	nk_tolerate(s, EBADF, 0, 0);
	nk_plan_add(p, NK_OP_CLOSE, "looked at")->fd[0] = (int16_t)dir;
	nk_tolerate(nk_plan_last(p), EBADF, 0, 0);
	return mode;
}

static void give_mode(struct nk_build *b, int mount, int mode)
{
	if (mode == NK_NOFD)
		return;
	struct nk_step *s = nk_plan_add(b->p, NK_OP_FCHMODAT, "as the directory that it covers");
	s->fd[0] = (int16_t)mount;
	s->s[0] = ".";
	s->fd[1] = (int16_t)mode;
	nk_tolerate(s, EBADF, 0, 0);
}

static void copy_link(struct nk_build *b, const struct nk_oci_mount *m, const char *path)
{
	struct nk_arena *a = b->p->arena;
	const char *slash = strrchr(path, '/');
	int dir = slash == path ? b->rootfs
				: nk_b_place(b, nk_strndup(a, path, (size_t)(slash - path)), true,
					     false, "link_dir");
	struct nk_step *s = nk_plan_add(b->p, NK_OP_SYMLINKAT, "a link as %s", m->source);

	s->s[0] = m->source_link;
	s->fd[0] = (int16_t)dir;
	s->s[1] = slash + 1;
	s->hint = "copy-symlink: something else is there";
}

/* Options of what is mounted there already. */
static void remount(struct nk_build *b, const struct nk_oci_mount *m, const char *path)
{
	int place = nk_b_open(b->p, b->rootfs, path + 1, O_PATH, RESOLVE_IN_ROOT, "mounted",
			      nk_fmt(b->p->arena, "what is mounted on %s", path));

	nk_oci_attributes(b, place, m);
	if (m->propagation)
		nk_oci_spread(b, place, m->propagation, m->propagation & MS_REC);
}

enum { KEEPS_OPEN = 16 };

static void place(struct nk_build *b, size_t i, const char *path)
{
	struct nk_plan *p = b->p;
	const struct nk_oci_mount *m = nk_oci_mount_at(b, i);
	const char *slot = nk_fmt(p->arena, "mount%zu", i + 1);
	bool bind = m->flags & NK_MNT_BIND, outer = b->volumes[i] != NK_NOFD;
	bool strict = (nk_oci_is(m, "proc") || nk_oci_is(m, "sysfs") || !strcmp(path, "/proc") ||
		       !strcmp(path, "/sys")) &&
		      !nk_weak("CVE-2019-19921");
	int mode = mode_below(b, m, path);

	if (!bind && !outer)
		b->volumes[i] = nk_oci_new_mount(b, m, slot);
	int target = nk_b_place(b, path, !bind || m->source_is_dir, strict,
				nk_fmt(p->arena, "%s_place", slot));
	if (bind && !strcmp(path, "/proc") && !nk_weak("CVE-2019-16884")) {
		struct nk_step *s = nk_plan_add(p, NK_OP_IS_FS, "only a procfs may be on /proc");
		s->fd[0] = (int16_t)b->volumes[i];
		s->n[0] = PROC_SUPER_MAGIC;
	}
	if (m->flags & NK_MNT_TMPCOPYUP) {
		struct nk_step *s = nk_plan_add(p, NK_OP_COPY_TREE, "filled with what it covers");
		s->fd[0] = (int16_t)target;
		s->fd[1] = (int16_t)b->volumes[i];
		s->hint = "tmpcopyup: the directory has to fit into the tmpfs (size=)";
	}
	nk_b_attach(p, b->volumes[i], target, "", nk_fmt(p->arena, "seen as %s", path));
	nk_plan_last(p)->hint = "a directory goes over a directory, a file over a file";
	give_mode(b, b->volumes[i], mode);
	/* A process has so many descriptors, a pod may have hundreds of volumes. */
	if (bind && i >= KEEPS_OPEN && strncmp(path, "/dev", 4) && strcmp(path, "/proc") &&
	    strcmp(path, "/sys")) {
		nk_plan_add(p, NK_OP_CLOSE, "done with its place")->fd[0] = (int16_t)target;
		nk_plan_add(p, NK_OP_CLOSE, "and with it")->fd[0] = (int16_t)b->volumes[i];
	}
}

/* What later parts go on with. */
static void remember(struct nk_build *b, size_t i, const char *path)
{
	const struct nk_oci_mount *m = nk_oci_mount_at(b, i);

	if (!strcmp(path, "/proc") && !((m->attr_set | m->rec_set) & MOUNT_ATTR_RDONLY))
		b->writable_proc = b->volumes[i];
	if (!strcmp(path, "/proc"))
		b->proc = b->volumes[i];
	else if (!strcmp(path, "/sys"))
		b->sys = b->volumes[i];
	else if (!strcmp(path, "/dev"))
		b->own_dev = nk_oci_is(m, "tmpfs") && !(m->flags & NK_MNT_TMPCOPYUP);
	else if (!strcmp(path, "/dev/pts"))
		b->pts = b->volumes[i];
	if (!strcmp(path, "/dev"))
		b->dev = b->volumes[i];
}

void nk_part_oci_mounts(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	size_t n = b->oci->config->mounts.n;

	nk_actor_topic(p, NK_INIT, NK_T_VOLUME);
	for (size_t i = 0; b->volumes && i < n; i++) {
		const struct nk_oci_mount *m = nk_oci_mount_at(b, i);
		const char *path = nk_b_clean_path(b, m->destination);
		p->topic = nk_oci_is(m, "proc")				      ? NK_T_PROC
			   : nk_oci_is(m, "sysfs")			      ? NK_T_SYS
			   : nk_oci_is(m, "tmpfs")			      ? NK_T_TMPFS
			   : nk_oci_is(m, "devpts") || nk_oci_is(m, "mqueue") ? NK_T_DEV
									      : NK_T_VOLUME;
		if (nk_oci_copies_link(m)) {
			copy_link(b, m, path);
		} else if (m->flags & NK_MNT_REMOUNT) {
			remount(b, m, path);
		} else if (nk_oci_is(m, "cgroup") || nk_oci_is(m, "cgroup2")) {
			nk_part_oci_placed(b);
			p->topic = NK_T_CGROUP;
			nk_part_oci_cgroupfs(b, i, path);
		} else {
			place(b, i, path);
			remember(b, i, path);
		}
	}
}

void nk_part_oci_late(struct nk_build *b)
{
	nk_actor_topic(b->p, NK_INIT, NK_T_TMPFS);
	for (size_t i = 0; b->volumes && i < b->oci->config->mounts.n; i++) {
		const struct nk_oci_mount *m = nk_oci_mount_at(b, i);

		if (nk_oci_is(m, "tmpfs") && ((m->attr_set | m->rec_set) & MOUNT_ATTR_RDONLY))
			nk_b_setattr(b->p, b->volumes[i], false, MOUNT_ATTR_RDONLY, 0, 0,
				     nk_fmt(b->p->arena, "%s has all that it shall have: read-only",
					    m->destination));
	}
}
