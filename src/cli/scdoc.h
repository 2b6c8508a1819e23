/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of man pages in scdoc that the pages of nook and of nook-runtime share. */
#ifndef NK_CLI_SCDOC_H
#define NK_CLI_SCDOC_H

#include <stdio.h>

#include "cli/option.h"

/* Text, with a backslash before the letters that would begin something in scdoc. */
void nk_scdoc_plain(FILE *out, const char *text);

/*
 * The same, with a capital first: a line of --help becomes a sentence. Not a value that is typed:
 * "text (default) or json".
 */
void nk_scdoc_sentence(FILE *out, const char *text);

/* Each line of the text a paragraph. */
void nk_scdoc_paragraphs(FILE *out, const char *text);

/* A section of that title (NULL: no heading) with every option that is shown, and --help. */
void nk_scdoc_options(FILE *out, const struct nk_option *table, const char *title);

#endif
