/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "base/cleanup.h"

/* Where the explanations begin, when the option itself is not longer. */
#define COLUMN 32
#define NARROWEST 60

/* Words of text from column `at` on, continued at column `indent`. */
static void wrap(FILE *out, const char *text, int at, int indent, int width)
{
	int column = at;

	while (*text) {
		int len = (int)strcspn(text, " \n");
		if (column > indent && column + 1 + len > width) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > at || (column > indent && at == indent)) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", len, text);
		column += len;
		text += len;
		if (*text == '\n') {
			fprintf(out, "\n%*s", indent, "");
			column = at = indent;
		}
		text += *text != 0;
	}
	fputc('\n', out);
}

static int synopsis(const struct nk_option *o, char *buf, size_t size)
{
	char letter[8] = "    ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	return snprintf(buf, size, "  %s--%s%s%s%s", letter, o->name,
			!o->metavar   ? ""
			: o->optional ? "[="
				      : " ",
			o->metavar ? o->metavar : "", o->optional ? "]" : "");
}

static void options(const struct nk_option *table, int width, FILE *out)
{
	bool grouped = false;

	for (const struct nk_option *o = table; o && o->name; o++) {
		char left[128];
		if (o->hidden)
			continue;
		if (o->group || !grouped)
			fprintf(out, "\n%s:\n", o->group ? o->group : "Options");
		grouped = true;
		int n = synopsis(o, left, sizeof(left));
		fputs(left, out);
		if (n > COLUMN - 2)
			fprintf(out, "\n%*s", COLUMN, "");
		else
			fprintf(out, "%*s", COLUMN - n, "");
		wrap(out, o->help, COLUMN, COLUMN, width);
	}
}

/* Lines of COMMAND\tWHAT: beside each other where all of them fit, else below. */
static void examples(const char *text, int width, FILE *out)
{
	int widest = 0, longest = 0;

	if (!text)
		return;
	for (const char *t = text; *t; t += strcspn(t, "\n"), t += *t == '\n') {
		int cmd = (int)strcspn(t, "\t\n"), what = (int)strcspn(t, "\n") - cmd;
		widest = cmd > widest ? cmd : widest;
		longest = what > longest ? what : longest;
	}
	bool beside = 2 + widest + 1 + longest <= width;
	fputs("\nExamples:\n", out);
	while (*text) {
		int line = (int)strcspn(text, "\n"), cmd = (int)strcspn(text, "\t\n");
		fprintf(out, "  %.*s", cmd, text);
		if (cmd < line)
			fprintf(out, "%s%*s%.*s", beside ? "" : "\n", beside ? widest - cmd + 2 : 6,
				"", line - cmd - 1, text + cmd + 1);
		fputc('\n', out);
		text += line + (text[line] != 0);
	}
}

static int usable(int width)
{
	return width == 0 ? 80 : width < NARROWEST ? NARROWEST : width > 120 ? 120 : width;
}

static void commands(const struct nk_command *const *list, int width, FILE *out)
{
	fputs("\nCommands:\n", out);
	for (size_t i = 0; list[i]; i++) {
		fprintf(out, "  %-12s", nk_command_last_word(list[i]));
		wrap(out, list[i]->summary, 14, 14, width);
	}
}

void nk_help_command(const struct nk_command *cmd, int width, FILE *out)
{
	width = usable(width);
	fprintf(out, "Usage: nook %s%s%s\n\n", cmd->name, cmd->usage[0] ? " " : "", cmd->usage);
	wrap(out, cmd->about ? cmd->about : cmd->summary, 0, 0, width);
	if (cmd->children)
		commands(cmd->children, width, out);
	options(cmd->options, width, out);
	examples(cmd->examples, width, out);
}

void nk_help_program(int width, FILE *out)
{
	width = usable(width);
	fputs("Usage: nook [OPTIONS] COMMAND [ARG...]\n\n", out);
	wrap(out,
	     "Run a process in namespaces of its own: its own files, host name, processes, "
	     "users, network and clock.",
	     0, 0, width);
	commands(nk_commands, width, out);
	options(nk_global_options, width, out);
	examples("nook run\ta shell in a throw-away copy of this machine\n"
		 "nook run host ps ax\tone command in it\n"
		 "nook run --rootfs ./debian --memory 64m -it bash\ta tree of your own, with a "
		 "limit\n"
		 "nook run --explain host true\tshow each step and run nothing\n"
		 "nook COMMAND --help\tthe options of a command",
		 width, out);
}
