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
#include "plan/build.h"

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
	return out;
}

int nk_b_place(struct nk_build *b, const char *path, bool dir, bool strict, const char *slot)
{
	struct nk_plan *p = b->p;
	struct nk_step *s = nk_plan_add(p, NK_OP_PLACE, "a place for %s, inside the rootfs", path);
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

static const struct nk_oci_mount *mount_at(const struct nk_build *b, size_t i)
{
	return &b->oci->config->mounts.v[i];
}

static bool is(const struct nk_oci_mount *m, const char *type)
{
	return !(m->flags & NK_MNT_BIND) && !strcmp(m->type, type);
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
	if (!strcmp(path, "/proc") && !(m->flags & NK_MNT_BIND) && !is(m, "proc") &&
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
		const struct nk_oci_mount *m = mount_at(b, i);
		int ret = check(m, nk_b_clean_path(b, m->destination), e);

		if (ret < 0 || (ret = check_idmap(b, m, idmapped, e)) < 0)
			return ret;
		idmapped += m->flags & NK_MNT_IDMAP ? 1 : 0;
	}
	return 0;
}

/* ---- copies of host mounts ---- */

/*
 * "ro" of a recursive bind holds for its top only. Of /sys that left the cgroups below it to a
 * rootless container, whose user owns a part of them (CVE-2023-25809).
 */
static bool shows_cgroups(const struct nk_oci_mount *m)
{
	return (m->flags & NK_MNT_RECURSIVE) && (m->attr_set & MOUNT_ATTR_RDONLY) &&
	       !strncmp(m->source, "/sys", 4) && (!m->source[4] || m->source[4] == '/') &&
	       !nk_weak("CVE-2023-25809");
}

/* The mount itself, by descriptor; a weakened build finds it as others did: by a name in /proc,
 * which may be the container's own (crun 2026-115521). */
static int by_its_name(struct nk_build *b, int tree, uint64_t set)
{
	if (!nk_weak("crun-2026-115521") || !(set & MOUNT_ATTR_RDONLY))
		return tree;
	return nk_b_open(b->p, b->rootfs, "proc/self/fd/100", O_PATH, RESOLVE_IN_ROOT, "by_name",
			 "by its name");
}

/* A locked flag cannot be taken away in a user namespace: then it stays, as runc has it. */
static void attributes(struct nk_build *b, int tree, const struct nk_oci_mount *m)
{
	struct nk_plan *p = b->p;
	const char *hint = "a user namespace may not take away options that the host's mount has "
			   "(ro, nodev, nosuid, noexec)";

	if (m->attr_set || m->attr_clear) {
		int to = by_its_name(b, tree, m->attr_set);
		nk_b_setattr(p, to, false, m->attr_set, m->attr_clear, 0,
			     m->attr_set & MOUNT_ATTR_RDONLY ? "read-only" : "with its options");
		nk_plan_last(p)->hint = hint;
		if (to != tree)
			nk_tolerate(nk_plan_last(p), EINVAL, 0, 0);
		if (!m->attr_set)
			nk_tolerate(nk_plan_last(p), EPERM, 0, 0);
	}
	if (shows_cgroups(m))
		nk_b_setattr(p, tree, true, MOUNT_ATTR_RDONLY, 0, 0,
			     "and so are the cgroups below it (CVE-2023-25809)");
	if (m->rec_set || m->rec_clear) {
		nk_b_setattr(p, tree, true, m->rec_set, m->rec_clear, 0,
			     "with its options, and those below it");
		nk_plan_last(p)->hint = hint;
	}
}

static void spread(struct nk_build *b, int tree, uint64_t propagation, bool recursive)
{
	nk_b_setattr(b->p, tree, recursive, 0, 0, propagation & ~(uint64_t)MS_REC,
		     propagation & MS_PRIVATE ? "mounts on it are not seen outside"
		     : propagation & MS_SLAVE ? "mounts of the host on it are seen, not the reverse"
		     : propagation & MS_SHARED ? "mounts on it are seen by all who share it"
					       : "it cannot be bound again");
}

static void propagation(struct nk_build *b, int tree, const struct nk_oci_mount *m)
{
	uint64_t base = nk_b_base_propagation(b), asked = m->propagation & ~(uint64_t)MS_REC;
	bool all = m->flags & NK_MNT_RECURSIVE;

	/* What init copies has it from init's "/". */
	if (b->trees == NK_PARENT && base != MS_SHARED && asked != base)
		spread(b, tree, base, all);
	else if (b->trees == NK_PARENT && base != MS_SHARED)
		spread(b, tree, base, all || (m->propagation & MS_REC));
	if (asked && asked != base)
		spread(b, tree, m->propagation, m->propagation & MS_REC);
}

static void map_by(struct nk_build *b, int tree, const struct nk_oci_mount *m, int userns)
{
	struct nk_step *s = nk_b_setattr(b->p, tree, m->flags & NK_MNT_IDMAP_REC, MOUNT_ATTR_IDMAP,
					 0, 0, "owners of files as its maps say");
	s->fd[1] = (int16_t)userns;
	s->hint = "this file system cannot be idmapped: leave `idmap` away";
}

static void idmap(struct nk_build *b, int tree, const struct nk_oci_mount *m)
{
	struct nk_plan *p = b->p;

	if (!(m->flags & NK_MNT_IDMAP))
		return;
	if (m->uid_maps.n) {
		int userns = nk_plan_slot(p, "mount_users");
		struct nk_step *s = nk_plan_add(p, NK_OP_USERNS, "the maps of this mount");

		s->s[0] = nk_b_map_text(b, &m->uid_maps);
		s->s[1] = nk_b_map_text(b, &m->gid_maps);
		s->out = (int16_t)userns;
		s->hint = "uidMappings and gidMappings of a mount: is an id there twice?";
		map_by(b, tree, m, userns);
	} else if (b->spec->ns[NK_NS_USER].mode == NK_NS_JOIN) {
		map_by(b, tree, m,
		       nk_b_open(p, NK_CWD, b->spec->ns[NK_NS_USER].path, O_RDONLY, 0,
				 "mount_users", "the user namespace that is joined"));
	} else {
		b->idmap_flat[b->n_idmapped] = !(m->flags & NK_MNT_IDMAP_REC);
		b->idmapped[b->n_idmapped++] = tree;
	}
}

static int bind_tree(struct nk_build *b, const struct nk_oci_mount *m, const char *slot)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_VOLUME;
	int tree = nk_b_copy_mount(p, NK_CWD, m->source, m->flags & NK_MNT_RECURSIVE, slot,
				   nk_fmt(p->arena, "a copy of the mount of %s", m->source));
	nk_plan_last(p)->hint = "the path has to exist on the host, and this user must reach it";
	propagation(b, tree, m);
	attributes(b, tree, m);
	idmap(b, tree, m);
	return tree;
}

static int outer_tree(struct nk_build *b, const struct nk_oci_mount *m, const char *path)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_MOUNTS;
	int tree = nk_b_copy_mount(
		p, NK_CWD, path, true, path + 1,
		nk_fmt(p->arena, "the outer %s: the kernel refuses a new one here", path));
	uint64_t set = m->attr_set;
	if (!strcmp(path, "/sys") && !nk_weak("CVE-2023-25809"))
		set |= MOUNT_ATTR_RDONLY; /* its cgroups are not the container's */
	nk_b_setattr(p, tree, true, set, 0, MS_SLAVE, "with its options");
	return tree;
}

/* ---- new file systems ---- */

struct options {
	struct nk_fs_option *v;
	size_t n;
};

static void add(struct options *o, const char *key, const char *value)
{
	o->v[o->n++] = (struct nk_fs_option){key, value};
}

static bool has_data(const struct nk_oci_mount *m, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < m->data.n; i++)
		if (!strncmp(m->data.v[i], key, len) && m->data.v[i][len] == '=')
			return true;
	return false;
}

/* Of the superblock flags only those that fsconfig knows by name; silent is for the log. */
static struct options options_of(struct nk_build *b, const struct nk_oci_mount *m)
{
	struct nk_arena *a = b->p->arena;
	struct options o = {.v = nk_alloc(a, (m->data.n + 10) * sizeof(*o.v))};

	if (!o.v)
		return o;
	if (m->source)
		add(&o, "source", m->source);
	for (size_t i = 0; i < m->data.n; i++) {
		const char *value = strchr(m->data.v[i], '=');
		const char *key =
			value ? nk_strndup(a, m->data.v[i], (size_t)(value - m->data.v[i]))
			      : m->data.v[i];

		/* In a user namespace without that group the kernel refuses the mount. */
		if (is(m, "devpts") && !strcmp(key, "gid") && value && !strcmp(value + 1, "5") &&
		    !nk_b_maps_gid(b, 5))
			continue;
		add(&o, key, value ? value + 1 : NULL);
	}
	if (m->sb_rdonly && !is(m, "tmpfs") && !is(m, "proc") && !is(m, "cgroup2"))
		add(&o, "ro", NULL);
	if (m->sync)
		add(&o, "sync", NULL);
	if (m->dirsync)
		add(&o, "dirsync", NULL);
	if (m->lazytime)
		add(&o, "lazytime", NULL);
	if (m->mand)
		add(&o, "mand", NULL);
	if (m->iversion)
		add(&o, "iversion", NULL);
	if (b->oci->config->mount_label && *b->oci->config->mount_label && !is(m, "proc") &&
	    !is(m, "sysfs") && !is(m, "cgroup2"))
		add(&o, "context", b->oci->config->mount_label);
	return o;
}

static uint64_t attr_of(const struct nk_oci_mount *m)
{
	uint64_t set = m->attr_set | m->rec_set;

	/* What a tmpfs shall hold comes first. */
	return is(m, "tmpfs") ? set & ~(uint64_t)MOUNT_ATTR_RDONLY : set;
}

static int new_mount(struct nk_build *b, const struct nk_oci_mount *m, const char *slot)
{
	struct options o = options_of(b, m);

	if (!o.v)
		return NK_NOFD;
	int out = nk_b_filesystem(b->p, m->type, o.v, o.n, attr_of(m), slot,
				  nk_fmt(b->p->arena, "a new %s for %s", m->type, m->destination));
	nk_plan_last(b->p)->hint = "mounts: is the type known to the kernel (/proc/filesystems), "
				   "and may this user mount it?";
	if (m->propagation && m->propagation != MS_PRIVATE &&
	    m->propagation != (MS_PRIVATE | MS_REC))
		spread(b, out, m->propagation, m->propagation & MS_REC);
	return out;
}

/* ---- by whoever may ---- */

/* crun's copy-symlink: a link of the host is made anew inside, instead of what it leads to. */
static bool copies_link(const struct nk_oci_mount *m)
{
	return (m->flags & NK_MNT_COPY_SYMLINK) && m->source_is_link && m->source_link;
}

/* By nook itself: in the container's group init may not open the disk. */
static bool of_a_disk(const struct nk_build *b, const struct nk_oci_mount *m)
{
	return b->trees == NK_PARENT && !(m->flags & (NK_MNT_BIND | NK_MNT_REMOUNT)) && m->source &&
	       !strncmp(m->source, "/dev/", 5);
}

static bool mqueue_is_bound(const struct nk_build *b)
{
	return !nk_b_owns(b, NK_NS_IPC);
}

void nk_part_oci_mount_trees(struct nk_build *b)
{
	size_t n = b->oci->config->mounts.n;

	b->volumes = nk_alloc(b->p->arena, (n + 1) * sizeof(int));
	for (size_t i = 0; b->volumes && i < n; i++) {
		const struct nk_oci_mount *m = mount_at(b, i);

		b->volumes[i] = NK_NOFD;
		if (copies_link(m))
			continue;
		if ((m->flags & NK_MNT_BIND) && !(m->flags & NK_MNT_REMOUNT))
			b->volumes[i] = bind_tree(b, m, nk_fmt(b->p->arena, "mount%zu", i + 1));
		else if (of_a_disk(b, m))
			b->volumes[i] = new_mount(b, m, nk_fmt(b->p->arena, "mount%zu", i + 1));
		else if (is(m, "proc") && nk_b_proc_is_bound(b))
			b->volumes[i] = outer_tree(b, m, "/proc");
		else if (is(m, "sysfs") && nk_b_sys_is_bound(b))
			b->volumes[i] = outer_tree(b, m, "/sys");
		else if (is(m, "mqueue") && mqueue_is_bound(b))
			b->volumes[i] = outer_tree(b, m, "/dev/mqueue");
	}
}

/* ---- in their places ---- */

/* A tmpfs has the mode of the directory that it covers, unless it is told another. */
static int mode_below(struct nk_build *b, const struct nk_oci_mount *m, const char *path)
{
	struct nk_plan *p = b->p;

	if (!is(m, "tmpfs") || has_data(m, "mode") || (m->flags & NK_MNT_TMPCOPYUP))
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

	attributes(b, place, m);
	if (m->propagation)
		spread(b, place, m->propagation, m->propagation & MS_REC);
}

static void place(struct nk_build *b, size_t i, const char *path)
{
	struct nk_plan *p = b->p;
	const struct nk_oci_mount *m = mount_at(b, i);
	const char *slot = nk_fmt(p->arena, "mount%zu", i + 1);
	bool bind = m->flags & NK_MNT_BIND, outer = b->volumes[i] != NK_NOFD;
	bool strict = (is(m, "proc") || is(m, "sysfs") || !strcmp(path, "/proc") ||
		       !strcmp(path, "/sys")) &&
		      !nk_weak("CVE-2019-19921");
	int mode = mode_below(b, m, path);

	if (!bind && !outer)
		b->volumes[i] = new_mount(b, m, slot);
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
}

/* What later parts go on with. */
static void remember(struct nk_build *b, size_t i, const char *path)
{
	const struct nk_oci_mount *m = mount_at(b, i);

	if (!strcmp(path, "/proc") && !((m->attr_set | m->rec_set) & MOUNT_ATTR_RDONLY))
		b->writable_proc = b->volumes[i];
	if (!strcmp(path, "/proc"))
		b->proc = b->volumes[i];
	else if (!strcmp(path, "/sys"))
		b->sys = b->volumes[i];
	else if (!strcmp(path, "/dev"))
		b->own_dev = is(m, "tmpfs") && !(m->flags & NK_MNT_TMPCOPYUP);
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
		const struct nk_oci_mount *m = mount_at(b, i);
		const char *path = nk_b_clean_path(b, m->destination);
		p->topic = is(m, "proc")			? NK_T_PROC
			   : is(m, "sysfs")			? NK_T_SYS
			   : is(m, "tmpfs")			? NK_T_TMPFS
			   : is(m, "devpts") || is(m, "mqueue") ? NK_T_DEV
								: NK_T_VOLUME;
		if (copies_link(m)) {
			copy_link(b, m, path);
		} else if (m->flags & NK_MNT_REMOUNT) {
			remount(b, m, path);
		} else if (is(m, "cgroup") || is(m, "cgroup2")) {
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
		const struct nk_oci_mount *m = mount_at(b, i);

		if (is(m, "tmpfs") && ((m->attr_set | m->rec_set) & MOUNT_ATTR_RDONLY))
			nk_b_setattr(b->p, b->volumes[i], false, MOUNT_ATTR_RDONLY, 0, 0,
				     nk_fmt(b->p->arena, "%s has all that it shall have: read-only",
					    m->destination));
	}
}
