/* SPDX-License-Identifier: Apache-2.0 */
/* Man pages in scdoc, all from the tables. */
#include <string.h>

#include "base/cleanup.h"
#include "cli/help.h"

/* Text in scdoc, where these letters would begin something. */
static void plain(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\*_~#<>[]|", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

/*
 * The same, with a capital first: a line of --help becomes a sentence. Not a value that is typed:
 * "text (default) or json".
 */
static void sentence(FILE *out, const char *text)
{
	bool value = !strncmp(text + strcspn(text, " "), " (default)", 10);
	bool capital = text[0] >= 'a' && text[0] <= 'z' && !value;

	if (capital)
		fputc(text[0] & ~0x20, out);
	plain(out, text + capital);
}

static void option(FILE *out, const struct nk_option *o)
{
	if (o->letter)
		fprintf(out, "*-%c*, ", o->letter);
	fprintf(out, "*--%s*", o->name);
	if (o->metavar) {
		fputs(o->optional ? "[=" : " ", out);
		plain(out, o->metavar);
		if (o->optional)
			fputs("]", out);
	}
	fputs("\n\t", out);
	sentence(out, o->help);
	fputs(".", out);
	if (o->more)
		fprintf(out, " %s", o->more);
	fputs("\n\n", out);
}

static void option_section(FILE *out, const struct nk_option *table, const char *title)
{
	fprintf(out, "# %s\n\n", title);
	for (const struct nk_option *o = table; o && o->name; o++) {
		if (o->hidden)
			continue;
		if (o->group && strcmp(title, o->group) != 0)
			fprintf(out, "## %s\n\n", o->group);
		option(out, o);
	}
	fputs("*--help*\n\tExplain the command and its options.\n\n", out);
}

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

static void paragraphs(FILE *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		char letter[2] = {*c, 0};
		if (*c == '\n')
			fputs("\n\n", out);
		else
			plain(out, letter);
	}
	fputs("\n\n", out);
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
		sentence(out, list[i]->summary);
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
	option_section(out, nk_global_options, "OPTIONS");
	fputs("# ENVIRONMENT\n\n*NOOK_ROOT*, *NOOK_STATE*\n\tAs *--root* and *--state*.\n\n"
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
	plain(out, cmd->summary);
	fprintf(out, "\n\n# SYNOPSIS\n\n*nook %s* ", cmd->name);
	plain(out, cmd->usage);
	fputs("\n\n# DESCRIPTION\n\n", out);
	paragraphs(out, cmd->about ? cmd->about : cmd->summary);
	if (cmd->children)
		command_section(out, cmd->children);
	option_section(out, cmd->options, "OPTIONS");
	example_section(out, cmd->examples);
	fputs("# SEE ALSO\n\n*nook*(1)\n", out);
}
