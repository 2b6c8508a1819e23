/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of `nook run`, part by part. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "plan/build.h"
#include "plan/net.h"

/* `host` does without, where it must. */
static bool wants_overlay(const struct nk_spec *spec)
{
	for (size_t i = 0; i < spec->mounts.n; i++)
		if (spec->mounts.v[i].kind == NK_MOUNT_OVERLAY)
			return true;
	return spec->rootfs_overlay;
}

static bool wants_idmap(const struct nk_spec *spec)
{
	for (size_t i = 0; i < spec->mounts.n; i++)
		if (spec->mounts.v[i].idmap)
			return true;
	return spec->rootfs_idmap;
}

/* nook itself maps them, between its copy of the mount and the maps that it writes. */
static bool can_idmap(const struct nk_spec *spec, const struct nk_facts *facts)
{
	return spec->ns[NK_NS_USER].mode == NK_NS_NEW && facts->sys_admin &&
	       !facts->foreign_mounts && !facts->single_id;
}

/* What has to hold before a plan can be made of it. */
static int check(const struct nk_spec *spec, const struct nk_facts *facts, struct nk_err *e)
{
	if (!spec->args.n)
		return nk_fail(e, EINVAL, "no command to run");
	if (!spec->rootfs && !spec->rootfs_host)
		return nk_fail(e, EINVAL, "no root file system");
	if (spec->masked_paths.n && !facts->mask_kinds)
		return nk_fail(e, EINVAL, "no facts about masked paths");
	if (spec->ns[NK_NS_USER].mode == NK_NS_NEW && (!spec->uid_maps.n || !spec->gid_maps.n))
		return nk_fail(e, EINVAL, "a new user namespace needs id maps");
	if (!facts->sys_admin && spec->ns[NK_NS_USER].mode == NK_NS_HOST && facts->euid == 0) {
		nk_fail(e, EPERM, "this root has no CAP_SYS_ADMIN to make namespaces with%s",
			facts->caps >> CAP_SETFCAP & 1
				? ""
				: ", and no CAP_SETFCAP to map itself in new users");
		return nk_hint(e, "%s",
			       facts->caps >> CAP_SETFCAP & 1
				       ? "leave --userns host away, or start the container "
					 "around nook with --privileged"
				       : "start the container around nook with --privileged, "
					 "or nook as an ordinary user in it");
	}
	if (!facts->sys_admin && spec->ns[NK_NS_USER].mode == NK_NS_HOST) {
		nk_fail(e, EPERM, "an ordinary user needs a user namespace to make the others");
		return nk_hint(e, "leave --userns host away, or run nook as root");
	}
	if (!facts->overlay && wants_overlay(spec)) {
		nk_fail(e, ENODEV, "a throw-away overlay (O)");
		return nk_hint(
			e, "this kernel has no overlayfs: load it (modprobe overlay), or use the "
			   "directory as it is or read-only");
	}
	if (wants_idmap(spec) && !can_idmap(spec, facts)) {
		nk_fail(e, EPERM, "show files through an id map");
		return nk_hint(e, "that takes root of the machine and new users (--userns auto): "
				  "leave idmap away");
	}
	if ((spec->hostname || spec->domainname) && spec->ns[NK_NS_UTS].mode != NK_NS_NEW) {
		nk_fail(e, 0, "a host name can only be set in a UTS namespace of its own");
		return nk_hint(e, "leave --hostname and --domainname away, or use --uts private");
	}
	return 0;
}

void nk_part_names(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	nk_actor_topic(p, NK_INIT, NK_T_HOSTNAME);
	if (b->spec->hostname) {
		s = nk_plan_add(p, NK_OP_SETHOSTNAME,
				b->bare ? "its own host name" : "the container's own host name");
		s->s[0] = b->spec->hostname;
		s->hint = "a host name has at most 64 characters";
	}
	if (b->spec->domainname) {
		s = nk_plan_add(p, NK_OP_SETDOMAINNAME, "and NIS domain name");
		s->s[0] = b->spec->domainname;
	}
}

void nk_part_network(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	/* With cards, lo is brought up together with them (net_cards.c). */
	if (b->spec->ns[NK_NS_NET].mode != NK_NS_NEW || b->spec->net.cards.n)
		return;
	nk_actor_topic(p, NK_INIT, NK_T_NETWORK);
	int sock = nk_plan_slot(p, "inet");
	s = nk_plan_add(p, NK_OP_SOCKET, "to speak to the new network");
	s->n[0] = 2;		/* AF_INET */
	s->n[1] = 2 | 02000000; /* SOCK_DGRAM | SOCK_CLOEXEC */
	s->out = (int16_t)sock;
	s = nk_plan_add(p, NK_OP_LINK_UP, "a new network has only lo, and it is down: up");
	s->fd[0] = (int16_t)sock;
	s->s[0] = "lo";
}

/* Each mount has a descriptor or more, and a plan has room for so many. */
static bool too_large(const struct nk_plan *p, const struct nk_spec *spec, struct nk_err *e)
{
	if (p->n_slots < NK_SLOT_MAX)
		return false;
	nk_fail(e, 0, "too many mounts and devices for one container");
	nk_hint(e,
		"%zu volumes and %zu devices are asked for: mount a directory that holds several",
		spec->mounts.n, spec->devices.n);
	return true;
}

static void no_slots(struct nk_build *b)
{
	int *slots[] = {&b->rootfs, &b->scratch, &b->proc, &b->sys,    &b->dev,	 &b->pts,
			&b->null,   &b->empty,	 &b->shm,  &b->mqueue, &b->init, &b->slave};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		*slots[i] = NK_NOFD;
}

int nk_plan_run(struct nk_plan *p, const struct nk_plan_input *in, struct nk_plan_cgroup *cg,
		struct nk_err *e)
{
	struct nk_build b = {
		.p = p,
		.spec = in->spec,
		.facts = in->facts,
		.filter = in->filter,
		.makes_cwd = !in->spec->rootfs_host,
	};
	int ret = check(in->spec, in->facts, e);

	if (ret < 0)
		return ret;
	no_slots(&b);
	enum nk_ns_mode users = in->spec->ns[NK_NS_USER].mode;
	b.setgroups_denied = (users == NK_NS_NEW && in->facts->single_id) ||
			     (users != NK_NS_JOIN && in->facts->setgroups_denied);
	nk_part_begin(&b);
	ret = nk_plan_cgroup(p, in, &b.cg, e);
	if (ret < 0)
		return ret;
	*cg = b.cg;
	if (b.trees == NK_PARENT)
		nk_part_trees(&b);
	nk_part_net_host(&b);
	nk_part_clone(&b);
	nk_part_net_limits(&b);
	nk_part_net_cards(&b);
	nk_part_net_backend(&b);
	nk_part_names(&b);
	nk_part_network(&b);
	nk_part_mounts_begin(&b);
	if (b.trees == NK_INIT)
		nk_part_trees(&b);
	nk_part_rootfs(&b);
	nk_part_proc(&b);
	nk_part_sys(&b);
	nk_part_dev(&b);
	nk_part_tmpfs(&b);
	nk_part_etc(&b);
	nk_part_volumes(&b);
	nk_part_net_settings(&b);
	nk_part_masks(&b);
	nk_part_terminal(&b);
	nk_part_cgroup_namespace(&b);
	nk_part_cgroupfs(&b);
	nk_part_net_backend_inside(&b); /* behind PLACED, which nook says first */
	nk_part_net_inside(&b);
	nk_part_pivot(&b);
	nk_part_process(&b);
	return too_large(p, in->spec, e) ? -EINVAL : nk_arena_ok(p->arena, e);
}
