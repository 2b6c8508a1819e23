/* SPDX-License-Identifier: Apache-2.0 */
/* Man pages in scdoc, all from the tables. */
#include <string.h>

#include "cli/help.h"
#include "cli/scdoc.h"

static void example_section(FILE *out, const char *text)
{
	if (!text)
		return;
	fputs("# EXAMPLES\n\n", out);
	while (*text) {
		int line = (int)strcspn(text, "\n"), cmd = (int)strcspn(text, "\t\n");
		if (cmd < line)
			fprintf(out, "%c%.*s:\n\n", text[cmd + 1] & ~0x20, line - cmd - 2,
				text + cmd + 2);
		fprintf(out, "```\n%.*s\n```\n\n", cmd, text);
		text += line + (text[line] != 0);
	}
}

/* "nook-ns-ls" */
static void page_name(FILE *out, const struct nk_command *cmd)
{
	fputs("nook-", out);
	for (const char *c = cmd->name; *c; c++)
		fputc(*c == ' ' ? '-' : *c, out);
}

static void command_section(FILE *out, const struct nk_command *const *list)
{
	fputs("# COMMANDS\n\n", out);
	for (size_t i = 0; list[i]; i++) {
		fputc('*', out);
		page_name(out, list[i]);
		fputs("*(1)\n\t", out);
		nk_scdoc_sentence(out, list[i]->summary);
		fputs(".\n\n", out);
	}
}

static void program(FILE *out)
{
	fputs("nook(1)\n\n# NAME\n\nnook - containers and namespaces for Linux\n\n# SYNOPSIS\n\n"
	      "*nook* [OPTIONS] COMMAND [ARG...]\n\n# DESCRIPTION\n\n"
	      "Runs processes in namespaces of their own, as root or not, without a daemon. "
	      "Each start is a list of steps, and *nook run --explain* shows it.\n\n",
	      out);
	command_section(out, nk_commands);
	nk_scdoc_options(out, nk_global_options, "OPTIONS");
	fputs("# ENVIRONMENT\n\n*NOOK_ROOT*, *NOOK_STATE*\n\tAs *--root* and *--state*.\n\n"
	      "*NOOK_NETWORK*\n\tAs *--network* of *nook run*, where that is not given.\n\n"
	      "*NO_COLOR*\n\tAs *--no-color*, when it is not empty.\n\n"
	      "# EXIT STATUS\n\n*125*\n\tThe fault is nook's own, or the command line's.\n\n"
	      "*126*\n\tThe command cannot be executed.\n\n*127*\n\tThere is no such command.\n\n"
	      "*128+N*\n\tThe command was ended by signal N.\n\n"
	      "Otherwise the exit status is the command's.\n",
	      out);
}

void nk_help_scdoc(const struct nk_command *cmd, FILE *out)
{
	if (!cmd) {
		program(out);
		return;
	}
	page_name(out, cmd);
	fputs("(1)\n\n# NAME\n\n", out);
	page_name(out, cmd);
	fputs(" - ", out);
	nk_scdoc_plain(out, cmd->summary);
	fprintf(out, "\n\n# SYNOPSIS\n\n*nook %s* ", cmd->name);
	nk_scdoc_plain(out, cmd->usage);
	fputs("\n\n# DESCRIPTION\n\n", out);
	nk_scdoc_paragraphs(out, cmd->about ? cmd->about : cmd->summary);
	if (cmd->children)
		command_section(out, cmd->children);
	nk_scdoc_options(out, cmd->options, "OPTIONS");
	example_section(out, cmd->examples);
	fputs("# SEE ALSO\n\n*nook*(1)\n", out);
}
