/* SPDX-License-Identifier: Apache-2.0 */
/* A plan made by hand, small enough to read, that the printers' tests print and run. */
#ifndef NK_TEST_STEP_SAMPLE_H
#define NK_TEST_STEP_SAMPLE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "step/step.h"

/* Bytes that trip a printer which trusts its strings. */
#define NASTY         \
	"a\"b\\c*/d?" \
	"?/e%d%s\n$(id)`id`'x'\033[31m\xff\xe2\x80\xaeo"

static inline struct nk_step *sample_step(struct nk_plan *p, int actor, int topic, enum nk_op op,
					  const char *why)
{
	p->actor = (uint8_t)actor;
	p->topic = (uint8_t)topic;
	return nk_plan_add(p, op, "%s", why);
}

static inline void sample_message(struct nk_plan *p, int actor, enum nk_op op, int msg,
				  const char *why)
{
	struct nk_step *s = sample_step(p, actor, NK_T_SYNC, op, why);

	s->fd[0] = NK_SLOT_SOCKET;
	s->n[0] = (uint64_t)msg;
}

static inline void sample_start(struct nk_plan *p)
{
	struct nk_step *s;

	s = sample_step(p, NK_PARENT, NK_T_SYNC, NK_OP_SOCKETPAIR,
			"how nook and the new process talk");
	s->n[0] = AF_UNIX;
	s->n[1] = SOCK_SEQPACKET | SOCK_CLOEXEC;
	s->out = NK_SLOT_SOCKET;
	s->fd[1] = NK_SLOT_PEER;
	s = sample_step(p, NK_PARENT, NK_T_CGROUP, NK_OP_MKDIRAT,
			"a directory that goes away again");
	s->fd[0] = NK_CWD;
	s->s[0] = "/tmp/nook-sample";
	s->n[0] = 0700;
	s->soft[0] = EEXIST;
	s = sample_step(p, NK_PARENT, NK_T_NAMESPACES, NK_OP_CLONE3,
			"a process with its own process numbers, mounts, host name");
	s->n[0] = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_PIDFD;
	s->n[1] = NK_INIT;
	s->out = NK_SLOT_PID;
	s->fd[1] = NK_SLOT_PIDFD;
	s = sample_step(p, NK_PARENT, NK_T_SYNC, NK_OP_CLOSE, "so that the other's end is noticed");
	s->fd[0] = NK_SLOT_PEER;
	sample_message(p, NK_PARENT, NK_OP_TELL, NK_MSG_PLACED, "it is where it belongs");
	s = sample_step(p, NK_INIT, NK_T_SYNC, NK_OP_CLOSE, "so that nook's death is seen");
	s->fd[0] = NK_SLOT_PEER;
	sample_message(p, NK_INIT, NK_OP_AWAIT, NK_MSG_PLACED,
		       "until nook has placed this process");
}

static inline void sample_mounts(struct nk_plan *p)
{
	int fs = nk_plan_slot(p, "scratch"), mount = nk_plan_slot(p, "scratch");
	struct nk_step *s;

	s = sample_step(p, NK_INIT, NK_T_MOUNTS, NK_OP_MOUNT_SETATTR,
			"nothing that happens here is seen outside");
	s->fd[0] = NK_CWD;
	s->s[0] = "/";
	s->n[0] = AT_RECURSIVE;
	s->n[3] = MS_PRIVATE;
	s = sample_step(p, NK_INIT, NK_T_TMPFS, NK_OP_FSOPEN, "a tmpfs of its own");
	s->s[0] = "tmpfs";
	s->out = (int16_t)fs;
	s = sample_step(p, NK_INIT, NK_T_TMPFS, NK_OP_FSCONFIG, "with size=1048576");
	s->fd[0] = (int16_t)fs;
	s->n[0] = FSCONFIG_SET_STRING;
	s->s[0] = "size";
	s->s[1] = "1048576";
	s = sample_step(p, NK_INIT, NK_T_TMPFS, NK_OP_FSCONFIG, "a new tmpfs");
	s->fd[0] = (int16_t)fs;
	s->n[0] = FSCONFIG_CMD_CREATE;
	s = sample_step(p, NK_INIT, NK_T_TMPFS, NK_OP_FSMOUNT, "as a mount that nobody sees yet");
	s->fd[0] = (int16_t)fs;
	s->n[0] = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	s->out = (int16_t)mount;
	s = sample_step(p, NK_INIT, NK_T_TMPFS, NK_OP_MOVE_MOUNT, "onto /mnt");
	s->fd[0] = (int16_t)mount;
	s->fd[1] = NK_CWD;
	s->s[0] = "/mnt";
	s->n[0] = MOVE_MOUNT_F_EMPTY_PATH;
	s = sample_step(p, NK_INIT, NK_T_TMPFS, NK_OP_OPENAT2, "a file in it");
	s->fd[0] = (int16_t)mount;
	s->s[0] = "note";
	s->n[0] = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	s->n[1] = 0644;
	s->out = (int16_t)nk_plan_slot(p, "note");
	s = sample_step(p, NK_INIT, NK_T_TMPFS, NK_OP_WRITE, "its text");
	s->fd[0] = (int16_t)(p->n_slots - 1);
	s->s[0] = NASTY;
}

static inline void sample_process(struct nk_plan *p)
{
	static struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
	static const struct sock_fprog filter = {1, allow};
	static const char *const argv[] = {
		"sh", "-c",
		"[ \"$(hostname)\" = sample ] && [ $$ = 1 ] && [ \"$NASTY\" = \"$(cat /mnt/note)\" "
		"] &&"
		" [ \"$(ulimit -n)\" = 64 ] && grep -q 'NoNewPrivs:.1' /proc/thread-self/status &&"
		" exit 7",
		NULL};
	static const char *const env[] = {"PATH=/usr/bin:/bin", "NASTY=" NASTY, NULL};
	struct nk_step *s;

	s = sample_step(p, NK_INIT, NK_T_HOSTNAME, NK_OP_SETHOSTNAME, "its own host name");
	s->s[0] = "sample";
	s = sample_step(p, NK_INIT, NK_T_LIMITS, NK_OP_PRLIMIT, "64 open files");
	s->n[0] = RLIMIT_NOFILE;
	s->n[1] = s->n[2] = 64;
	s = sample_step(p, NK_INIT, NK_T_SECCOMP, NK_OP_PRCTL, "no program gives more rights");
	s->n[0] = PR_SET_NO_NEW_PRIVS;
	s->n[1] = 1;
	s = sample_step(p, NK_INIT, NK_T_SECCOMP, NK_OP_SECCOMP, "only these system calls");
	s->p[0] = &filter;
	sample_message(p, NK_INIT, NK_OP_TELL, NK_MSG_ALIVE, "about to start the command");
	sample_message(p, NK_PARENT, NK_OP_AWAIT, NK_MSG_ALIVE, "until it is about to start");
	s = sample_step(p, NK_INIT, NK_T_EXEC, NK_OP_EXECVE, "sh as /nowhere/sh");
	s->s[0] = "/nowhere/sh";
	s->p[0] = argv;
	s->p[1] = env;
	s->soft[0] = ENOENT;
	s->soft[1] = EACCES;
	s = sample_step(p, NK_INIT, NK_T_EXEC, NK_OP_EXECVE, "sh as /bin/sh");
	s->s[0] = "/bin/sh";
	s->p[0] = argv;
	s->p[1] = env;
	s = sample_step(p, NK_AFTER, NK_T_CGROUP, NK_OP_UNLINKAT, "the directory goes away");
	s->fd[0] = NK_CWD;
	s->s[0] = "/tmp/nook-sample";
	s->n[0] = AT_REMOVEDIR;
	s->undo_of = 1;
}

/* Ends with exit code 7 when everything in it had its effect. */
static inline void sample_plan(struct nk_plan *p, struct nk_arena *a)
{
	nk_plan_init(p, a);
	sample_start(p);
	sample_mounts(p);
	sample_process(p);
}

#endif
