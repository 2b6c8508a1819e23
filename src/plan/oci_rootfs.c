/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system of an OCI container, the propagation of what lies around it, and how it
 * becomes "/".
 *
 * As in rootfs.c it is mounted on top of "/" of the new mount namespace, so paths of init mean the
 * host's until pivot_root. Where the configuration has no mount namespace of its own, "/" belongs
 * to others and chroot has to do: the rootfs is mounted on itself, where there is anything to
 * mount. Where hooks run, it lies at its own path, too.
 *
 * Propagation is runc's: whatever is copied from the host is a slave of it unless
 * rootfsPropagation says otherwise, which in the end holds for "/" inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>

#include "plan/build.h"

uint64_t nk_b_base_propagation(const struct nk_build *b)
{
	uint64_t asked = b->oci->config->rootfs_propagation & ~(uint64_t)MS_REC;

	/* What is unbindable could not be copied: it becomes so in the end. */
	return asked == MS_UNBINDABLE ? MS_PRIVATE : asked ? asked : MS_SLAVE;
}

/* Where it has no mount namespace of its own, what it asks for is seen by all: not more than that.
 * `delete` takes it away. */
static bool mounts_anything(const struct nk_build *b)
{
	return b->oci->config->mounts.n || b->spec->read_only || b->spec->terminal;
}

/* The rootfs itself is never shared before pivot_root, which refuses that. */
void nk_part_oci_rootfs_tree(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_ROOTFS;
	if (b->spec->ns[NK_NS_MOUNT].mode == NK_NS_HOST && !mounts_anything(b)) {
		b->rootfs = nk_b_open(p, NK_CWD, b->spec->rootfs, O_PATH | O_DIRECTORY, 0, "rootfs",
				      "the root file system, as it is");
		return;
	}
	b->rootfs = nk_b_copy_mount(
		p, NK_CWD, b->spec->rootfs, true, "rootfs",
		nk_fmt(p->arena, "a private copy of the mount of %s", b->spec->rootfs));
	nk_plan_last(p)->hint = "root.path has to be a directory that this user can reach";
	uint64_t base = nk_b_base_propagation(b);
	nk_b_setattr(p, b->rootfs, true, 0, 0, base == MS_PRIVATE ? MS_PRIVATE : MS_SLAVE,
		     "nothing that is mounted in it is seen outside");
}

void nk_part_oci_begin(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	uint64_t base = nk_b_base_propagation(b);

	nk_actor_topic(p, NK_INIT, NK_T_MOUNTS);
	nk_plan_add(p, NK_OP_UMASK, "modes are meant as they are written");
	if (b->spec->ns[NK_NS_MOUNT].mode != NK_NS_NEW)
		return;
	/* Copies that init takes keep what its "/" has; those of nook are settled already. */
	bool rest = b->trees == NK_PARENT || base != MS_SHARED;
	struct nk_step *s =
		nk_b_setattr(p, NK_CWD, rest, 0, 0,
			     b->trees == NK_PARENT || base == MS_SHARED ? MS_PRIVATE : base,
			     "nothing that happens here is seen outside");
	s->s[0] = "/";
	s->n[0] = rest ? AT_RECURSIVE : 0;
}

/*
 * Hooks enter the mount namespace of init and mount below root.path, by its path, and what they
 * mount has to be in the container: so it lies there and not on "/", where paths below it would
 * be the container's own. Not where only nook can reach that path, as root of the machine.
 */
static bool lies_at_its_path(const struct nk_build *b)
{
	if (b->spec->ns[NK_NS_MOUNT].mode != NK_NS_NEW)
		return true;
	return b->oci->hooks && (b->trees == NK_INIT || !b->new_user);
}

void nk_part_oci_rootfs(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_INIT, NK_T_ROOTFS);
	if (b->spec->ns[NK_NS_MOUNT].mode == NK_NS_HOST && !mounts_anything(b))
		return;
	if (!lies_at_its_path(b)) {
		nk_b_attach(p, b->rootfs, NK_CWD, "/",
			    "above the old root, entered by pivot_root below");
		return;
	}
	int place = nk_b_open(p, NK_CWD, b->spec->rootfs, O_PATH | O_DIRECTORY, 0, "rootfs_place",
			      "the root file system's own directory");
	nk_b_attach(p, b->rootfs, place, "",
		    b->spec->ns[NK_NS_MOUNT].mode == NK_NS_NEW
			    ? "where hooks that enter this mount namespace look for it"
			    : "over itself: this mount namespace is not only ours");
}

static void enter_by_chroot(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	/* What of them is mounted outside must not be there for whoever gets out of a chroot. */
	static const char *const gone[] = {"/sys", "/proc"};
	for (size_t i = 0; i < 2 && b->spec->ns[NK_NS_MOUNT].mode == NK_NS_NEW; i++) {
		s = nk_plan_add(p, NK_OP_UMOUNT2, "the host's is gone, with every mount in it");
		s->s[0] = gone[i];
		s->n[0] = MNT_DETACH;
		nk_tolerate(s, EINVAL, EPERM, ENOENT);
	}
	/* Above all the rest: who gets out of the chroot finds itself in it again. */
	if (b->spec->ns[NK_NS_MOUNT].mode == NK_NS_NEW && lies_at_its_path(b))
		nk_b_attach(p, b->rootfs, NK_CWD, "/", "from its own path to above the old root");
	nk_plan_add(p, NK_OP_FCHDIR, "into the new root")->fd[0] = (int16_t)b->rootfs;
	nk_plan_add(p, NK_OP_CHROOT, "it becomes \"/\"")->s[0] = ".";
}

static void enter_by_pivot(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	nk_plan_add(p, NK_OP_FCHDIR, "into the new root")->fd[0] = (int16_t)b->rootfs;
	s = nk_plan_add(p, NK_OP_PIVOT_ROOT, "it becomes \"/\", the old one lies on top of it");
	s->s[0] = ".";
	s->s[1] = ".";
	s->hint = "pivot_root cannot leave an initramfs: --no-pivot";
	s = nk_plan_add(p, NK_OP_UMOUNT2, "and the old root is gone, with every mount in it");
	s->s[0] = ".";
	s->n[0] = MNT_DETACH;
}

void nk_part_oci_pivot(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	uint64_t asked = b->oci->config->rootfs_propagation;
	struct nk_step *s;

	nk_actor_topic(p, NK_INIT, NK_T_PIVOT);
	if (b->spec->read_only)
		nk_b_setattr(p, b->rootfs, false, MOUNT_ATTR_RDONLY, 0, 0,
			     "the root file system becomes read-only");
	if (b->chroots)
		enter_by_chroot(b);
	else
		enter_by_pivot(b);
	s = nk_plan_add(p, NK_OP_CHDIR, "at the top of what is left");
	s->s[0] = "/";
	if (!asked || (asked & MS_PRIVATE) || b->spec->ns[NK_NS_MOUNT].mode == NK_NS_HOST)
		return;
	s = nk_b_setattr(p, NK_CWD, asked & MS_REC, 0, 0, asked & ~(uint64_t)MS_REC,
			 "mounts made here spread as rootfsPropagation says");
	s->s[0] = "/";
	s->n[0] = asked & MS_REC ? AT_RECURSIVE : 0;
}
