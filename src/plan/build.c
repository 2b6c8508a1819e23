/* SPDX-License-Identifier: Apache-2.0 */
#include "base/weaken.h"
#include "plan/build.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

void nk_actor_topic(struct nk_plan *p, enum nk_actor actor, enum nk_topic topic)
{
	p->actor = (uint8_t)actor;
	p->topic = (uint8_t)topic;
}

void nk_tolerate(struct nk_step *s, int err1, int err2, int err3)
{
	s->soft[0] = (int16_t)err1;
	s->soft[1] = (int16_t)err2;
	s->soft[2] = (int16_t)err3;
}

int nk_b_open(struct nk_plan *p, int dir, const char *path, uint64_t flags, uint64_t resolve,
	      const char *slot, const char *why)
{
	int out = nk_plan_slot(p, slot);
	struct nk_step *s = nk_plan_add(p, NK_OP_OPENAT2, "%s", why);

	s->fd[0] = (int16_t)dir;
	s->s[0] = path;
	s->n[0] = flags | O_CLOEXEC;
	s->n[2] = resolve;
	s->out = (int16_t)out;
	return out;
}

struct nk_step *nk_b_mkdir(struct nk_plan *p, int dir, const char *path, unsigned mode,
			   const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_MKDIRAT, "%s", why);

	s->fd[0] = (int16_t)dir;
	s->s[0] = path;
	s->n[0] = mode;
	/* EROFS, EACCES, EPERM: if it is missing, opening it says so better. */
	nk_tolerate(s, EEXIST, EROFS, EACCES);
	return s;
}

int nk_b_copy_mount(struct nk_plan *p, int dir, const char *path, bool recursive, const char *slot,
		    const char *why)
{
	int out = nk_plan_slot(p, slot);
	struct nk_step *s = nk_plan_add(p, NK_OP_OPEN_TREE, "%s", why);

	s->fd[0] = (int16_t)dir;
	s->s[0] = path;
	s->n[0] = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path ? 0 : AT_EMPTY_PATH) |
		  (recursive ? AT_RECURSIVE : 0);
	s->out = (int16_t)out;
	return out;
}

struct nk_step *nk_b_attach(struct nk_plan *p, int mount, int dir, const char *path,
			    const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_MOVE_MOUNT, "%s", why);

	s->fd[0] = (int16_t)mount;
	s->fd[1] = (int16_t)dir;
	s->s[0] = path;
	s->n[0] = MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH);
	return s;
}

struct nk_step *nk_b_setattr(struct nk_plan *p, int mount, bool recursive, uint64_t set,
			     uint64_t clear, uint64_t propagation, const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_MOUNT_SETATTR, "%s", why);

	s->fd[0] = (int16_t)mount;
	s->s[0] = "";
	s->n[0] = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	s->n[1] = set;
	s->n[2] = clear;
	s->n[3] = propagation;
	return s;
}

int nk_b_filesystem(struct nk_plan *p, const char *type, const struct nk_fs_option *options,
		    size_t n, uint64_t attr, const char *slot, const char *why)
{
	int fs = nk_plan_slot(p, nk_fmt(p->arena, "%s_fs", slot));
	int out = nk_plan_slot(p, slot);
	struct nk_step *s = nk_plan_add(p, NK_OP_FSOPEN, "%s", why);

	s->s[0] = type;
	s->out = (int16_t)fs;
	for (size_t i = 0; i < n; i++) {
		if (options[i].value)
			s = nk_plan_add(p, NK_OP_FSCONFIG, "with %s=%s", options[i].key,
					options[i].value);
		else
			s = nk_plan_add(p, NK_OP_FSCONFIG, "with %s", options[i].key);
		s->fd[0] = (int16_t)fs;
		s->n[0] = options[i].value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
		s->s[0] = options[i].key;
		s->s[1] = options[i].value;
	}
	s = nk_plan_add(p, NK_OP_FSCONFIG, "a new %s", type);
	s->fd[0] = (int16_t)fs;
	s->n[0] = FSCONFIG_CMD_CREATE;
	s = nk_plan_add(p, NK_OP_FSMOUNT, "as a mount that nobody sees yet");
	s->fd[0] = (int16_t)fs;
	s->n[0] = attr;
	s->out = (int16_t)out;
	return out;
}

/* The rootfs is hostile: no link in it leads out. */
static uint64_t confined(void)
{
	return nk_weak("CVE-2021-30465") || nk_weak("CVE-2024-45310") ? 0 : RESOLVE_IN_ROOT;
}

/* mkdirat + openat2 for each part of the directory that holds the target. */
static int parent_dir(struct nk_build *b, const char *path, const char *slot)
{
	struct nk_plan *p = b->p;
	const char *end = path;
	int dir = b->rootfs;

	for (;;) {
		const char *next = strchr(end, '/');
		if (!next)
			return dir;
		const char *name = nk_strndup(p->arena, end, (size_t)(next - end));
		nk_b_mkdir(p, dir, name, 0755, nk_fmt(p->arena, "a place for %s", path));
		dir = nk_b_open(p, b->rootfs, nk_strndup(p->arena, path, (size_t)(next - path)),
				O_PATH | O_DIRECTORY, confined(), nk_fmt(p->arena, "%s_dir", slot),
				"found without leaving the rootfs");
		nk_plan_last(p)->hint =
			nk_fmt(p->arena,
			       "a part of /%s is missing in the rootfs and could not be "
			       "made, is no directory, or is a link that leads nowhere inside",
			       path);
		end = next + 1;
	}
}

int nk_b_target(struct nk_build *b, const char *path, bool dir, bool follow, const char *slot)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	while (*path == '/')
		path++;
	if (!*path)
		return b->rootfs;
	int parent = parent_dir(b, path, slot);
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	if (dir) {
		nk_b_mkdir(p, parent, name, 0755, nk_fmt(p->arena, "a place for /%s", path));
	} else {
		s = nk_plan_add(p, NK_OP_MKNODAT, "a place for /%s", path);
		s->fd[0] = (int16_t)parent;
		s->s[0] = name;
		s->n[0] = S_IFREG | 0644;
		nk_tolerate(s, EEXIST, EROFS, EACCES);
	}
	int target;
	if (follow)
		target = nk_b_open(p, b->rootfs, path, O_PATH | (dir ? O_DIRECTORY : 0), confined(),
				   slot, "found without leaving the rootfs");
	else
		target = nk_b_open(p, parent, name, O_PATH | O_NOFOLLOW | (dir ? O_DIRECTORY : 0),
				   RESOLVE_IN_ROOT, slot, "found, and never through a link");
	s = nk_plan_last(p);
	if (dir && !follow)
		s->hint = nk_fmt(p->arena,
				 "/%s of the rootfs must be a directory, not a link: "
				 "nook mounts over it and follows no links",
				 path);
	else
		s->hint = nk_fmt(p->arena,
				 "/%s of the rootfs is missing and could not be made, "
				 "or is a link that leads nowhere inside",
				 path);
	return target;
}

void nk_b_text_file(struct nk_plan *p, int dir, const char *path, const char *text, const char *why)
{
	int file = nk_b_open(p, dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0,
			     nk_fmt(p->arena, "%s_file", path), why);
	struct nk_step *s = nk_plan_last(p);

	s->n[1] = 0644;
	s = nk_plan_add(p, NK_OP_WRITE, "its text");
	s->fd[0] = (int16_t)file;
	s->s[0] = text;
	s = nk_plan_add(p, NK_OP_CLOSE, "written");
	s->fd[0] = (int16_t)file;
}

void nk_b_socketpair(struct nk_plan *p)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_SOCKETPAIR, "how nook and the new process talk");

	s->n[0] = AF_UNIX;
	s->n[1] = SOCK_SEQPACKET | SOCK_CLOEXEC;
	s->out = NK_SLOT_SOCKET;
	s->fd[1] = NK_SLOT_PEER;
}

void nk_b_tell(struct nk_plan *p, enum nk_msg m, int slot, const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_TELL, "%s", why);

	s->fd[0] = NK_SLOT_SOCKET;
	s->n[0] = m;
	s->fd[1] = (int16_t)slot;
}

void nk_b_await(struct nk_plan *p, enum nk_msg m, int out, const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_AWAIT, "%s", why);

	s->fd[0] = NK_SLOT_SOCKET;
	s->n[0] = m;
	s->out = (int16_t)out;
}

void nk_b_close_peer(struct nk_plan *p, const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_CLOSE, "%s", why);

	s->fd[0] = NK_SLOT_PEER;
}

void nk_b_become_root(struct nk_build *b, bool joined)
{
	struct nk_plan *p = b->p;
	const char *whose = joined ? "joined" : "new";
	struct nk_step *s;

	p->topic = NK_T_IDS;
	/* Where setgroups is denied (own single id), the groups have to stay. */
	if (!b->setgroups_denied) {
		s = nk_plan_add(p, NK_OP_SETGROUPS, "no groups of the host");
		/* A joined namespace may deny it. */
		nk_tolerate(s, joined ? EPERM : 0, 0, 0);
	}
	s = nk_plan_add(p, NK_OP_SETRESGID, "group root of the %s user namespace", whose);
	s->hint = joined ? "gid 0 has to be mapped in it"
			 : "gid 0 has to be mapped: --gidmap 0:OUTSIDE:COUNT";
	s = nk_plan_add(p, NK_OP_SETRESUID, "user root of the %s user namespace", whose);
	s->hint = joined ? "uid 0 has to be mapped in it"
			 : "uid 0 has to be mapped: --uidmap 0:OUTSIDE:COUNT";
}
