/* SPDX-License-Identifier: Apache-2.0 */
/* --explain=sh: each step as commands, or as a comment that says what no command can do. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "step/emit_sh.h"
#include "step/text.h"

const char *nk_sh_tool(const struct nk_sh *sh)
{
	return sh->tools ? "tool " : "";
}

/* What may fail without harm fails quietly. */
static const char *soft(const struct nk_step *s)
{
	return s->soft[0] ? " 2>/dev/null || :" : "";
}

void nk_sh_cannot(FILE *out, const char *why)
{
	fprintf(out, "# not done: %s\n", why);
}

static void open_file(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	const char *at = s->s[0] && s->fd[1] >= 0 ? strstr(s->s[0], "%d") : NULL;
	const char *word;

	nk_sh_place(sh, s->fd[0], out);
	if (at) /* /proc/%d/uid_map: the process in its new namespaces */
		word = nk_fmt(sh->a, "%s\"$pid\"%s",
			      nk_sh_quote(sh, nk_strndup(sh->a, s->s[0], (size_t)(at - s->s[0]))),
			      nk_sh_quote(sh, at + 2));
	else
		word = nk_sh_below(sh, s->fd[0], s->s[0]);
	if (s->out >= 0)
		sh->slots[s->out] = (struct nk_sh_value){.kind = NK_SH_PLACE, .word = word};
	/* Through the kernel's link: these the parent opens, before anything is joined. */
	if (s->out >= 0 && s->actor == NK_PARENT && !strncmp(word, "/proc/", 6))
		sh->slots[s->out].of_process = true;
	if (s->n[0] & O_CREAT)
		fprintf(out, ": >%s\nchmod %04" PRIo64 " %s\n", word, s->n[1], word);
	if (s->s[0] && !strcmp(s->s[0], "ptmx") && s->out >= 0)
		sh->slots[s->out].kind = NK_SH_NOTHING;
}

/* monotonic S NS\nboottime S NS\n, as unshare takes it: whole seconds. */
static void clocks(struct nk_sh *sh, const char *text)
{
	long long mono = 0, boot = 0;

	sscanf(text, "monotonic %lld %*d boottime %lld", &mono, &boot);
	sh->clocks = nk_fmt(sh->a, " --monotonic %lld --boottime %lld", mono, boot);
}

/* An id map that a process writes for itself has one line: "inside outside 1". */
static bool own_map(struct nk_sh *sh, const char *file, const char *text)
{
	bool uid = !strcmp(file, "/proc/self/uid_map");

	if (!strcmp(file, "/proc/self/setgroups"))
		return true;
	if (!uid && strcmp(file, "/proc/self/gid_map"))
		return false;
	sh->own_root |= uid && strtoul(text, NULL, 10) == 0;
	sh->own_ids = nk_fmt(sh->a, "%s --map-%s=%lu", sh->own_ids, uid ? "user" : "group",
			     strtoul(text, NULL, 10));
	return true;
}

static void write_file(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	const char *file = s->fd[0] >= 0 ? sh->slots[s->fd[0]].word : NULL;

	if (!file)
		return;
	if (!s->s[0]) { /* the container's pid into cgroup.procs: it goes there by itself */
		if (sh->n_procs < NK_COUNT(sh->procs))
			sh->procs[sh->n_procs++] = file;
		fputs("# done by the process itself, when it is started\n", out);
		return;
	}
	if (strstr(file, "timens_offsets")) {
		clocks(sh, s->s[0]);
		fputs("# an option of unshare\n", out);
	} else if ((s->actor != NK_PARENT || sh->in_place) && own_map(sh, file, s->s[0])) {
		fputs("# an option of unshare\n", out);
	} else {
		fprintf(out, "printf %%s %s >%s%s\n", nk_sh_quote(sh, s->s[0]), file, soft(s));
	}
}

static void make_node(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	const char *word;
	unsigned mode = (unsigned)s->n[0] & 07777;

	nk_sh_place(sh, s->fd[0], out);
	word = nk_sh_below(sh, s->fd[0], s->s[0]);
	if (S_ISCHR(s->n[0]) || S_ISBLK(s->n[0]))
		fprintf(out, "mknod -m %04o %s %c %u %u%s\n", mode, word,
			S_ISCHR(s->n[0]) ? 'c' : 'b', major(s->n[1]), minor(s->n[1]), soft(s));
	else
		fprintf(out, "[ -e %s ] || { : >%s && chmod %04o %s; }%s\n", word, word, mode, word,
			soft(s));
}

static void make_dir(struct nk_sh *sh, const struct nk_step *s, const char *word, FILE *out)
{
	if (s->soft[0] == EEXIST && !sh->tools && !sh->mark)
		fprintf(out, "[ -d %s ] || ", word);
	if (sh->mark && s->soft[0]) {
		fprintf(out, "{ mkdir -m %04" PRIo64 " %s && %s; } 2>/dev/null || :\n", s->n[0],
			word, sh->mark);
		sh->mark = NULL;
		return;
	}
	fprintf(out, "%smkdir -m %04" PRIo64 " %s%s\n", nk_sh_tool(sh), s->n[0], word, soft(s));
}

static void give_to(struct nk_sh *sh, const struct nk_step *s, const char *word, FILE *out)
{
	if (s->fd[0] >= 0 && sh->slots[s->fd[0]].kind == NK_SH_NOTHING)
		nk_sh_cannot(out, "there is no terminal of its own");
	else if ((uint32_t)s->n[1] == UINT32_MAX)
		fprintf(out, "chown -h %u %s%s\n", (unsigned)s->n[0], word, soft(s));
	else
		fprintf(out, "chown -h %u:%u %s%s\n", (unsigned)s->n[0], (unsigned)s->n[1], word,
			soft(s));
}

static void put_descriptor(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	if (s->fd[0] >= 0 && sh->slots[s->fd[0]].kind == NK_SH_PLACE)
		fprintf(out, "exec %d<%s\n", (int)s->n[0], sh->slots[s->fd[0]].word);
	else if (s->fd[0] != NK_SLOT_SOCKET)
		nk_sh_cannot(out, "the caller's own descriptor stays");
}

static void close_descriptors(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	sh->keep_fds = (unsigned)s->n[0];
	nk_sh_cannot(out, "a shell cannot name descriptors from 10 on; these the caller closes");
	for (unsigned fd = sh->keep_fds; fd < 10; fd++)
		fprintf(out, "exec %u>&-%s", fd, fd == 9 ? "\n" : "; ");
}

/* By path, where nook goes by openat2: that the root file system is trusted says the head. */
static void make_place(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	nk_sh_place(sh, s->fd[0], out);
	const char *word = nk_sh_below(sh, s->fd[0], s->s[0]);

	if (s->n[0] & O_DIRECTORY)
		fprintf(out, "mkdir -p %s\n", word);
	else
		fprintf(out, "[ -e %s ] || { mkdir -p \"$(dirname %s)\" && : >%s; }\n", word, word,
			word);
	sh->slots[s->out] = (struct nk_sh_value){.kind = NK_SH_PLACE, .word = word};
}

static bool step_file(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	const char *word = "";

	if (s->op == NK_OP_MKDIRAT || s->op == NK_OP_UNLINKAT || s->op == NK_OP_FCHOWNAT) {
		nk_sh_place(sh, s->fd[0], out);
		word = nk_sh_below(sh, s->fd[0], s->s[0]);
	}
	switch ((enum nk_op)s->op) {
	case NK_OP_OPENAT2:
		open_file(sh, s, out);
		return true;
	case NK_OP_PLACE:
		make_place(sh, s, out);
		return true;
	case NK_OP_WRITE:
		write_file(sh, s, out);
		return true;
	case NK_OP_MKNODAT:
		make_node(sh, s, out);
		return true;
	case NK_OP_CLOSE:
		return true;
	case NK_OP_MKDIRAT:
		make_dir(sh, s, word, out);
		return true;
	case NK_OP_SYMLINKAT:
		nk_sh_place(sh, s->fd[0], out);
		fprintf(out, "ln -s %s %s%s\n", nk_sh_quote(sh, s->s[0]),
			nk_sh_below(sh, s->fd[0], s->s[1]), soft(s));
		return true;
	case NK_OP_FCHOWNAT:
		give_to(sh, s, word, out);
		return true;
	case NK_OP_UNLINKAT:
		fprintf(out, s->n[0] & AT_REMOVEDIR ? "remove_dir %s%s\n" : "rm -f %s%s\n", word,
			soft(s));
		return true;
	case NK_OP_UMASK:
		fprintf(out, "umask %04" PRIo64 "\n", s->n[0]);
		return true;
	case NK_OP_DUP3:
		put_descriptor(sh, s, out);
		return true;
	case NK_OP_CLOSE_RANGE:
		close_descriptors(sh, s, out);
		return true;
	default:
		return false;
	}
}

/* What becomes of it, the next step tells: chroot, or it stays the working directory. */
static void enter_directory(struct nk_sh *sh, const struct nk_step *s)
{
	sh->directory = sh->slots[s->fd[0]].word;
}

static bool step_root(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	switch ((enum nk_op)s->op) {
	case NK_OP_FCHDIR:
		if (s->fd[0] >= 0 && sh->slots[s->fd[0]].of_process) {
			enter_directory(sh, s);
			fputs("# an option of nsenter\n", out);
		} else if (sh->pivoted || !sh->pivots)
			sh->cwd = s->fd[0] >= 0 ? sh->slots[s->fd[0]].word : NULL;
		else
			fprintf(out, "root=%s\n", nk_sh_place(sh, s->fd[0], out));
		return true;
	case NK_OP_CHDIR:
		if (sh->pivoted)
			sh->cwd = nk_sh_quote(sh, s->s[0]);
		else
			fprintf(out, "cd %s\n", nk_sh_quote(sh, s->s[0]));
		return true;
	case NK_OP_CHROOT:
		sh->join = nk_fmt(sh->a, "%s --root=%s", sh->join, sh->directory);
		sh->directory = NULL;
		fputs("# an option of nsenter\n", out);
		return true;
	case NK_OP_PIVOT_ROOT:
		fprintf(out,
			"pack_tools umount mkdir prlimit setpriv env%s\npivot_root \"$root\" "
			"\"$root\"\n",
			nk_sh_has_op(sh->p, NK_OP_NETLINK) ? " ip nft" : "");
		sh->pivoted = true;
		return true;
	case NK_OP_UMOUNT2:
		if (sh->tools && !strcmp(s->s[0], ".") && sh->unmounted)
			fputs("# it goes with the one before, as it lies in it here\n", out);
		else if (sh->tools && !strcmp(s->s[0], "."))
			fputs("tool umount -c -l /\n", out);
		else
			fprintf(out, "%sumount -l %s%s\n", nk_sh_tool(sh), nk_sh_quote(sh, s->s[0]),
				soft(s));
		sh->unmounted |= sh->tools;
		return true;
	default:
		return false;
	}
}

static void join(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	static const struct {
		uint64_t flag;
		const char *option, *file;
	} kinds[] = {{CLONE_NEWUSER, "user", "user"},	    {CLONE_NEWPID, "pid", "pid"},
		     {CLONE_NEWNS, "mount", "mnt"},	    {CLONE_NEWUTS, "uts", "uts"},
		     {CLONE_NEWIPC, "ipc", "ipc"},	    {CLONE_NEWNET, "net", "net"},
		     {CLONE_NEWCGROUP, "cgroup", "cgroup"}, {0x80, "time", "time"}};

	for (size_t i = 0; i < NK_COUNT(kinds); i++)
		if ((s->n[0] & kinds[i].flag) && s->fd[0] >= 0 && sh->slots[s->fd[0]].word)
			sh->join = nk_fmt(sh->a, "%s --%s=%s%s%s", sh->join, kinds[i].option,
					  sh->slots[s->fd[0]].word,
					  sh->slots[s->fd[0]].process ? "/ns/" : "",
					  sh->slots[s->fd[0]].process ? kinds[i].file : "");
	fputs("# an option of nsenter\n", out);
}

static void hold_process(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	if (s->fd[0] >= 0 || s->out < 0) {
		fputs("# the shell waits for its child\n", out);
		return;
	}
	sh->slots[s->out] = (struct nk_sh_value){.kind = NK_SH_PLACE,
						 .word = nk_fmt(sh->a, "/proc/%d", (int)s->n[0]),
						 .process = true};
	fputs("# a command knows processes by their numbers only\n", out);
}

static void program(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	for (const char *const *v = s->p[0]; v && *v; v++)
		fprintf(out, "%s%s", v == s->p[0] ? "" : " ",
			strcmp(*v, "%d") ? nk_sh_quote(sh, *v) : "\"$pid\"");
}

/* A program beside the container, which says by a pipe that it is ready. */
static void companion(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	switch ((enum nk_op)s->op) {
	case NK_OP_COMPANION:
		fputs("mkfifo \"$stage\"/ready\n", out);
		program(sh, s, out);
		fprintf(out, " %s>\"$stage\"/ready &\ncompanion=$!\n",
			s->n[0] == 1 ? "" : ">/dev/null 3");
		break;
	case NK_OP_READY:
		fputs("read -r ready <\"$stage\"/ready\n", out);
		break;
	case NK_OP_ASK:
		fprintf(out, "printf '%%s' %s | nc -NU %s\n", nk_sh_quote(sh, s->s[1]),
			s->fd[0] >= 0 ? nk_sh_below(sh, s->fd[0], s->s[0])
				      : nk_sh_quote(sh, s->s[0]));
		break;
	default:
		fputs("kill -KILL \"$companion\"\n", out);
		break;
	}
}

static bool step_namespace(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	const char *procs;

	switch ((enum nk_op)s->op) {
	case NK_OP_UNSHARE:
		sh->new_ns |= s->n[0];
		fputs("# an option of unshare\n", out);
		return true;
	case NK_OP_CLONE3:
		sh->new_ns |= s->n[0];
		if (s->fd[0] >= 0 && sh->n_procs < NK_COUNT(sh->procs)) {
			procs = nk_fmt(sh->a, "%s/cgroup.procs", nk_sh_below(sh, s->fd[0], ""));
			sh->procs[sh->n_procs++] = procs;
		}
		return true;
	case NK_OP_SETNS:
		join(sh, s, out);
		return true;
	case NK_OP_SETHOSTNAME:
		fprintf(out, "hostname %s\n", nk_sh_quote(sh, s->s[0]));
		return true;
	case NK_OP_SETDOMAINNAME:
		fprintf(out, "domainname %s\n", nk_sh_quote(sh, s->s[0]));
		return true;
	case NK_OP_SOCKET:
		fputs("# ip(8) opens its own\n", out);
		return true;
	case NK_OP_LINK_UP:
		fprintf(out, "ip link set %s up\n", nk_sh_quote(sh, s->s[0]));
		return true;
	case NK_OP_PIDFD_OPEN:
		hold_process(sh, s, out);
		return true;
	case NK_OP_SOCKETPAIR:
		fputs("# the shell waits for its child\n", out);
		return true;
	case NK_OP_TELL:
	case NK_OP_AWAIT:
		if (s->actor == NK_PARENT && s->n[0] == NK_MSG_MAPPED)
			fputs("echo mapped >\"$stage\"/mapped\n", out);
		return true;
	case NK_OP_HELPER:
		program(sh, s, out);
		fputc('\n', out);
		return true;
	case NK_OP_COMPANION:
	case NK_OP_READY:
	case NK_OP_ASK:
	case NK_OP_DISMISS:
		companion(sh, s, out);
		return true;
	case NK_OP_BPF_LOAD:
	case NK_OP_BPF_ATTACH:
		nk_sh_cannot(out, "no command loads a program for devices");
		return true;
	default:
		return false;
	}
}

static const char *mark_of(struct nk_sh *sh, size_t index)
{
	for (size_t i = 0; i < sh->p->steps.n; i++)
		if (sh->p->steps.v[i].undo_of == (int)index)
			return nk_fmt(sh->a, "done_%zu=yes", index + 1);
	return NULL;
}

static FILE *text_of(struct nk_sh *sh, const struct nk_step *s)
{
	if (s->actor == NK_AFTER)
		return sh->part[NK_SH_AFTER];
	if (s->actor != NK_PARENT || sh->in_place)
		return sh->part[NK_SH_INSIDE];
	/* a mount for the container goes into the mount namespace around it */
	if (s->op == NK_OP_OPEN_TREE || s->op == NK_OP_MOUNT_SETATTR)
		return sh->part[NK_SH_TREES];
	return sh->part[sh->cloned ? NK_SH_LATER : NK_SH_OUTER];
}

void nk_sh_step(struct nk_sh *sh, size_t index)
{
	const struct nk_step *s = &sh->p->steps.v[index];
	FILE *out = text_of(sh, s);

	sh->tools = sh->pivoted && s->actor == NK_INIT;
	sh->mark = mark_of(sh, index);
	fprintf(out, "# %zu %s: ", index + 1, nk_topic_name(s->topic));
	nk_text_plain(out, s->why ? s->why : "");
	fputc('\n', out);
	if (s->undo_of >= 0)
		fprintf(out, "if [ \"${done_%d-}\" ]; then\n", s->undo_of + 1);
	if (!nk_sh_net_step(sh, s, out) && !nk_sh_mount_step(sh, s, out) &&
	    !step_file(sh, s, out) && !step_root(sh, s, out) && !step_namespace(sh, s, out))
		nk_sh_process_step(sh, s, out);
	if (s->undo_of >= 0)
		fputs("fi\n", out);
	if (sh->mark)
		fprintf(out, "%s\n", sh->mark);
}
