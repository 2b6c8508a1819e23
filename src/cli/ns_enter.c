/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns enter: a command in namespaces that are there. */
#include "cli/ns_enter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/explain.h"
#include "cli/habits.h"
#include "cli/ns.h"
#include "cli/ns_graph.h"
#include "cli/ns_target.h"
#include "cli/run_set.h"
#include "runtime/ns_enter.h"

#define AT(member) .offset = offsetof(struct nk_enter_request, member)

/* clang-format off: the table is read in columns */
static const struct nk_option options[] = {
	{"type", .metavar = "KIND,...", .group = "Which",
	 .values = "user mount uts ipc pid net cgroup time",
	 .help = "these kinds only: user, mount, uts, ipc, pid, net, cgroup, time",
	 .set = nk_set_ns_kinds, AT(kinds)},
	{"all", .help = "all in which it differs from nook (default)", .set = nk_set_flag, AT(all)},

	{"root", .group = "What else of the target", .help = "its root directory",
	 .more = "Without it, and with its mount namespace, the root directory is that of the "
		 "namespace.",
	 .set = nk_set_flag, AT(root)},
	{"cwd", .help = "its working directory", .set = nk_set_flag, AT(cwd)},
	{"env", .help = "its environment, as it was when it started", .set = nk_set_flag, AT(env)},
	{"ids", .help = "its user and groups", .set = nk_set_flag, AT(ids)},
	{"cgroup", .help = "its cgroups, and so their limits", .set = nk_set_flag, AT(cgroup)},

	{"user", 'u', .metavar = "USER[:GROUP]", .group = "Command",
	 .help = "who runs it: by the passwd and group files there, or numbers",
	 .more = "Without it nobody changes, but who enters another user namespace is root there, "
		 "if "
		 "root is mapped in it.",
	 .set = nk_set_string, AT(run.user)},
	{"workdir", 'w', .metavar = "DIR", .help = "where it starts", .set = nk_run_set_workdir},
	{"tty", 't', .help = "give it a terminal of its own", .set = nk_set_flag,
	 AT(run.spec.terminal)},
	{"preserve-fds", .metavar = "N", .help = "hand on descriptors 3 to 3+N-1",
	 .set = nk_run_set_preserve_fds, AT(run.spec.preserve_fds)},

	{"explain", .optional = true, .metavar = "FORMAT", .group = "See it",
	 .values = "words json c sh",
	 .help = "print each step and run nothing; FORMAT: words (default), json, c, sh",
	 .set = nk_run_set_explain},
	{"debug", .help = "show each step as it is done, with its time", .set = nk_set_flag,
	 AT(run.debug)},
#ifdef NOOK_FAULT
	{"fault", .hidden = true, .metavar = "STEP:before|after:fail|kill",
	 .help = "let a step go wrong (tests)", .set = nk_run_set_fault},
#endif
	{0},
};
/* clang-format on */

static int command(struct nk_ns_enter *x, const struct nk_enter_request *r, int n, char **words,
		   struct nk_err *e)
{
	const char *shell = getenv("SHELL");

	for (int i = 0; i < n; i++)
		nk_strv_push(x->a, &x->spec.args, words[i]);
	if (n && !words[0][0]) {
		nk_fail(e, 0, "the command is an empty word");
		return nk_hint(e, "name a program");
	}
	/* The user's shell need not be in another tree of files. */
	if (!n)
		nk_strv_push(x->a, &x->spec.args,
			     shell && shell[0] == '/' && !x->in.root &&
					     !(x->in.kinds >> NK_NS_MOUNT & 1)
				     ? shell
				     : "/bin/sh");
	for (char **v = environ; *v; v++)
		nk_strv_push(x->a, &x->spec.env, *v);
	x->spec.terminal = r->run.spec.terminal;
	x->spec.preserve_fds = r->run.spec.preserve_fds;
	x->spec.cwd = r->run.workdir;
	x->in.root = r->root;
	x->in.cwd = r->cwd;
	return 0;
}

/* What of the target goes along. */
static int borrow(struct nk_ns_enter *x, const struct nk_enter_request *r, struct nk_err *e)
{
	const char *home = NULL;
	int rc = 0;

	if (r->env && (rc = nk_ns_enter_its_env(x, e)) < 0)
		return rc;
	if (r->cgroup && (rc = nk_ns_enter_its_cgroups(x, e)) < 0)
		return rc;
	if (r->ids && (rc = nk_ns_enter_its_ids(x, e)) < 0)
		return rc;
	if (r->run.user && (rc = nk_ns_enter_user(x, r->run.user, &home, e)) < 0)
		return rc;
	if (home && !r->env)
		nk_env_put(x->a, &x->spec.env, nk_fmt(x->a, "HOME=%s", home));
	return nk_ns_enter_netns(x, e);
}

static void tell(void *arg)
{
	const struct nk_ns_enter *x = arg;

	for (size_t i = 0; i < x->notices.n; i++)
		nk_log(NK_LOG_WARN, "%s", x->notices.v[i]);
}

int nk_cli_ns_enter(struct nk_cli *cli, struct nk_enter_request *r, const struct nk_ns_target *t,
		    int n_words, char **words, struct nk_err *e)
{
	struct nk_ns_enter x;
	const struct nk_spawn_options o = {
		.interactive = r->run.spec.terminal,
		.shares_terminal = !r->run.spec.terminal,
		.started = nk_ns_enter_started,
		.alive = tell,
		.step = r->run.debug ? nk_cli_debug_step : NULL,
		.arg = &x,
		.fault_step = r->run.fault_step,
		.fault_after = r->run.fault_after,
		.fault_action = r->run.fault_action,
	};
	struct nk_result result = {0};
	struct nk_plan p;
	int rc;

	nk_plan_init(&p, &cli->arena);
	if ((rc = nk_ns_enter_open(&x, &cli->arena, t, r->kinds, e)) < 0 ||
	    (rc = command(&x, r, n_words, words, e)) < 0 || (rc = borrow(&x, r, e)) < 0 ||
	    (rc = nk_ns_enter_plan(&x, &p, e)) < 0)
		return rc;
	if (r->run.explain) {
		tell(&x);
		return nk_cli_explain(cli, &p, r->run.explain);
	}
	rc = nk_spawn(&p, &o, &result, e);
	return rc < 0 ? rc : result.exit_code;
}

static int bad_words(const struct nk_enter_request *r, struct nk_err *e)
{
	if (r->all && r->kinds) {
		nk_fail(e, 0, "--all and --type exclude each other");
		return nk_hint(e, "--all is what happens without --type");
	}
	if (r->cwd && r->run.workdir) {
		nk_fail(e, 0, "--cwd and --workdir exclude each other");
		return nk_hint(e, "--cwd: the target's working directory; -w DIR: this one");
	}
	if (r->ids && r->run.user) {
		nk_fail(e, 0, "--ids and --user exclude each other");
		return nk_hint(e, "--ids: the target's user and groups; -u USER: this one");
	}
	return 0;
}

/* Whether a word names an option of this command. */
static bool is_ours(const char *word)
{
	return word[1] == '-' ? nk_option_find(options, word + 2, strcspn(word + 2, "=")) != NULL
			      : nk_option_letter(options, word[1]) != NULL;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_target_ struct nk_ns_target t = NK_NS_TARGET_INIT;
	struct nk_enter_request r = {0};
	struct nk_err e = {0};
	int code, rc;

	nk_run_request_init(&r.run);
	int first = nk_cli_options(cli, &nk_command_ns_enter, argc, argv, &r, &code);
	if (first < 0)
		return code;
	if (first == argc) {
		nk_fail(&e, 0, "nook ns enter needs to know what to enter");
		nk_hint(&e, "nook ns enter PID, a container, a name, or a path: /run/netns/NAME");
		return nk_cli_error(cli, &e);
	}
	const char *word = argv[first++];
	/* "enter 1234 -- cmd": as nsenter and env take it. */
	if (first < argc && !strcmp(argv[first], "--"))
		first++;
	if (first < argc && argv[first][0] == '-') {
		nk_fail(&e, 0, "%.80s stands behind %.80s, where the command should be",
			argv[first], word);
		const char *habit = nk_habit_option("ns enter", argv[first]);
		if (habit && !is_ours(argv[first]))
			nk_hint(&e, "%s", habit);
		else
			nk_hint(&e, "options come first: nook ns enter %.60s … %.60s COMMAND",
				argv[first], word);
		return nk_cli_error(cli, &e);
	}
	if (bad_words(&r, &e) < 0 || nk_cli_ns_target(cli, word, &t, &e) < 0)
		return nk_cli_error(cli, &e);
	rc = nk_cli_ns_enter(cli, &r, &t, argc - first, argv + first, &e);
	return rc < 0 ? nk_cli_error(cli, &e) : rc;
}

const struct nk_command nk_command_ns_enter = {
	.name = "ns enter",
	.usage = "[OPTIONS] TARGET [--] [COMMAND [ARG...]]",
	.summary = "run a command in namespaces that are there",
	.about = "TARGET is a process, a container, a name (nook ns hold, ip netns add), a path "
		 "such "
		 "as /run/netns/NAME or /proc/PID/ns/uts, a namespace such as net:[4026531840], "
		 "host "
		 "(process 1) or self; pid:, container:, held: and netns: in front say which is "
		 "meant. Everything else stays the caller's: files, environment, directory, "
		 "limits. Without COMMAND it is a shell.\n"
		 "A network with a name brings its own files: what lies in /etc/netns/NAME is seen "
		 "in /etc, and /sys shows its cards.\n"
		 "The exit code is COMMAND's; 125: nook's own fault, 126: cannot be executed, 127: "
		 "not found, 128+N: ended by signal N.",
	.examples = "nook ns enter 4711\ta shell in all namespaces of process 4711\n"
		    "nook ns enter --type net web ss -tln\tits network with programs of ours\n"
		    "nook ns enter --root --cwd --env --ids 4711\tas if it had started it\n"
		    "nook ns enter red ping -c 1 10.0.0.1\ta network of ip netns add\n"
		    "nook ns enter --explain 4711 true\tshow each step and run nothing\n",
	.options = options,
	.words = "@container",
	.run = run,
};
