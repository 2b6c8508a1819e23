/* SPDX-License-Identifier: Apache-2.0 */
/* The list of commands, their words and their help. */
#include <errno.h>
#include <string.h>

#include "cli-runtime/runtime_cli.h"

/* clang-format off */
extern const struct nk_rt_command
	nk_rt_command_checkpoint,
	nk_rt_command_create,
	nk_rt_command_delete,
	nk_rt_command_events,
	nk_rt_command_exec,
	nk_rt_command_features,
	nk_rt_command_kill,
	nk_rt_command_list,
	nk_rt_command_pause,
	nk_rt_command_ps,
	nk_rt_command_restore,
	nk_rt_command_resume,
	nk_rt_command_run,
	nk_rt_command_spec,
	nk_rt_command_start,
	nk_rt_command_state,
	nk_rt_command_update,
	nk_rt_command_version;

const struct nk_rt_command *const nk_rt_commands[] = {
	&nk_rt_command_checkpoint,
	&nk_rt_command_create,
	&nk_rt_command_delete,
	&nk_rt_command_events,
	&nk_rt_command_exec,
	&nk_rt_command_features,
	&nk_rt_command_kill,
	&nk_rt_command_list,
	&nk_rt_command_pause,
	&nk_rt_command_ps,
	&nk_rt_command_restore,
	&nk_rt_command_resume,
	&nk_rt_command_run,
	&nk_rt_command_spec,
	&nk_rt_command_start,
	&nk_rt_command_state,
	&nk_rt_command_update,
	&nk_rt_command_version,
	NULL,
};
/* clang-format on */

static int wrong_words(const struct nk_rt_command *cmd, struct nk_err *e)
{
	if (cmd->min_words == cmd->max_words)
		return nk_fail(e, 0, "\"%s\" requires exactly %d argument(s): nook-runtime %s %s",
			       cmd->name, cmd->min_words, cmd->name, cmd->usage);
	return nk_fail(e, 0, "\"%s\" requires %s %d argument(s): nook-runtime %s %s", cmd->name,
		       cmd->max_words < 0 ? "a minimum of" : "at most",
		       cmd->max_words < 0 ? cmd->min_words : cmd->max_words, cmd->name, cmd->usage);
}

int nk_rt_options(struct nk_rt *rt, const struct nk_rt_command *cmd, int argc, char **argv,
		  void *target, int *exit_code)
{
	static const struct nk_option none[] = {{0}};
	const struct nk_option *table = cmd->options ? cmd->options : none;
	struct nk_err e = {0};
	int r = cmd->own_words ? nk_options_parse(table, &rt->arena, argc, argv, target, &e)
			       : nk_options_parse_mixed(table, &rt->arena, argc, argv, target, &e);

	if (r == -ECANCELED && !e.msg[0]) {
		nk_rt_help_command(cmd, stdout);
		*exit_code = fflush(stdout) ? 1 : 0;
		return -1;
	}
	if (r >= 0 &&
	    (argc - r < cmd->min_words || (cmd->max_words >= 0 && argc - r > cmd->max_words)))
		r = wrong_words(cmd, &e);
	if (r >= 0)
		return r;
	*exit_code = nk_rt_error(rt, &e);
	return -1;
}

static void options(const struct nk_option *table, FILE *out)
{
	for (const struct nk_option *o = table; o && o->name; o++) {
		char left[96], letter[8] = "    ";

		if (o->hidden)
			continue;
		if (o == table)
			fprintf(out, "\n%s:\n", o->group ? o->group : "Options");
		if (o->letter)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		snprintf(left, sizeof(left), "  %s--%s%s%s", letter, o->name, o->metavar ? " " : "",
			 o->metavar ? o->metavar : "");
		fprintf(out, "%-32s%s%s\n", left, strlen(left) > 31 ? "  " : "", o->help);
	}
}

void nk_rt_help_command(const struct nk_rt_command *cmd, FILE *out)
{
	fprintf(out, "Usage: nook-runtime %s %s\n\n%s\n", cmd->name, cmd->usage,
		cmd->about ? cmd->about : cmd->summary);
	options(cmd->options, out);
}

void nk_rt_help_program(FILE *out)
{
	fputs("Usage: nook-runtime [OPTIONS] COMMAND [ARG...]\n\n"
	      "An OCI runtime, spelled like runc: containers from bundles, for containerd,\n"
	      "CRI-O, Podman and Docker.\n\nCommands:\n",
	      out);
	for (size_t i = 0; nk_rt_commands[i]; i++)
		fprintf(out, "  %-12s%s\n", nk_rt_commands[i]->name, nk_rt_commands[i]->summary);
	options(nk_rt_global_options, out);
}
