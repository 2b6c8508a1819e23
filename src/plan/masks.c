/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of /proc, /sys and the rootfs may not be read or written, and sysctls.
 *
 * A mask is the null device over a file, an empty directory over a directory.
 * Which of them a path needs is a fact: where it turns out to be the other one
 * (a rootfs that changes meanwhile), the kernel refuses the mount and the start
 * fails; nothing that should be hidden is seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>

#include "base/weaken.h"
#include "plan/build.h"

#define QUIET (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Paths below our own procfs or sysfs: no links of any kind lead elsewhere. */
#define STRICT (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

/* So many masks keep their descriptor to the end, as the usual ones. A machine may have hundreds
 * of processors with a directory to mask, and a process not so many descriptors: the further
 * ones share a slot that is closed each time. */
enum { OWN_SLOTS = 12 };

/* /proc/… and /sys/… are found from their own mounts. Else NK_NOFD. */
static int base_of(const struct nk_build *b, const char **path)
{
	if (!strncmp(*path, "/proc/", 6)) {
		*path += 6;
		return b->proc;
	}
	if (!strncmp(*path, "/sys/", 5)) {
		*path += 5;
		return b->sys;
	}
	return NK_NOFD;
}

/* A path of the rootfs, in whatever is mounted there by now -> slot. */
static void find_inside(struct nk_build *b, const char *path, int slot)
{
	struct nk_plan *p = b->p;
	struct nk_step *s = nk_plan_add(p, NK_OP_OPENAT2, "found without leaving the rootfs");

	s->fd[0] = (int16_t)b->rootfs;
	s->s[0] = path + strspn(path, "/");
	s->n[0] = O_PATH | O_CLOEXEC;
	s->n[2] = RESOLVE_IN_ROOT;
	s->out = (int16_t)slot;
}

static void read_only_inside(struct nk_build *b, const char *path)
{
	struct nk_plan *p = b->p;
	int place = nk_plan_slot(p, nk_fmt(p->arena, "ro_%s_place", path + 1));

	find_inside(b, path, place);
	nk_tolerate(nk_plan_last(p), ENOENT, ENOTDIR, 0);
	int tree = nk_b_copy_mount(p, place, "", true, nk_fmt(p->arena, "ro_%s", path + 1),
				   nk_fmt(p->arena, "%s once more", path));
	nk_tolerate(nk_plan_last(p), EBADF, 0, 0);
	struct nk_step *s = nk_b_setattr(p, tree, true, MOUNT_ATTR_RDONLY, 0, 0, "read-only");
	nk_tolerate(s, EBADF, 0, 0);
	s = nk_b_attach(p, tree, place, "", nk_fmt(p->arena, "over %s", path));
	nk_tolerate(s, EBADF, 0, 0);
}

static void read_only(struct nk_build *b, const char *path)
{
	struct nk_plan *p = b->p;
	const char *name = path;
	int base = base_of(b, &name);

	if (base == NK_NOFD) {
		read_only_inside(b, path);
		return;
	}
	bool all = nk_b_proc_is_outer(b);
	int tree = nk_b_copy_mount(p, base, name, all, nk_fmt(p->arena, "ro_%s", name),
				   nk_fmt(p->arena, "%s once more", path));
	nk_tolerate(nk_plan_last(p), ENOENT, 0, 0);
	struct nk_step *s = nk_b_setattr(p, tree, all, (b->oci ? 0 : QUIET) | MOUNT_ATTR_RDONLY, 0,
					 0, "read-only");
	nk_tolerate(s, EBADF, 0, 0);
	s = nk_b_attach(p, tree, base, name, nk_fmt(p->arena, "over %s", path));
	nk_tolerate(s, EBADF, ENOENT, 0);
}

/* The masks of one plan, and the slots that the later ones share. */
struct masks {
	struct nk_build *b;
	size_t n;
	int copy, place;
};

static void close_slot(struct nk_build *b, int slot)
{
	nk_plan_add(b->p, NK_OP_CLOSE, "attached")->fd[0] = (int16_t)slot;
}

/* The first directory's mask is the one that the others are copies of. */
static int first_empty(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (b->scratch == NK_NOFD) {
		static const struct nk_fs_option options[] = {{"source", "tmpfs"}, {"ro", NULL}};

		b->empty = nk_b_filesystem(p, "tmpfs", options, 2, MOUNT_ATTR_RDONLY, "empty",
					   "an empty directory");
		return b->empty;
	}
	nk_b_mkdir(p, b->scratch, "empty", 0555, "an empty directory");
	b->empty = nk_b_copy_mount(p, b->scratch, "empty", false, "empty", "as a mount of its own");
	nk_b_setattr(p, b->empty, false, QUIET | MOUNT_ATTR_RDONLY, 0, 0, "read-only");
	return b->empty;
}

static int copy_of(struct masks *m, int mount, const char *name, bool shared, const char *why)
{
	struct nk_plan *p = m->b->p;

	if (!shared)
		return nk_b_copy_mount(p, mount, "", false, nk_fmt(p->arena, "mask_%s", name), why);
	if (m->copy == NK_NOFD)
		m->copy = nk_plan_slot(p, "mask");
	struct nk_step *s = nk_plan_add(p, NK_OP_OPEN_TREE, "%s", why);
	s->fd[0] = (int16_t)mount;
	s->s[0] = "";
	s->n[0] = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	s->out = (int16_t)m->copy;
	return m->copy;
}

static bool is_inside(const struct nk_build *b, const char *path)
{
	return base_of(b, &path) == NK_NOFD;
}

/* What it is shows when it is opened: a directory, or else a file; or it is not there. */
static void mask_whatever(struct masks *m, const char *path)
{
	struct nk_build *b = m->b;
	struct nk_plan *p = b->p;

	if (m->place == NK_NOFD)
		m->place = nk_plan_slot(p, "masked");
	for (int dir = 1; dir >= 0; dir--) {
		find_inside(b, path, m->place);
		nk_tolerate(nk_plan_last(p), ENOENT, ENOTDIR, 0);
		nk_plan_last(p)->n[0] |= dir ? O_DIRECTORY : 0;
		/* A new one: before Linux 6.15 only what is attached already can be copied. */
		int kept = b->empty;
		int tree = dir ? first_empty(b)
			       : copy_of(m, b->null, "", true, "the null device once more");
		b->empty = kept;
		struct nk_step *s = nk_b_attach(
			p, tree, m->place, "",
			nk_fmt(p->arena, dir ? "%s looks empty" : "%s reads as nothing", path));
		/* EINVAL: the null device over a directory, which is masked already. */
		nk_tolerate(s, EBADF, dir ? 0 : EINVAL, dir ? 0 : ENOTDIR);
		close_slot(b, tree);
		close_slot(b, m->place);
		nk_tolerate(nk_plan_last(p), EBADF, 0, 0);
	}
}

static void mask(struct masks *m, const char *path, bool dir)
{
	if (m->b->oci && is_inside(m->b, path)) {
		mask_whatever(m, path);
		return;
	}
	struct nk_build *b = m->b;
	struct nk_plan *p = b->p;
	const char *name = path;
	int base = base_of(b, &name), tree;
	bool inside = base == NK_NOFD, shared = m->n++ >= OWN_SLOTS;

	if (dir && b->empty == NK_NOFD) {
		tree = first_empty(b);
		shared = false;
	} else if (dir) {
		tree = copy_of(m, b->empty, name, shared, "the empty directory once more");
	} else {
		tree = copy_of(m, b->null, name, shared, "the null device once more");
	}
	if (inside) {
		if (m->place == NK_NOFD)
			m->place = nk_plan_slot(p, "masked");
		base = m->place;
		name = "";
		find_inside(b, path, base);
	}
	nk_b_attach(p, tree, base, name,
		    nk_fmt(p->arena, dir ? "%s looks empty" : "%s reads as nothing", path));
	if (b->oci)
		nk_tolerate(nk_plan_last(p), ENOENT, 0, 0);
	if (inside)
		close_slot(b, base);
	if (shared)
		close_slot(b, tree);
}

/* As sysctl(8) reads a name: the first separator is the separator, the other one is part of a
 * name, "net.ipv4.conf.eth0/1.forwarding" of the device eth0.1. */
static const char *setting_path(struct nk_build *b, const char *key)
{
	char *path = nk_fmt(b->p->arena, "sys/%s", key);

	if (key[strcspn(key, "./")] == '/')
		return path;
	/* No "/" where memory has run out. */
	for (char *c = strchr(path, '/'); c && *++c;)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return path;
}

/* sysctls through the descriptor of our own procfs: a faked /proc is never asked. */
static void sysctls(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_SYSCTL;
	int proc = b->oci ? b->writable_proc : b->proc;
	/* The kernel looks at who asks: the host's procfs shows the own namespaces' settings. */
	if (proc == NK_NOFD && b->spec->sysctls.n)
		proc = nk_b_open(p, NK_CWD, "/proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS,
				 "outer_proc", "no procfs to write to inside: the outer one");
	for (size_t i = 0; i < b->spec->sysctls.n; i++) {
		const struct nk_keyval *kv = &b->spec->sysctls.v[i];
		const char *path = setting_path(b, kv->key);
		int fd = nk_b_open(
			p, proc, path, O_WRONLY,
			STRICT | (b->oci && !nk_weak("CVE-2025-52881") ? RESOLVE_NO_XDEV : 0),
			nk_fmt(p->arena, "sysctl_%s", kv->key),
			nk_fmt(p->arena, "the setting %s of these namespaces", kv->key));
		nk_plan_last(p)->hint = "there is no such setting, or it does not belong to a "
					"namespace of the container";
		struct nk_step *s = nk_plan_add(p, NK_OP_WRITE, "%s = %s", kv->key, kv->value);
		s->fd[0] = (int16_t)fd;
		s->s[0] = kv->value;
		s->hint = "the kernel does not take this value";
		s = nk_plan_add(p, NK_OP_CLOSE, "written");
		s->fd[0] = (int16_t)fd;
	}
}

void nk_part_masks(struct nk_build *b)
{
	const struct nk_strv *masked = &b->spec->masked_paths;
	struct masks m = {.b = b, .copy = NK_NOFD, .place = NK_NOFD};

	nk_actor_topic(b->p, NK_INIT, NK_T_MASK);
	sysctls(b);
	b->p->topic = NK_T_MASK;
	for (size_t i = 0; i < b->spec->readonly_paths.n; i++)
		read_only(b, b->spec->readonly_paths.v[i]);
	for (size_t i = 0; i < masked->n; i++)
		if (b->facts->mask_kinds[i] != NK_MASK_MISSING)
			mask(&m, masked->v[i], b->facts->mask_kinds[i] == NK_MASK_DIR);
	m.n = OWN_SLOTS;
	for (size_t i = 0; i < b->facts->mask_extra.n; i++)
		mask(&m, b->facts->mask_extra.v[i], true);
}
