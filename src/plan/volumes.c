/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user mounts: host directories and files, tmpfs, overlays. Copies of
 * host mounts are taken by whoever may (nook itself as root, else init), and
 * find their place inside without ever leaving the rootfs (openat2).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "plan/build.h"

bool nk_b_user_mounts(const struct nk_build *b, const char *target)
{
	for (size_t i = 0; i < b->spec->mounts.n; i++)
		if (!strcmp(b->spec->mounts.v[i].target, target))
			return true;
	return false;
}

static void bind_tree(struct nk_build *b, size_t i)
{
	struct nk_plan *p = b->p;
	const struct nk_mount_spec *m = &b->spec->mounts.v[i];

	p->topic = NK_T_VOLUME;
	b->volumes[i] = nk_b_copy_mount(p, NK_CWD, m->source, m->recursive,
					nk_fmt(p->arena, "volume%zu", i + 1),
					nk_fmt(p->arena, "a copy of the mount of %s", m->source));
	nk_plan_last(p)->hint = "the path has to exist on the host, and this user must reach it";
	nk_b_setattr(p, b->volumes[i], m->recursive && m->recursive_attr, m->attr_set,
		     m->attr_clear, m->propagation ? m->propagation : MS_PRIVATE,
		     m->attr_set & MOUNT_ATTR_RDONLY ? "read-only" : "with its own options");
	nk_plan_last(p)->hint = "a user namespace may not take away options that the host's mount "
				"has (read-only, nodev, nosuid, noexec)";
	if (m->propagation && m->propagation != MS_PRIVATE && m->recursive)
		nk_plan_last(p)->n[0] |= AT_RECURSIVE;
	if (m->idmap && b->n_idmapped < NK_IDMAPPED_MAX)
		b->idmapped[b->n_idmapped++] = b->volumes[i];
}

static void volume_trees(struct nk_build *b)
{
	b->volumes = nk_alloc(b->p->arena, (b->spec->mounts.n + 1) * sizeof(int));
	if (!b->volumes)
		return;
	for (size_t i = 0; i < b->spec->mounts.n; i++) {
		b->volumes[i] = NK_NOFD;
		if (b->spec->mounts.v[i].kind == NK_MOUNT_BIND)
			bind_tree(b, i);
	}
}

static void init_program_tree(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (!b->spec->init_path)
		return;
	p->topic = NK_T_VOLUME;
	b->init = nk_b_copy_mount(p, NK_CWD, b->spec->init_path, false, "nook_init",
				  "the PID 1 that --init asks for");
	nk_b_setattr(p, b->init, false, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE, "read-only");
}

void nk_part_trees(struct nk_build *b)
{
	b->p->actor = (uint8_t)b->trees;
	nk_part_rootfs_tree(b);
	nk_part_proc_trees(b);
	nk_part_ipc_trees(b);
	nk_part_dev_trees(b);
	volume_trees(b);
	init_program_tree(b);
}

static int tmpfs(struct nk_build *b, const struct nk_mount_spec *m, const char *slot)
{
	struct nk_plan *p = b->p;
	struct nk_fs_option *options;
	size_t n = 0, room = 3;

	for (const char *c = m->fs_options; c && *c; c++)
		room += *c == ',';
	options = nk_alloc(p->arena, room * sizeof(*options));
	if (!options)
		return NK_NOFD;
	options[n++] = (struct nk_fs_option){
		"mode", nk_fmt(p->arena, "%o", m->mode >= 0 ? (unsigned)m->mode : 01777)};
	if (m->size)
		options[n++] = (struct nk_fs_option){
			"size", nk_fmt(p->arena, "%llu", (unsigned long long)m->size)};
	char *save = NULL, *list = nk_strdup(p->arena, m->fs_options ? m->fs_options : "");
	for (char *o = strtok_r(list, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
		char *value = strchr(o, '=');
		if (value)
			*value++ = '\0';
		options[n++] = (struct nk_fs_option){o, value};
	}
	return nk_b_filesystem(p, "tmpfs", options, n, m->attr_set, slot,
			       nk_fmt(p->arena, "an empty tmpfs for %s", m->target));
}

static int overlay(struct nk_build *b, const struct nk_mount_spec *m, const char *slot)
{
	int out = nk_b_overlay(b, m->source, slot,
			       nk_fmt(b->p->arena, "%s, which stays as it is", m->source));

	/* The mount of the overlay has the options; the layers below it need none. */
	nk_plan_last(b->p)->n[0] = m->attr_set;
	return out;
}

static void place(struct nk_build *b, size_t i)
{
	struct nk_plan *p = b->p;
	const struct nk_mount_spec *m = &b->spec->mounts.v[i];
	const char *slot = nk_fmt(p->arena, "volume%zu", i + 1);
	bool dir = m->kind != NK_MOUNT_BIND || m->source_is_dir;

	if (m->kind == NK_MOUNT_TMPFS)
		b->volumes[i] = tmpfs(b, m, slot);
	else if (m->kind == NK_MOUNT_OVERLAY)
		b->volumes[i] = overlay(b, m, slot);
	int target = nk_b_target(b, m->target, dir, true, nk_fmt(p->arena, "%s_place", slot));
	nk_b_attach(p, b->volumes[i], target, "", nk_fmt(p->arena, "seen as %s", m->target));
	nk_plan_last(p)->hint = "a directory goes over a directory, a file over a file";
}

void nk_part_volumes(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_INIT, NK_T_VOLUME);
	for (size_t i = 0; b->volumes && i < b->spec->mounts.n; i++)
		place(b, i);
	if (!b->spec->init_path)
		return;
	struct nk_step *s = nk_plan_add(p, NK_OP_MKNODAT, "a place for nook-init");
	s->fd[0] = (int16_t)b->dev;
	s->s[0] = "nook-init";
	s->n[0] = 0100755;
	nk_b_attach(p, b->init, b->dev, "nook-init", "seen as " NK_INIT_INSIDE);
}
