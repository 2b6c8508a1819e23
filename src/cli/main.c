/* SPDX-License-Identifier: Apache-2.0 */
/* nook: the options before the command, and the command. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/habits.h"
#include "cli/help.h"
#include "cli/lan.h"
#include "cli/paths.h"
#include "cli/podman.h"
#include "cli/report.h"

static int set_level(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	int level = nk_log_level_by_name(value);

	if (level < 0) {
		nk_fail(e, 0, "no such level");
		return nk_hint(e, "error, warn, info or debug");
	}
	*NK_MEMBER(use, enum nk_log_level) = (enum nk_log_level)level;
	return 0;
}

#define AT(member) .offset = offsetof(struct nk_cli, member)

const struct nk_option nk_global_options[] = {
	{"root", .metavar = "DIR", .group = "Options before the command", .values = "@dir",
	 .help = "what nook keeps: /var/lib/nook or ~/.local/share/nook (or NOOK_ROOT)",
	 .set = nk_set_string, AT(root)},
	{"state", .metavar = "DIR", .values = "@dir",
	 .help = "what dies with a reboot: /run/nook or the user's runtime directory (or "
		 "NOOK_STATE)",
	 .set = nk_set_string, AT(state)},
	{"log-level", .metavar = "LEVEL", .values = "error warn info debug",
	 .help = "error, warn (default), info or debug", .set = set_level, AT(log_level)},
	{"log-format", .metavar = "FORMAT", .values = "text json",
	 .help = "how notices look: text (default) or json", .set = nk_set_json, AT(json_log)},
	{"error-format", .metavar = "FORMAT", .values = "text json",
	 .help = "how the final error looks: text (default) or json", .set = nk_set_json,
	 AT(json_errors)},
	{"no-color", .help = "no colours (as with NO_COLOR set)", .set = nk_set_flag, AT(no_color)},
	{"version", .help = "print the version", .set = nk_set_flag, AT(want_version)},
	{0},
};

/* e->msg says "there is no option WORD"; for those of other programs there is more to say. */
static void explain_unknown(const struct nk_command *cmd, struct nk_err *e)
{
	const char *word = strrchr(e->msg, ' ') + 1;
	bool is_long = word[1] == '-';
	const struct nk_absent *known = NULL;
	const char *habit = nk_habit_option(cmd->name, word);

	if (cmd == &nk_command_run)
		known = nk_podman_find(is_long ? word + 2 : NULL, is_long ? strlen(word + 2) : 0,
				       word[1]);
	if (known) {
		nk_fail(e, 0, "nook run has no --%s%s", known->name, known->never ? "" : " yet");
		nk_hint(e, "%s%s; nook help --podman lists all",
			strncmp(known->why, "with ", 5) != 0 ? "" : "it comes ", known->why);
	} else if (habit) {
		nk_hint(e, "%s", habit);
	} else if (!e->hint[0]) {
		nk_hint(e, "nook %s --help lists the options", cmd->name);
	}
}

int nk_cli_options(struct nk_cli *cli, const struct nk_command *cmd, int argc, char **argv,
		   void *target, int *exit_code)
{
	static const struct nk_option none[] = {{0}};
	struct nk_err e = {0};
	const struct nk_option *table = cmd->options ? cmd->options : none;
	int r = cmd->mixed ? nk_options_parse_mixed(table, &cli->arena, argc, argv, target, &e)
			   : nk_options_parse(table, &cli->arena, argc, argv, target, &e);

	if (r >= 0)
		return r;
	if (r == -ECANCELED && !e.msg[0]) {
		nk_help_command(cmd, nk_cli_width(STDOUT_FILENO), stdout);
		*exit_code = fflush(stdout) ? NK_EXIT_FAULT : 0;
		return -1;
	}
	if (r == -ENOENT)
		explain_unknown(cmd, &e);
	*exit_code = nk_cli_error(cli, &e);
	return -1;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct nk_err e = {0};
	int first = nk_options_parse(nk_global_options, &cli->arena, argc, argv, cli, &e);

	if (first == -ECANCELED && !e.msg[0]) {
		nk_help_program(nk_cli_width(STDOUT_FILENO), stdout);
		return fflush(stdout) ? NK_EXIT_FAULT : 0;
	}
	if (first == -ENOENT && !e.hint[0])
		nk_hint(&e, "nook --help lists the options");
	if (first < 0)
		return nk_cli_error(cli, &e);
	nk_report_log_start(cli);
	if (cli->want_version)
		return nk_command_version.run(cli, 1, (char *[]){(char *)"version", NULL});
	if (first == argc) {
		nk_help_program(nk_cli_width(STDERR_FILENO), stderr);
		return NK_EXIT_FAULT;
	}
	nk_cli_lan_adopt(cli);
	int used;
	const struct nk_command *cmd = nk_command_find(argc - first, argv + first, &used);
	if (!cmd)
		return nk_cli_no_command(cli, NULL, "", argv[first]);
	if (!cmd->no_state && nk_cli_paths(cli, &e) < 0)
		return nk_cli_error(cli, &e);
	first += used - 1;
	return cmd->run(cli, argc - first, argv + first);
}

/*
 * A number of 0 to 2 that is closed would be given to the next file that is
 * opened: a container's descriptor, which words for stderr would then go to.
 * The wrong way round, so that to read or write still fails as on a closed one.
 */
static void hold_standard_streams(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	struct nk_cli cli = {.log_level = NK_LOG_WARN};

	hold_standard_streams();
	int code = run(&cli, argc, argv);

	nk_arena_done(&cli.arena);
	return code;
}
