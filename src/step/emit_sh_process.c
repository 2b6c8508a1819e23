/* SPDX-License-Identifier: Apache-2.0 */
/* --explain=sh: what the process itself becomes: mostly options of setpriv, at the last command. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>

#include "step/emit_sh.h"

static void option(struct nk_sh *sh, const char *fmt, const char *value)
{
	sh->setpriv = nk_fmt(sh->a, "%s %s%s", sh->setpriv, fmt, value);
}

/* setpriv knows capabilities without CAP_, in small letters. */
static const char *cap_word(struct nk_sh *sh, unsigned cap)
{
	const char *name = nk_flag_cap(cap);
	char *word = nk_strdup(sh->a, name ? name + 4 : nk_fmt(sh->a, "cap_%u", cap));

	for (char *c = word; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	return word;
}

static void prctl_step(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	const char *bounding = strstr(sh->setpriv, " --bounding-set=");

	if (s->n[0] == PR_CAPBSET_DROP) {
		/* one after the other: the option is last while they come */
		if (bounding && !strstr(bounding + 1, " --"))
			sh->setpriv = nk_fmt(sh->a, "%s,-%s", sh->setpriv,
					     cap_word(sh, (unsigned)s->n[1]));
		else
			option(sh, "--bounding-set=-", cap_word(sh, (unsigned)s->n[1]));
	} else if (s->n[0] == PR_SET_NO_NEW_PRIVS) {
		option(sh, "--no-new-privs", "");
	} else if (s->n[0] == PR_SET_PDEATHSIG) {
		const char *name = nk_flag_signal((unsigned)s->n[1]);

		option(sh, "--pdeathsig=", name ? name + 3 : "KILL");
	} else if (s->n[0] == PR_CAP_AMBIENT && s->n[1] == PR_CAP_AMBIENT_RAISE) {
		option(sh, "--inh-caps=+", cap_word(sh, (unsigned)s->n[2]));
		option(sh, "--ambient-caps=+", cap_word(sh, (unsigned)s->n[2]));
	} else {
		nk_sh_cannot(out, "no command does this, and commands need it less");
		return;
	}
	fputs("# an option of setpriv\n", out);
}

static void groups(struct nk_sh *sh, const struct nk_step *s)
{
	const gid_t *v = s->p[0];
	const char *list = "";

	for (uint64_t i = 0; v && i < s->n[0]; i++)
		list = nk_fmt(sh->a, "%s%s%u", list, i ? "," : "", v[i]);
	option(sh, *list ? "--groups=" : "--clear-groups", list);
	sh->groups = true;
}

/* Ids twice: root of a new user namespace at first, the user at last. */
static void ids(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	if (!sh->pivoted && s->topic != NK_T_USER) {
		sh->become_root = true;
	} else if (s->op == NK_OP_SETGROUPS) {
		groups(sh, s);
	} else {
		option(sh, s->op == NK_OP_SETRESUID ? "--reuid=" : "--regid=",
		       nk_fmt(sh->a, "%u", (unsigned)s->n[0]));
		sh->regid |= s->op == NK_OP_SETRESGID;
	}
	fputs("# an option of setpriv\n", out);
}

static void rlimit(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	const char *name = nk_enum_name(nk_names_rlimit, s->n[0]);
	char *small;

	if (!name) {
		nk_sh_cannot(out, "prlimit does not know this limit");
		return;
	}
	small = nk_strdup(sh->a, name + strlen("RLIMIT_"));
	for (char *c = small; *c; c++)
		*c = (char)(*c + 32);
	fprintf(out, "%sprlimit --pid=$$ --%s=", nk_sh_tool(sh), small);
	for (int i = 1; i < 3; i++) {
		if (s->n[i] == UINT64_MAX)
			fputs("unlimited", out);
		else
			fprintf(out, "%" PRIu64, s->n[i]);
		fputc(i == 1 ? ':' : '\n', out);
	}
}

/* What a script has no way to do, and what comes near it. */
static const char *const unknown[NK_OP_COUNT] = {
	[NK_OP_SECCOMP] = "setpriv has --seccomp-filter from util-linux 2.41 on",
	[NK_OP_KEYRING] = "keyctl session (keyutils) makes a keyring",
	[NK_OP_SIGDFL] = "a shell cannot; env --default-signal from coreutils 8.31 on",
	[NK_OP_FCHMODAT] = "the mode of the directory below: chmod --reference",
	[NK_OP_MODE] = "the mode of the directory below: chmod --reference",
	[NK_OP_IS_DEVICE] = "a script looks by path, where nook holds what it looked at",
	[NK_OP_IS_FS] = "a script looks by path, where nook holds what it looked at",
	[NK_OP_COPY_TREE] = "cp -a, before it is covered",
	[NK_OP_USERNS] = "mount -o X-mount.idmap= of util-linux 2.39 makes one",
	[NK_OP_PRLIMIT_OF] = "prlimit --pid \"$pid\" sets it, but the command may be there by then",
	[NK_OP_SCHED_SETATTR] = "chrt(1) and nice(1) set it for a command",
	[NK_OP_SCHED_AFFINITY] = "taskset(1) sets it for a command",
	[NK_OP_IOPRIO] = "ionice(1) sets it for a command",
	[NK_OP_PERSONALITY] = "setarch(1) sets it for a command",
	[NK_OP_MEMPOLICY] = "numactl(8) sets it for a command",
	[NK_OP_PTY_SIZE] = "script(1) makes a terminal; here it is the caller's",
	[NK_OP_CTTY] = "script(1) makes a terminal; here it is the caller's",
	[NK_OP_PTY_UNLOCK] = "script(1) makes a terminal; here it is the caller's",
	[NK_OP_PTY_PEER] = "script(1) makes a terminal; here it is the caller's",
};

void nk_sh_process_step(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	switch ((enum nk_op)s->op) {
	case NK_OP_SETSID:
		fputs("# done by setsid, at the start\n", out);
		break;
	case NK_OP_PRLIMIT:
		rlimit(sh, s, out);
		break;
	case NK_OP_SETGROUPS:
	case NK_OP_SETRESUID:
	case NK_OP_SETRESGID:
		ids(sh, s, out);
		break;
	case NK_OP_PRCTL:
		prctl_step(sh, s, out);
		break;
	case NK_OP_CAPSET:
		/* A program executed as root gets its bounding set, as another user nothing. */
		option(sh, "--inh-caps=-all", "");
		fputs("# follows from the bounding set and the user, when the command is "
		      "executed\n",
		      out);
		break;
	case NK_OP_SIGMASK:
		fputs("# a shell blocks none\n", out);
		break;
	case NK_OP_EXECVE:
		if (!sh->exec)
			sh->exec = s;
		fputs("# env looks for it in PATH: see the last line\n", out);
		break;
	case NK_OP_EXIT:
		break;
	case NK_OP_FACCESSAT:
		fputs("# env looks for it in PATH: see the last line\n", out);
		break;
	case NK_OP_WAIT_START:
		fputs("# a script starts at once\n", out);
		break;
	default:
		nk_sh_cannot(out, unknown[s->op] ? unknown[s->op]
						 : "this script knows no command for it");
		break;
	}
}
