/* SPDX-License-Identifier: Apache-2.0 */
/* nook help, and nook completion: what the tables look like. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/help.h"

struct help_options {
	bool man, podman;
};

static const struct nk_option options[] = {
	{"man", .hidden = true, .help = "the man page in scdoc", .set = nk_set_flag,
	 .offset = offsetof(struct help_options, man)},
	{"podman", .hidden = true, .help = "the table of docs/options.md", .set = nk_set_flag,
	 .offset = offsetof(struct help_options, podman)},
	{0},
};

static int help(struct nk_cli *cli, int argc, char **argv)
{
	struct help_options o = {0};
	const struct nk_command *cmd = NULL;
	int width = nk_cli_width(STDOUT_FILENO), code;
	int first = nk_cli_options(cli, &nk_command_help, argc, argv, &o, &code);

	if (first < 0)
		return code;
	if (first < argc && strcmp(argv[first], "nook") != 0) {
		int used;
		cmd = nk_command_find(argc - first, argv + first, &used);
		if (!cmd)
			return nk_cli_no_command(cli, NULL, "help ", argv[first]);
		if (cmd->children && first + used < argc)
			return nk_cli_no_command(cli, cmd, "help ", argv[first + used]);
	}
	if (o.podman)
		nk_help_podman_table(stdout);
	else if (o.man)
		nk_help_scdoc(cmd, stdout);
	else if (cmd)
		nk_help_command(cmd, width, stdout);
	else
		nk_help_program(width, stdout);
	return fflush(stdout) ? NK_EXIT_FAULT : 0;
}

const struct nk_command nk_command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "explain nook, or one of its commands",
	.options = options,
	.words = "@command",
	.no_state = true,
	.run = help,
};

static int completion(struct nk_cli *cli, int argc, char **argv)
{
	struct nk_err e;
	int code, first = nk_cli_options(cli, &nk_command_completion, argc, argv, NULL, &code);

	if (first < 0)
		return code;
	if (first + 1 != argc || nk_completion_print(argv[first], stdout) < 0) {
		nk_fail(&e, 0,
			first < argc ? "completion: no such shell" : "completion: which shell?");
		nk_hint(&e, "nook completion bash, zsh or fish");
		return nk_cli_error(cli, &e);
	}
	return fflush(stdout) ? NK_EXIT_FAULT : 0;
}

const struct nk_command nk_command_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish",
	.summary = "print the completions for a shell",
	.examples = "source <(nook completion bash)\tin ~/.bashrc\n"
		    "nook completion zsh > ~/.zfunc/_nook\tin a directory of $fpath\n"
		    "nook completion fish > ~/.config/fish/completions/nook.fish",
	.words = "bash zsh fish",
	.no_state = true,
	.run = completion,
};
