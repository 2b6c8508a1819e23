/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last part of every plan, for run and exec alike: from a process that is
 * in its namespaces to the user's command with that user's ids, capabilities,
 * limits and filter.
 *
 * The order is the kernel's: a filter needs CAP_SYS_ADMIN unless no_new_privs
 * is set, so it comes before the capabilities go, or else last; whatever
 * changes credentials clears the parent-death signal, so that comes after them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/securebits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/weaken.h"
#include "plan/build.h"

void nk_part_terminal_stdio(struct nk_build *b)
{
	for (unsigned fd = 0; fd < 3; fd++) {
		struct nk_step *s =
			nk_plan_add(b->p, NK_OP_DUP3, "descriptor %u is the terminal", fd);
		s->fd[0] = (int16_t)b->slave;
		s->n[0] = fd;
	}
}

void nk_part_terminal_session(struct nk_build *b)
{
	struct nk_step *s = nk_plan_add(b->p, NK_OP_CTTY, "the new terminal is this session's own");

	s->fd[0] = (int16_t)b->slave;
	if (!b->spec->uid)
		return;
	s = nk_plan_add(b->p, NK_OP_FCHOWNAT, "it belongs to the user");
	s->fd[0] = (int16_t)b->slave;
	s->s[0] = "";
	s->n[0] = b->spec->uid;
	s->n[1] = (uint32_t)-1;
	s->n[2] = AT_EMPTY_PATH;
}

static void descriptors(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	p->topic = NK_T_DESCRIPTORS;
	if (b->spec->terminal) {
		nk_part_terminal_stdio(b);
	} else if (!b->spec->interactive) {
		int null = nk_b_open(
			p, NK_CWD, "/dev/null", O_RDONLY | (b->joins_root ? O_NONBLOCK : 0),
			RESOLVE_NO_MAGICLINKS, "stdin", "nothing to read, for want of -i");
		s = nk_plan_add(p, NK_OP_DUP3, "as standard input");
		s->fd[0] = (int16_t)null;
	}
}

static void session(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	p->topic = NK_T_SESSION;
	nk_plan_add(p, NK_OP_SETSID, "away from the caller's terminal (TIOCSTI, CVE-2017-5226)");
	if (b->spec->terminal)
		nk_part_terminal_session(b);
	s = nk_plan_add(p, NK_OP_KEYRING, "a session keyring of its own");
	nk_tolerate(s, ENOSYS, EDQUOT, EPERM);
}

static uint64_t keep_for_start(struct nk_build *b, uint64_t keep)
{
	static const int slots[] = {NK_SLOT_START, NK_SLOT_WAITING};
	static const char *const why[] = {"and the socket on which `start` speaks",
					  "and the lock that says that this process waits"};

	for (size_t i = 0; i < 2; i++) {
		struct nk_step *s = nk_plan_add(b->p, NK_OP_DUP3, "%s", why[i]);
		s->fd[0] = (int16_t)slots[i];
		s->n[0] = --keep;
		s->n[1] = O_CLOEXEC;
		s->out = (int16_t)slots[i];
	}
	return keep;
}

/*
 * Closed, not only marked: while execve looks a path up, a marked descriptor is still open, and
 * a link in the rootfs to /proc/self/fd/N/.. would lead from the host's directory behind it to
 * anywhere. What is left is the socket, under a number that is known here; and what is opened
 * from now on lies inside and is close-on-exec.
 */
void nk_part_close_all(struct nk_build *b)
{
	if (nk_weak("CVE-2024-21626") || nk_weak("LXC-2016-8649"))
		return;
	struct nk_plan *p = b->p;
	uint64_t soft = b->facts->nofile.soft, first = 3 + (uint64_t)b->spec->preserve_fds;
	uint64_t keep = (soft && soft < 1024 ? soft : 1024) - 1;
	struct nk_step *s;

	p->topic = NK_T_DESCRIPTORS;
	s = nk_plan_add(p, NK_OP_DUP3, "the line to nook gets a number out of the way");
	s->fd[0] = NK_SLOT_SOCKET;
	s->n[0] = keep;
	s->n[1] = O_CLOEXEC;
	s->out = NK_SLOT_SOCKET;
	s->hint = "there are too few descriptors: raise `ulimit -n`, or preserve fewer";
	uint64_t lowest = b->oci && b->oci->waits ? keep_for_start(b, keep) : keep;
	s = nk_plan_add(p, NK_OP_CLOSE_RANGE,
			"no descriptor of the host is open any more (CVE-2024-21626)");
	s->n[0] = first;
	s->n[1] = lowest - 1;
	s = nk_plan_add(p, NK_OP_CLOSE_RANGE, "nor any above");
	s->n[0] = keep + 1;
	s->n[1] = UINT32_MAX;
}

/* Part by part, each by its name below the one before: never through a magic link. */
static void make_directories(struct nk_build *b, const char *path)
{
	struct nk_plan *p = b->p;
	int dir = nk_b_open(p, NK_CWD, "/", O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS, "cwd_root",
			    "where its path begins");

	for (path += strspn(path, "/"); *path; path += strspn(path, "/")) {
		size_t n = strcspn(path, "/");
		const char *name = nk_strndup(p->arena, path, n);

		nk_b_mkdir(p, dir, name, 0755, "the working directory")->hint =
			"-w names a directory inside the container";
		dir = nk_b_open(p, dir, name, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS,
				"cwd_part", "the working directory, part by part (CVE-2024-21626)");
		nk_plan_last(p)->hint = "-w names a directory inside the container";
		path += n;
	}
}

/* CVE-2024-21626: a path through /proc/self/fd would reach the host's tree. */
void nk_part_working_directory(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const char *cwd = b->spec->cwd && *b->spec->cwd ? b->spec->cwd : "/";

	p->topic = NK_T_DESCRIPTORS;
	if (strcmp(cwd, "/") == 0 && !b->joins_root)
		return;
	if (b->makes_cwd)
		make_directories(b, cwd);
	int fd = nk_b_open(p, NK_CWD, cwd, O_PATH | O_DIRECTORY,
			   nk_weak("CVE-2024-21626") ? 0 : RESOLVE_NO_MAGICLINKS, "cwd",
			   "the working directory, not through /proc/…/fd (CVE-2024-21626)");
	nk_plan_last(p)->hint = "-w names a directory inside the container";
	struct nk_step *s = nk_plan_add(p, NK_OP_FCHDIR, "into it");
	s->fd[0] = (int16_t)fd;
}

static const char *limit_text(struct nk_build *b, uint64_t v)
{
	return v == UINT64_MAX ? "unlimited" : nk_fmt(b->p->arena, "%llu", (unsigned long long)v);
}

/* of: the number of another process, or NK_NOFD: its own. */
static void limits_of(struct nk_build *b, int of)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_LIMITS;
	for (size_t i = 0; i < b->spec->rlimits.n; i++) {
		const struct nk_rlimit *r = &b->spec->rlimits.v[i];
		struct nk_step *s = nk_plan_add(p, of == NK_NOFD ? NK_OP_PRLIMIT : NK_OP_PRLIMIT_OF,
						"at most %s, raised up to %s",
						limit_text(b, r->soft), limit_text(b, r->hard));
		s->fd[0] = (int16_t)of;
		s->n[0] = (uint64_t)r->resource;
		s->n[1] = r->soft;
		s->n[2] = r->hard;
		s->hint =
			"only a process with CAP_SYS_RESOURCE may raise a hard limit above its own "
			"(`ulimit -H`): ask for less";
	}
}

void nk_part_limits(struct nk_build *b)
{
	limits_of(b, NK_NOFD);
}

void nk_part_limits_by_parent(struct nk_build *b)
{
	limits_of(b, NK_SLOT_PID);
}

struct nk_step *nk_part_seccomp(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct sock_fprog *prog = NK_NEW(p->arena, struct sock_fprog);

	if (!b->filter.insns || !prog)
		return NULL;
	p->topic = NK_T_SECCOMP;
	*prog = (struct sock_fprog){
		.len = (unsigned short)b->filter.n,
		.filter = (struct sock_filter *)b->filter.insns,
	};
	struct nk_step *s = nk_plan_add(p, NK_OP_SECCOMP,
					"system calls it may make: a filter of %zu "
					"instructions",
					b->filter.n);
	s->p[0] = prog;
	s->n[0] = b->filter.flags;
	s->hint = "the kernel refused the filter: --security-opt seccomp=unconfined runs without";
	return s;
}

void nk_part_bounding(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_caps *caps = &b->spec->caps;
	struct nk_step *s;

	p->topic = NK_T_CAPABILITIES;
	for (unsigned cap = 0; cap <= b->facts->last_cap; cap++) {
		if (caps->bounding >> cap & 1)
			continue;
		s = nk_plan_add(p, NK_OP_PRCTL, "never again: %s",
				nk_cap_name(cap) ? nk_cap_name(cap) : "an unknown capability");
		s->n[0] = PR_CAPBSET_DROP;
		s->n[1] = cap;
	}
}

void nk_part_ids(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_spec *spec = b->spec;
	struct nk_step *s;

	p->topic = NK_T_USER;
	if (!b->setgroups_denied) {
		s = nk_plan_add(p, NK_OP_SETGROUPS, "%zu additional groups", spec->groups.n);
		s->p[0] = spec->groups.v;
		s->n[0] = spec->groups.n;
		s->hint = "groups have to be mapped in the user namespace";
		/* Joined users may forbid it: an ordinary user's of a single id do. */
		if (spec->ns[NK_NS_USER].mode == NK_NS_JOIN && !spec->groups.n)
			nk_tolerate(s, EPERM, 0, 0);
	}
	s = nk_plan_add(p, NK_OP_SETRESGID, "group %u", spec->gid);
	s->n[0] = spec->gid;
	s->hint = "the group has to be mapped in the user namespace";
	s = nk_plan_add(p, NK_OP_SETRESUID, "user %u", spec->uid);
	s->n[0] = spec->uid;
	s->hint = "the user has to be mapped in the user namespace";
}

void nk_part_capabilities(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_caps *caps = &b->spec->caps;
	struct nk_step *s;

	p->topic = NK_T_CAPABILITIES;
	s = nk_plan_add(p, NK_OP_CAPSET, "what it may do, and nothing to hand on (CVE-2022-29162)");
	s->n[0] = caps->effective;
	s->n[1] = caps->permitted;
	s->n[2] = caps->inheritable;
	s->hint = "nook itself does not have these capabilities: drop some, or run it as root";
	for (unsigned cap = 0; cap <= b->facts->last_cap; cap++) {
		if (!(caps->ambient >> cap & 1))
			continue;
		s = nk_plan_add(p, NK_OP_PRCTL, "kept by programs it executes: %s",
				nk_cap_name(cap) ? nk_cap_name(cap) : "?");
		s->n[0] = PR_CAP_AMBIENT;
		s->n[1] = PR_CAP_AMBIENT_RAISE;
		s->n[2] = cap;
	}
}

struct nk_strv nk_b_command_paths(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_spec *spec = b->spec;
	const char *name = spec->program ? spec->program : spec->args.n ? spec->args.v[0] : "";
	struct nk_strv paths = {0};

	/* No name is found nowhere; a directory of PATH is no program. */
	if (!*name || strchr(name, '/')) {
		nk_strv_push(p->arena, &paths, name);
		return paths;
	}
	const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (size_t i = 0; i < spec->env.n; i++)
		if (!strncmp(spec->env.v[i], "PATH=", 5))
			path = spec->env.v[i] + 5;
	while (*path) {
		size_t n = strcspn(path, ":");
		if (n)
			nk_strv_push(p->arena, &paths,
				     nk_fmt(p->arena, "%.*s/%s", (int)n, path, name));
		path += n + (path[n] == ':');
	}
	if (!paths.n)
		nk_strv_push(p->arena, &paths, nk_fmt(p->arena, "/%s", name));
	return paths;
}

void nk_part_execs(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_spec *spec = b->spec;
	struct nk_strv paths = nk_b_command_paths(b);

	p->topic = NK_T_EXEC;
	for (size_t i = 0; i < paths.n; i++) {
		struct nk_step *s = nk_plan_add(p, NK_OP_EXECVE, "%s",
						i ? "or this one" : "become the command");
		s->s[0] = paths.v[i];
		s->p[0] = spec->args.v;
		s->p[1] = spec->env.v ? spec->env.v : (char **)nk_alloc(p->arena, sizeof(char *));
		if (i + 1 < paths.n)
			nk_tolerate(s, ENOENT, ENOTDIR, EACCES);
	}
}

void nk_part_pty(struct nk_build *b, int master)
{
	struct nk_plan *p = b->p;

	struct nk_step *s = nk_plan_add(p, NK_OP_PTY_UNLOCK, "open for use");
	s->fd[0] = (int16_t)master;
	b->slave = nk_plan_slot(p, "slave");
	s = nk_plan_add(p, NK_OP_PTY_PEER, "its other end, for the command");
	s->fd[0] = (int16_t)master;
	s->out = (int16_t)b->slave;
	s = nk_plan_add(p, NK_OP_TELL, "nook relays it");
	s->fd[0] = NK_SLOT_SOCKET;
	s->n[0] = NK_MSG_TERMINAL;
	s->fd[1] = (int16_t)master;
	/* Closed here, so that the relay sees the end when the last process has gone. */
	s = nk_plan_add(p, NK_OP_CLOSE, "and only nook has it");
	s->fd[0] = (int16_t)master;
}

/* Whoever started nook may ignore some (nohup, systemd's SIGPIPE): that is not the command's. */
void nk_part_signals(struct nk_build *b)
{
	for (unsigned sig = 1; sig <= 64; sig++)
		if (b->facts->ignored_signals >> (sig - 1) & 1)
			nk_plan_add(b->p, NK_OP_SIGDFL, "ignored outside, not inside")->n[0] = sig;
	nk_plan_add(b->p, NK_OP_SIGMASK, "no signal is blocked");
}

void nk_part_no_new_privs(struct nk_build *b)
{
	b->p->topic = NK_T_CAPABILITIES;
	if (!b->spec->no_new_privs)
		return;
	struct nk_step *s =
		nk_plan_add(b->p, NK_OP_PRCTL, "no program gives it more rights (no_new_privs)");
	s->n[0] = PR_SET_NO_NEW_PRIVS;
	s->n[1] = 1;
}

void nk_part_process(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	p->actor = NK_INIT;
	descriptors(b);
	session(b);
	nk_part_close_all(b);
	nk_part_working_directory(b);
	nk_part_limits(b);
	nk_part_no_new_privs(b);
	nk_part_bounding(b);
	if (!b->spec->no_new_privs)
		nk_part_seccomp(b);
	nk_part_ids(b);
	nk_part_capabilities(b);
	p->topic = NK_T_SESSION;
	s = nk_plan_add(p, NK_OP_UMASK, "files it makes are 0644, directories 0755");
	s->n[0] = 022;
	nk_part_signals(b);
	p->topic = NK_T_SYNC;
	s = nk_plan_add(p, NK_OP_PRCTL, "if nook dies, this process dies");
	s->n[0] = PR_SET_PDEATHSIG;
	s->n[1] = SIGKILL;
	s = nk_plan_add(p, NK_OP_TELL, "is nook still there?");
	s->fd[0] = NK_SLOT_SOCKET;
	s->n[0] = NK_MSG_ALIVE;
	if (b->spec->no_new_privs)
		nk_part_seccomp(b);
	nk_part_execs(b);
}
