/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AppArmor profile or SELinux label with which the command begins: one write to a file of
 * procfs by the very process that will execute it, kept by the kernel until execve.
 *
 * Which procfs? Containers got away unconfined where their own was asked: an image had put a
 * volume, a link or plain files in place of it (CVE-2019-16884, CVE-2019-19921, CVE-2023-28642,
 * CVE-2025-52881). So it is the host's, held before the container's mounts are there or joined,
 * known to be procfs by its kind, and never left on the way down to the file.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>

#include "plan/build.h"

void nk_part_lsm_open(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (!b->apparmor && !b->selinux)
		return;
	p->topic = NK_T_LABEL;
	b->lsm_proc = nk_b_open(p, NK_CWD, "/proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS,
				"host_proc", "the host's, before the container's is in its place");
	struct nk_step *s = nk_plan_add(p, NK_OP_IS_FS, "really procfs (CVE-2019-16884)");
	s->fd[0] = (int16_t)b->lsm_proc;
	s->n[0] = PROC_SUPER_MAGIC;
}

static void label(struct nk_build *b, const char *file, const char *text, const char *why,
		  const char *hint)
{
	struct nk_plan *p = b->p;
	int fd = nk_b_open(p, b->lsm_proc, nk_fmt(p->arena, "thread-self/attr/%s", file), O_WRONLY,
			   RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS, "attr",
			   "its own file there, below no other mount (CVE-2025-52881)");

	struct nk_step *s = nk_plan_add(p, NK_OP_WRITE, "%s", why);
	s->fd[0] = (int16_t)fd;
	s->s[0] = text;
	s->hint = hint;
	nk_plan_add(p, NK_OP_CLOSE, "done")->fd[0] = (int16_t)fd;
}

void nk_part_lsm(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (!b->apparmor && !b->selinux)
		return;
	p->topic = NK_T_LABEL;
	if (b->apparmor)
		label(b, "apparmor/exec", nk_fmt(p->arena, "exec %s", b->apparmor),
		      nk_fmt(p->arena, "the command runs under the profile %s", b->apparmor),
		      "AppArmor does not know this profile: load it with apparmor_parser");
	if (b->selinux) {
		label(b, "exec", b->selinux, nk_fmt(p->arena, "the command runs as %s", b->selinux),
		      "SELinux does not take this label");
		label(b, "keycreate", b->selinux, "and so do its keys",
		      "SELinux does not take this label for keys");
	}
	nk_plan_add(p, NK_OP_CLOSE, "and the host's procfs is let go")->fd[0] =
		(int16_t)b->lsm_proc;
}
