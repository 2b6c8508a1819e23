/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, and how the words of a command line name one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/habits.h"
#include "cli/help.h"

const struct nk_command *const nk_commands[] = {
	&nk_command_run,     &nk_command_ps,	   &nk_command_inspect,	   &nk_command_exec,
	&nk_command_kill,    &nk_command_stop,	   &nk_command_wait,	   &nk_command_ns,
	&nk_command_network, &nk_command_firewall, &nk_command_unshare,	   &nk_command_doctor,
	&nk_command_version, &nk_command_help,	   &nk_command_completion, NULL,
};

const char *nk_command_last_word(const struct nk_command *cmd)
{
	const char *blank = strrchr(cmd->name, ' ');

	return blank ? blank + 1 : cmd->name;
}

static const struct nk_command *named(const struct nk_command *const *list, const char *word)
{
	for (size_t i = 0; list[i]; i++)
		if (!strcmp(nk_command_last_word(list[i]), word))
			return list[i];
	return NULL;
}

const struct nk_command *nk_command_find(int argc, char *const *argv, int *used)
{
	const struct nk_command *cmd = argc > 0 ? named(nk_commands, argv[0]) : NULL, *child = NULL;

	*used = 1;
	if (cmd && cmd->children && argc > 1)
		child = named(cmd->children, argv[1]);
	if (child)
		*used = 2;
	return child ? child : cmd;
}

const struct nk_command *nk_command_at(size_t i)
{
	for (size_t at = 0, n = 0; nk_commands[n]; n++) {
		if (at++ == i)
			return nk_commands[n];
		for (size_t c = 0; nk_commands[n]->children && nk_commands[n]->children[c]; c++)
			if (at++ == i)
				return nk_commands[n]->children[c];
	}
	return NULL;
}

int nk_cli_no_command(struct nk_cli *cli, const struct nk_command *group, const char *before,
		      const char *word)
{
	const struct nk_command *const *list = group ? group->children : nk_commands;
	const char *of = group ? group->name : "", *blank = group ? " " : "";
	const char *habit = nk_habit_command(of, word);
	struct nk_nearest near;
	struct nk_err e;

	nk_fail(&e, 0, "there is no command %s%s%.80s", of, blank, word);
	nk_nearest_init(&near, word, strlen(word));
	for (size_t i = 0; list[i]; i++)
		nk_nearest_offer(&near, nk_command_last_word(list[i]));
	if (habit)
		nk_hint(&e, "%s", habit);
	else if (near.best)
		nk_hint(&e, "did you mean nook %s%s%s%s?", before, of, blank, near.best);
	else
		nk_hint(&e, "nook %s%s--help lists the commands", of, blank);
	return nk_cli_error(cli, &e);
}

int nk_command_group(struct nk_cli *cli, int argc, char **argv)
{
	int used, code, first;
	const struct nk_command *group = nk_command_find(1, argv, &used);

	first = nk_cli_options(cli, group, argc, argv, NULL, &code);
	if (first < 0)
		return code;
	if (first < argc)
		return nk_cli_no_command(cli, group, "", argv[first]);
	nk_help_command(group, nk_cli_width(STDERR_FILENO), stderr);
	return NK_EXIT_FAULT;
}
