/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of `nook-runtime create` and `run`, part by part: see oci.h. */
#include <errno.h>
#include <string.h>

#include "plan/build.h"

static int check_namespaces(const struct nk_build *b, struct nk_err *e)
{
	const struct nk_spec *spec = b->spec;
	bool shared = spec->ns[NK_NS_MOUNT].mode == NK_NS_HOST;

	if (spec->ns[NK_NS_USER].mode == NK_NS_NEW && (!spec->uid_maps.n || !spec->gid_maps.n))
		return nk_fail(e, EINVAL,
			       "linux.uidMappings and gidMappings: a user namespace needs them");
	if ((spec->hostname || spec->domainname) && spec->ns[NK_NS_UTS].mode == NK_NS_HOST)
		return nk_fail(e, EINVAL, "unable to set hostname without a private UTS namespace");
	if (shared && (spec->masked_paths.n || spec->readonly_paths.n))
		return nk_fail(e, EINVAL,
			       "unable to restrict sys entries without a private MNT namespace");
	return 0;
}

static int check(const struct nk_build *b, struct nk_err *e)
{
	const struct nk_spec *spec = b->spec;
	const struct nk_facts *facts = b->facts;

	if (!spec->rootfs)
		return nk_fail(e, EINVAL, "root.path: no root file system");
	if (spec->masked_paths.n && !facts->mask_kinds)
		return nk_fail(e, EINVAL, "no facts about masked paths");
	if (!facts->sys_admin && spec->ns[NK_NS_USER].mode == NK_NS_HOST)
		return nk_fail(e, EPERM,
			       "rootless container requires user namespaces (linux.namespaces)");
	if (b->setgroups_denied && spec->groups.n)
		return nk_fail(e, EPERM,
			       "cannot set any additional groups in a rootless container");
	return check_namespaces(b, e);
}

static void no_slots(struct nk_build *b)
{
	int *slots[] = {&b->rootfs, &b->scratch, &b->proc, &b->sys,    &b->dev,	 &b->pts,
			&b->null,   &b->empty,	 &b->shm,  &b->mqueue, &b->init, &b->slave};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		*slots[i] = NK_NOFD;
}

static void trees(struct nk_build *b)
{
	b->p->actor = (uint8_t)b->trees;
	nk_part_oci_rootfs_tree(b);
	nk_part_oci_mount_trees(b);
	nk_part_oci_dev_trees(b);
}

/* Hooks and network devices: nook's turn, while init stands still. */
static void hooks(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (!b->oci->hooks)
		return;
	nk_actor_topic(p, NK_INIT, NK_T_SYNC);
	nk_b_tell(p, NK_MSG_HOOKS, NK_NOFD, "all mounts are there: hooks may run");
	nk_b_await(p, NK_MSG_GO, NK_NOFD, "until they have");
	p->actor = NK_PARENT;
	nk_b_await(p, NK_MSG_HOOKS, NK_NOFD, "until the mounts are there");
	nk_b_tell(p, NK_MSG_GO, NK_NOFD, "the hooks have run");
}

/* Made while the root can still be written to. */
static void working_directory(struct nk_build *b)
{
	const char *path = b->spec->cwd ? nk_b_clean_path(b, b->spec->cwd) : "/";

	if (!strcmp(path, "/"))
		return;
	nk_actor_topic(b->p, NK_INIT, NK_T_DESCRIPTORS);
	nk_b_place(b, path, true, false, "cwd_place");
	struct nk_step *s = nk_plan_last(b->p);
	s->why = "the working directory, made where it is missing";
	s->hint = NULL;
	/* What it says when it is entered says it better. */
	nk_tolerate(s, EROFS, EACCES, ENOTDIR);
}

static void mounts(struct nk_build *b)
{
	nk_part_oci_begin(b);
	if (b->trees == NK_INIT)
		trees(b);
	nk_part_oci_rootfs(b);
	nk_part_oci_mounts(b);
	nk_part_oci_dev(b);
	if (b->spec->masked_paths.n)
		nk_part_oci_null(b);
	nk_part_masks(b);
	nk_part_oci_terminal(b);
	working_directory(b);
	nk_part_oci_placed(b);
}

int nk_plan_create(struct nk_plan *p, const struct nk_oci_input *in, struct nk_err *e)
{
	struct nk_build b = {
		.p = p,
		.oci = in,
		.spec = &in->config->spec,
		.facts = in->facts,
		.filter = in->filter,
		.apparmor = in->apparmor,
		.selinux = in->selinux,
		.lsm_proc = NK_NOFD,
		.writable_proc = NK_NOFD,
		.clones = true,
		.chroots = in->no_pivot || in->config->spec.ns[NK_NS_MOUNT].mode != NK_NS_NEW,
	};
	enum nk_ns_mode users = b.spec->ns[NK_NS_USER].mode;
	int ret;

	no_slots(&b);
	b.setgroups_denied = (users == NK_NS_NEW && nk_b_own_single_map(&b)) ||
			     (users != NK_NS_JOIN && in->facts->setgroups_denied);
	if ((ret = check(&b, e)) < 0)
		return ret;
	nk_part_begin(&b);
	if ((ret = nk_part_oci_check_mounts(&b, e)) < 0 || (ret = nk_part_oci_cgroup(&b, e)) < 0)
		return ret;
	if (b.trees == NK_PARENT)
		trees(&b);
	nk_part_clone(&b);
	nk_part_names(&b);
	nk_part_network(&b);
	if (!b.cg.meanwhile)
		nk_part_cgroup_namespace(&b);
	mounts(&b);
	hooks(&b);
	nk_actor_topic(p, NK_INIT, NK_T_PROC);
	nk_part_lsm_open(&b);
	nk_part_oci_late(&b);
	nk_part_oci_pivot(&b);
	nk_part_oci_process(&b);
	nk_part_oci_parent_end(&b);
	if (p->n_slots >= NK_SLOT_MAX)
		return nk_fail(e, 0, "too many mounts and devices for one container");
	return nk_arena_ok(p->arena, e);
}

int nk_plan_groups(struct nk_plan *p, const struct nk_oci_input *in, struct nk_err *e)
{
	struct nk_build b = {
		.p = p,
		.oci = in,
		.spec = &in->config->spec,
		.facts = in->facts,
	};
	int ret = nk_part_oci_cgroup(&b, e);

	return ret < 0 ? ret : nk_arena_ok(p->arena, e);
}
