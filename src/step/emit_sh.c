/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --explain=sh: the plan as commands of util-linux, coreutils and iproute2, for
 * people who know these and want to know what nook does.
 *
 * An abstract interpreter runs over the steps: a slot stands for a path, a file
 * system that is being configured, or a mount that has no place yet, and a step
 * becomes the command that has its effect. Each step is there at least as a
 * comment; what no command can do is said.
 *
 * The outline of the script is that of the plan: what nook does before the
 * clone; the text of the container, which `unshare` starts in the new
 * namespaces; what nook does meanwhile; what it takes away in the end.
 */
#include "step/emit_sh.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "step/text.h"

static const char head[] =
	"#!/bin/sh\n"
	"# What nook does, as far as commands can: written by its --explain=sh. Run it as the "
	"user\n"
	"# who would run nook. The numbers are those of --explain. What is marked \"not done\" no\n"
	"# command does.\n";

static const char trust[] =
	"#\n"
	"# One thing differs. Commands take paths, so a link in the root file system can lead\n"
	"# them out of it, where nook's openat2(RESOLVE_IN_ROOT) cannot be fooled: trust the root\n"
	"# file system before you run this.\n";

static const char begin[] = "set -eu\n"
			    "PATH=$PATH:/usr/sbin:/sbin\n"
			    "export PATH\n";

static const char stage[] =
	"exec 3<&0 # what runs in the background would lose its standard input\n"
	"stage=$(mktemp -d) # where mounts are put together\n"
	"chmod 0755 \"$stage\"\n"
	"export stage\n"
	"pid=\n\n";

static const char inside_head[] =
	"set -eu\n"
	"# Programs that are needed once pivot_root has put the host's out of sight, with their\n"
	"# libraries: in a directory that stays ours as long as we stand in it.\n"
	"pack_tools() {\n"
	"\tmount -t tmpfs -o mode=755 none \"$stage\"/tools\n"
	"\tfor program; do\n"
	"\t\tprogram=$(command -v \"$program\")\n"
	"\t\tcp -L \"$program\" \"$stage\"/tools/\n"
	"\t\tldd \"$program\" | sed -n 's,^[^/]*\\(/[^ ]*\\) (0x.*,\\1,p'\n"
	"\tdone | sort -u | while read -r library; do cp -L \"$library\" \"$stage\"/tools/; done\n"
	"\tcp \"$stage\"/tools/ld-* \"$stage\"/tools/loader\n"
	"\tcd \"$stage\"/tools\n"
	"}\n"
	"tool() { ./loader --library-path . \"./$@\"; }\n"
	"remount_all() { # options of a mount and of all mounts below it\n"
	"\tfindmnt -n -r -o TARGET -R -M \"$2\" | while read -r mount; do\n"
	"\t\tmount -o \"remount,bind,$1\" \"$(printf %b \"$mount\")\"\n"
	"\tdone\n"
	"}\n\n";

static const char trees_head[] =
	"set -eu\n"
	"same_kind() { if [ -d \"$1\" ]; then mkdir -p \"$2\"; else : >\"$2\"; fi; }\n"
	"remount_all() {\n"
	"\tfindmnt -n -r -o TARGET -R -M \"$2\" | while read -r mount; do\n"
	"\t\tmount -o \"remount,bind,$1\" \"$(printf %b \"$mount\")\"\n"
	"\tdone\n"
	"}\n";

static const char finish[] =
	"forward() {\n"
	"\tchild=$(cat \"/proc/$pid/task/$pid/children\" 2>/dev/null) || :\n"
	"\tkill -s \"$1\" ${child:-\"$pid\"} 2>/dev/null || :\n"
	"}\n"
	"for signal in HUP INT QUIT TERM USR1 USR2; do\n"
	"\ttrap \"forward $signal\" $signal\n"
	"done\n"
	"status=0\n"
	"wait \"$pid\" || status=$?\n"
	"while kill -0 \"$pid\" 2>/dev/null; do # a signal has interrupted the waiting\n"
	"\tstatus=0\n"
	"\twait \"$pid\" || status=$?\n"
	"done\n"
	"pid=\n"
	"exit $status\n";

/* A text as a variable. The delimiter is no line of the text. */
static void here(FILE *out, const char *name, const char *text)
{
	char delimiter[32] = "END";

	for (unsigned i = 2; strstr(text, delimiter); i++)
		snprintf(delimiter, sizeof(delimiter), "END_%u", i);
	fprintf(out, "%s=$(cat <<'%s'\n%s%s%s\n)\n", name, delimiter, text,
		*text && text[strlen(text) - 1] == '\n' ? "" : "\n", delimiter);
}

bool nk_sh_has_op(const struct nk_plan *p, enum nk_op op)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].op == op)
			return true;
	return false;
}

/* The container waits for its network cards: a pipe that is open as long as it does. */
static bool tells_cards(const struct nk_plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].op == NK_OP_TELL && p->steps.v[i].n[0] == NK_MSG_CARDS)
			return true;
	return false;
}

/* unshare(1) drops the capabilities of a user who is not root inside, unless it is told to keep
 * them; then the command would have them. */
static bool keeps_caps(const struct nk_sh *sh)
{
	return (sh->parent_maps && !nk_sh_has_op(sh->p, NK_OP_CAPSET)) ||
	       (*sh->own_ids && !sh->own_root);
}

/* What the kernel lets only children enter: last, so that no command of the script is one. */
enum { CHILDREN_ONLY = CLONE_NEWPID | 0x80 };

/* "unshare --mount --uts …" for CLONE_NEW flags. */
static void unshare_command(const struct nk_sh *sh, uint64_t flags, FILE *out)
{
	static const struct {
		uint64_t flag;
		const char *option;
	} kinds[] = {{CLONE_NEWUSER, "user"},	  {CLONE_NEWPID, "pid"}, {CLONE_NEWNS, "mount"},
		     {CLONE_NEWUTS, "uts"},	  {CLONE_NEWIPC, "ipc"}, {CLONE_NEWNET, "net"},
		     {CLONE_NEWCGROUP, "cgroup"}, {0x80, "time"}};

	fputs("unshare", out);
	for (size_t i = 0; i < NK_COUNT(kinds); i++)
		if (flags & kinds[i].flag)
			fprintf(out, " --%s", kinds[i].option);
	if (flags & 0x80)
		fputs(sh->clocks, out);
	if (flags & CLONE_NEWUSER)
		fprintf(out, "%s%s", sh->own_ids,
			*sh->own_ids && keeps_caps(sh) ? " --keep-caps" : "");
	if (!sh->in_place)
		fputs(" --propagation unchanged --fork --kill-child", out);
	else if (flags & CLONE_NEWNS)
		fputs(" --propagation unchanged", out);
}

/* From nook to the container, each command executing the next. */
static void start_command(const struct nk_sh *sh, FILE *out)
{
	bool waits = sh->parent_maps;

	fputs("exec ", out);
	if (*sh->join)
		fprintf(out, "nsenter%s%s%s -- ", sh->join, sh->directory ? " --wd=" : "",
			sh->directory ? sh->directory : "");
	/* Nothing new, and what is only for children nsenter gives to a child. */
	const uint64_t kinds = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS |
			       CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | 0x80;

	if (*sh->join && !(sh->new_ns & kinds) && !waits) {
		fprintf(out, "%ssh -c \"$inside\"\n", sh->session ? "setsid " : "");
		return;
	}
	unshare_command(sh, sh->new_ns, out);
	if (waits)
		fputs(" --keep-caps -- sh -c \"$enter\"\n", out);
	else
		fprintf(out, " -- %ssh -c \"$inside\"\n", sh->session ? "setsid " : "");
}

static void last_command(struct nk_sh *sh, FILE *out)
{
	const char *run = sh->pivoted ? "./loader --library-path . ./" : "";
	const struct nk_step *s = sh->exec;

	if (!s)
		return;
	if (tells_cards(sh->p))
		fputs("exec 9<&-\n", out);
	fputs("exec ", out);
	if (sh->in_place && sh->new_ns & CHILDREN_ONLY) {
		unshare_command(sh, sh->new_ns & CHILDREN_ONLY, out);
		fputs(" -- ", out);
	}
	if (keeps_caps(sh))
		sh->setpriv = nk_fmt(sh->a, "%s --inh-caps=-all --ambient-caps=-all", sh->setpriv);
	if (*sh->setpriv) {
		fprintf(out, "%ssetpriv%s%s ", run, sh->setpriv,
			sh->regid && !sh->groups ? " --keep-groups" : "");
	}
	/* A shell lets what runs in its background ignore these two. */
	fprintf(out, "%senv -i --default-signal=INT,QUIT", run);
	if (sh->cwd)
		fprintf(out, " -C %s", sh->cwd);
	for (const char *const *v = s->p[1]; v && *v; v++)
		if (strchr(*v, '='))
			fprintf(out, " \\\n\t%s", nk_sh_quote(sh, *v));
	fputs(" \\\n\t", out);
	for (const char *const *v = s->p[0]; v && *v; v++)
		fprintf(out, "%s%s", v == s->p[0] ? "" : " ", nk_sh_quote(sh, *v));
	fputc('\n', out);
}

static void launch(struct nk_sh *sh, FILE *out, char *const *texts)
{
	_free_ char *inside = NULL, *trees = NULL;

	if (asprintf(&inside, "%s%s%s", sh->pivoted || sh->remounts_all ? inside_head : "set -eu\n",
		     tells_cards(sh->p) ? "exec 9<>\"$stage\"/cards\n" : "",
		     texts[NK_SH_INSIDE]) < 0 ||
	    asprintf(&trees, "%s%s", trees_head, texts[NK_SH_TREES]) < 0)
		return;
	fputs("# ---- in the new namespaces\n", out);
	here(out, "inside", inside);
	fputs("export inside\n\n", out);
	if (sh->parent_maps) {
		fprintf(out,
			"# %s, as soon as its id maps are written.\n"
			"enter='\n"
			"\techo made >\"$stage\"/made\n"
			"\tread -r answer <\"$stage\"/mapped\n"
			"\texec %s%ssh -c \"$inside\"'\n",
			sh->become_root ? "Root of the user namespace" : "In the user namespace",
			sh->become_root ? "setpriv --reuid=0 --regid=0 --clear-groups " : "",
			sh->session ? "setsid " : "");
		fputs("export enter\n"
		      "mkfifo -m 0666 \"$stage\"/made \"$stage\"/mapped\n\n",
		      out);
	}
	if (tells_cards(sh->p))
		fputs("mkfifo -m 0666 \"$stage\"/cards\n", out);
	for (size_t i = 0; i < sh->n_staged; i++)
		fprintf(out, "mkdir -p %s\n", sh->staged[i]);
	if (sh->pivoted)
		fputs("mkdir -p \"$stage\"/tools\n", out);
	if (sh->has_trees) {
		fputs("# ---- mounts that nook makes, in a mount namespace around the "
		      "container's\n",
		      out);
		here(out, "trees", trees);
	}
	fputs("\n# ---- a process in its namespaces\n(\n", out);
	for (size_t i = 0; i < sh->n_procs; i++)
		fprintf(out, "\techo 0 >%s\n", sh->procs[i]);
	fputc('\t', out);
	if (sh->has_trees)
		fputs("exec unshare --mount --propagation private sh -c \"$trees\"\n", out);
	else
		start_command(sh, out);
	fputs(") <&3 3<&- &\npid=$!\n", out);
	if (sh->parent_maps)
		fputs("read -r answer <\"$stage\"/made\n", out);
}

/* The script itself moves and becomes the command. */
static void script_in_place(struct nk_sh *sh, FILE *out, char *const *texts)
{
	_free_ char *inside = NULL;

	if (asprintf(&inside, "set -eu\n%s", texts[NK_SH_INSIDE]) < 0)
		return;
	fputs("\n# ---- in the new namespaces\n", out);
	here(out, "inside", inside);
	fputs("exec ", out);
	if (sh->new_ns & ~(uint64_t)CHILDREN_ONLY) {
		unshare_command(sh, sh->new_ns & ~(uint64_t)CHILDREN_ONLY, out);
		fputs(" -- ", out);
	}
	fputs("sh -c \"$inside\"\n", out);
}

static void script(struct nk_sh *sh, FILE *out, char *const *texts)
{
	fputs(head, out);
	if (nk_sh_has_op(sh->p, NK_OP_PIVOT_ROOT))
		fputs(trust, out);
	fputs(begin, out);
	if (nk_sh_has_op(sh->p, NK_OP_UMASK))
		fputs("umask 022\n", out);
	if (sh->in_place) {
		script_in_place(sh, out, texts);
		return;
	}
	fputs(stage, out);
	fputs("remove_dir() { # a cgroup is busy for a moment after its last process\n"
	      "\tfor try in 1 2 3 4 5; do\n"
	      "\t\trmdir \"$1\" 2>/dev/null && return\n\t\tsleep 0.1\n\tdone\n\trmdir \"$1\"\n}\n"
	      "# ---- in nook, when the container has ended\n"
	      "after() {\n"
	      "[ -z \"$pid\" ] || kill -s KILL \"$pid\" 2>/dev/null || :\n",
	      out);
	fputs(texts[NK_SH_AFTER], out);
	/* Nothing that goes down: a mount left there must not lose its files. */
	fputs("rm -f \"$stage\"/* 2>/dev/null || :\n"
	      "rmdir \"$stage\"/* \"$stage\" 2>/dev/null || :\n}\ntrap after EXIT\n\n# ---- in "
	      "nook, before the clone\n",
	      out);
	fputs(texts[NK_SH_OUTER], out);
	launch(sh, out, texts);
	fputs("\n# ---- in nook, meanwhile\n", out);
	fputs(texts[NK_SH_LATER], out);
	fputs(finish, out);
}

static bool writes_maps(const struct nk_plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].actor == NK_PARENT && p->steps.v[i].op == NK_OP_TELL &&
		    p->steps.v[i].n[0] == NK_MSG_MAPPED)
			return true;
	return false;
}

static void interpret(struct nk_sh *sh)
{
	for (size_t i = 0; i < sh->p->steps.n; i++) {
		nk_sh_step(sh, i);
		if (sh->p->steps.v[i].op == NK_OP_CLONE3 && sh->p->steps.v[i].actor == NK_PARENT) {
			nk_sh_stage_trees(sh);
			sh->cloned = true;
		}
	}
	last_command(sh, sh->part[NK_SH_INSIDE]);
	if (!sh->in_place)
		start_command(sh, sh->part[NK_SH_TREES]);
}

int nk_explain_sh(const struct nk_plan *p, FILE *out, struct nk_err *e)
{
	_free_ struct nk_sh *sh = calloc(1, sizeof(*sh));
	struct nk_arena words _arena_ = {0};
	char *texts[NK_SH_PARTS] = {NULL};
	size_t sizes[NK_SH_PARTS];
	bool ok = sh;

	if (sh)
		*sh = (struct nk_sh){.p = p,
				     .a = &words,
				     .join = "",
				     .clocks = "",
				     .own_ids = "",
				     .setpriv = "",
				     .session = nk_sh_has_op(p, NK_OP_SETSID),
				     .pivots = nk_sh_has_op(p, NK_OP_PIVOT_ROOT),
				     .in_place = !nk_sh_has_op(p, NK_OP_CLONE3),
				     .parent_maps = writes_maps(p)};
	for (int i = 0; sh && i < NK_SH_PARTS; i++) {
		sh->part[i] = open_memstream(&texts[i], &sizes[i]);
		ok = ok && sh->part[i];
	}
	if (ok)
		interpret(sh);
	for (int i = 0; sh && i < NK_SH_PARTS; i++)
		if (sh->part[i])
			ok = fclose(sh->part[i]) == 0 && ok;
	ok = ok && !words.failed;
	if (ok)
		script(sh, out, texts);
	for (int i = 0; i < NK_SH_PARTS; i++)
		free(texts[i]);
	return ok ? 0 : nk_fail(e, ENOMEM, "print the plan as a script");
}
