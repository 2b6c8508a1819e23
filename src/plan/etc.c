/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/hostname, /etc/hosts and /etc/resolv.conf of the container's own, and
 * the private /tmp and /run. The files lie on the scratch tmpfs and are mounted
 * over what the rootfs has: its files stay as they are. Where the rootfs has a
 * link (systemd's resolv.conf), the mount goes over the link itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "plan/build.h"

static void file_over(struct nk_build *b, int etc, const char *name, const char *text)
{
	struct nk_plan *p = b->p;
	const char *path = nk_fmt(p->arena, "/etc/%s", name);

	if (!text || nk_b_user_mounts(b, path))
		return;
	nk_b_text_file(p, b->scratch, name, text, nk_fmt(p->arena, "the container's %s", path));
	int tree = nk_b_copy_mount(p, b->scratch, name, false, name, "as a mount of its own");
	struct nk_step *s = nk_plan_add(p, NK_OP_MKNODAT, "a place for %s", path);
	s->fd[0] = (int16_t)etc;
	s->s[0] = name;
	s->n[0] = S_IFREG | 0644;
	nk_tolerate(s, EEXIST, EROFS, EACCES);
	int target =
		nk_b_open(p, etc, name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH,
			  nk_fmt(p->arena, "%s_place", name), "found, and never through a link");
	nk_plan_last(p)->hint =
		nk_fmt(p->arena, "%s is missing in the rootfs and could not be made%s", path,
		       b->new_user && b->facts->sys_admin && !b->spec->rootfs_idmap
			       ? ": its owner is nobody inside, --rootfs DIR:idmap shows it as root"
			       : "");
	nk_b_attach(p, tree, target, "", nk_fmt(p->arena, "seen as %s", path));
	nk_plan_last(p)->hint = nk_fmt(p->arena, "%s of the rootfs must not be a directory", path);
}

void nk_part_etc(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_spec *spec = b->spec;

	if ((!spec->etc_hostname && !spec->etc_hosts && !spec->etc_resolv) ||
	    nk_b_user_mounts(b, "/etc"))
		return;
	nk_actor_topic(p, NK_INIT, NK_T_ETC);
	int etc = nk_b_target(b, "/etc", true, true, "etc_dir");
	file_over(b, etc, "hostname", spec->etc_hostname);
	file_over(b, etc, "hosts", spec->etc_hosts);
	file_over(b, etc, "resolv.conf", spec->etc_resolv);
}

static void private_tmpfs(struct nk_build *b, const char *path, const char *mode, const char *slot)
{
	struct nk_plan *p = b->p;
	const struct nk_fs_option options[] = {{"mode", mode}};

	if (nk_b_user_mounts(b, path))
		return;
	int tmpfs = nk_b_filesystem(p, "tmpfs", options, 1, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				    slot, nk_fmt(p->arena, "an empty %s of its own", path));
	int target = nk_b_target(b, path, true, false, nk_fmt(p->arena, "%s_place", slot));
	nk_b_attach(p, tmpfs, target, "", nk_fmt(p->arena, "seen as %s", path));
}

void nk_part_tmpfs(struct nk_build *b)
{
	/* The root directory of `host` is a tmpfs already. */
	if (b->spec->rootfs_host && !b->spec->read_only)
		return;
	nk_actor_topic(b->p, NK_INIT, NK_T_TMPFS);
	private_tmpfs(b, "/tmp", "1777", "tmp");
	private_tmpfs(b, "/run", "0755", "run");
}
