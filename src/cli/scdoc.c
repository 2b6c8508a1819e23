/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scdoc.h"

#include <string.h>

void nk_scdoc_plain(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\*_~#<>[]|", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

void nk_scdoc_sentence(FILE *out, const char *text)
{
	bool value = !strncmp(text + strcspn(text, " "), " (default)", 10);
	bool capital = text[0] >= 'a' && text[0] <= 'z' && !value;

	if (capital)
		fputc(text[0] & ~0x20, out);
	nk_scdoc_plain(out, text + capital);
}

static void option(FILE *out, const struct nk_option *o)
{
	if (o->letter)
		fprintf(out, "*-%c*, ", o->letter);
	fprintf(out, "*--%s*", o->name);
	if (o->metavar) {
		fputs(o->optional ? "[=" : " ", out);
		nk_scdoc_plain(out, o->metavar);
		if (o->optional)
			fputs("]", out);
	}
	fputs("\n\t", out);
	nk_scdoc_sentence(out, o->help);
	fputs(".", out);
	if (o->more)
		fprintf(out, " %s", o->more);
	fputs("\n\n", out);
}

void nk_scdoc_options(FILE *out, const struct nk_option *table, const char *title)
{
	if (title)
		fprintf(out, "# %s\n\n", title);
	for (const struct nk_option *o = table; o && o->name; o++) {
		if (o->hidden)
			continue;
		if (o->group && title && strcmp(title, o->group) != 0)
			fprintf(out, "## %s\n\n", o->group);
		option(out, o);
	}
	fputs("*--help*\n\tExplain the command and its options.\n\n", out);
}

void nk_scdoc_paragraphs(FILE *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		char letter[2] = {*c, 0};
		if (*c == '\n')
			fputs("\n\n", out);
		else
			nk_scdoc_plain(out, letter);
	}
	fputs("\n\n", out);
}
