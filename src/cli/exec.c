/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain.h"
#include "cli/run_set.h"
#include "runtime/exec.h"
#include "runtime/runtime.h"

/* The same words as those of `run`, read by the same setters into the same request. */
#define AT(member) .offset = offsetof(struct nk_run_request, member)

static const struct nk_option options[] = {
	{"interactive", 'i', .group = "Process", .help = "standard input goes to the command",
	 .set = nk_set_flag, AT(spec.interactive)},
	{"tty", 't', .help = "give the command a terminal of its own", .set = nk_set_flag,
	 AT(spec.terminal)},
	{"user", 'u', .metavar = "USER[:GROUP]",
	 .help = "who runs it: names of the container's passwd and group, or numbers",
	 .set = nk_set_string, AT(user)},
	{"workdir", 'w', .metavar = "DIR", .help = "where it starts (default: as the container)",
	 .set = nk_run_set_workdir},
	{"env", 'e', .metavar = "NAME[=VALUE]", .help = "set a variable, or hand on your own",
	 .set = nk_run_set_env},
	{"env-file", .metavar = "FILE", .help = "read variables, a line each", .values = "@file",
	 .set = nk_set_list, AT(env_files)},
	{"preserve-fds", .metavar = "N", .help = "hand on descriptors 3 to 3+N-1",
	 .set = nk_run_set_preserve_fds, AT(spec.preserve_fds)},
	{"explain", .optional = true, .metavar = "FORMAT", .group = "See it",
	 .values = "words json c sh",
	 .help = "print each step and run nothing; FORMAT: words (default), json, c, sh",
	 .set = nk_run_set_explain},
	{"debug", .help = "show each step as it is done, with its time", .set = nk_set_flag,
	 AT(debug)},
	{0},
};

/* The container's environment, the user's home, then what was asked for. */
static int environment(struct nk_exec *x, const struct nk_run_request *r, const char *home,
		       struct nk_err *e)
{
	struct nk_strv env = {0};

	for (size_t i = 0; i < x->container->spec->env.n; i++)
		nk_strv_push(x->a, &env, x->container->spec->env.v[i]);
	if (home)
		nk_env_put(x->a, &env, nk_fmt(x->a, "HOME=%s", home));
	if (r->spec.terminal)
		nk_env_put_terminal(x->a, &env, &x->spec, getenv("TERM"));
	x->spec.env = env;
	return nk_env_put_given(x->a, &x->spec.env, &r->env_files, &r->env_words, e);
}

static int command(struct nk_exec *x, const struct nk_run_request *r, int n, char **words,
		   struct nk_err *e)
{
	const char *home;

	x->spec.args = (struct nk_strv){0};
	for (int i = 0; i < n; i++)
		nk_strv_push(x->a, &x->spec.args, words[i]);
	if (r->workdir)
		x->spec.cwd = r->workdir;
	x->spec.terminal = r->spec.terminal;
	x->spec.interactive = r->spec.interactive;
	x->spec.preserve_fds = r->spec.preserve_fds;

	int rc = nk_exec_user(x, r->user, &home, e);

	return rc < 0 ? rc : environment(x, r, home, e);
}

static int carry_out(struct nk_cli *cli, struct nk_exec *x, const struct nk_run_request *r)
{
	struct nk_spawn_options o = {
		.interactive = x->spec.interactive,
		.started = nk_exec_started,
		.step = r->debug ? nk_cli_debug_step : NULL,
		.arg = x,
	};
	struct nk_result result;
	struct nk_plan p;
	struct nk_err e = {0};

	nk_plan_init(&p, &cli->arena);
	if (nk_exec_plan(x, &p, nk_fmt(&cli->arena, "%s/seccomp", cli->root), &e) < 0)
		return nk_cli_error(cli, &e);
	if (r->explain)
		return nk_cli_explain(cli, &p, r->explain);
	if (nk_spawn(&p, &o, &result, &e) < 0)
		return nk_cli_error(cli, &e);
	return result.exit_code;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	_exec_ struct nk_exec x = {.pidfd = -EBADF};
	struct nk_run_request r;
	struct nk_state_record container;
	struct nk_err e = {0};
	int exit_code;

	nk_run_request_init(&r);

	int first = nk_cli_options(cli, &nk_command_exec, argc, argv, &r, &exit_code);

	if (first < 0)
		return exit_code;
	if (argc - first < 2) {
		nk_fail(&e, 0,
			argc == first ? "nook exec needs the name of a container and a command"
				      : "nook exec needs a command");
		nk_hint(&e, "nook exec -it NAME sh");
		return nk_cli_error(cli, &e);
	}
	if (nk_runtime_open(&st, cli->state, &e) < 0 ||
	    nk_state_find(&st, &cli->arena, argv[first], &container, &e) < 0 ||
	    nk_exec_open(&x, &cli->arena, &container, &e) < 0 ||
	    command(&x, &r, argc - first - 1, argv + first + 1, &e) < 0)
		return nk_cli_error(cli, &e);
	return carry_out(cli, &x, &r);
}

const struct nk_command nk_command_exec = {
	.name = "exec",
	.usage = "[OPTIONS] NAME COMMAND [ARG...]",
	.summary = "run one more command in a running container",
	.about = "The command is in all namespaces and cgroups of the container, and under its "
		 "limits, system call filter and capabilities. "
		 "It does not outlive nook exec, nor the container.\n"
		 "The exit code is the command's; 125: nook's own fault, 126: cannot be executed, "
		 "127: "
		 "not found, 128+N: ended by signal N.",
	.examples =
		"nook exec -it web sh\ta shell in it\n"
		"nook exec -u postgres db psql -c 'select 1'\tas another user of the container\n"
		"nook exec --explain web true\tshow each step and run nothing\n",
	.options = options,
	.words = "@container",
	.run = run,
};
