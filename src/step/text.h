/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of a plan as text for a terminal, for C and for a shell: whatever bytes they hold. */
#ifndef NK_STEP_TEXT_H
#define NK_STEP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Length of the character at s (at most n bytes) if it is well-formed UTF-8
 * that a terminal shows without obeying it; 0 for control characters, for
 * characters that turn the writing direction round, and for stray bytes.
 */
size_t nk_text_shown(const char *s, size_t n);
bool nk_text_is_utf8(const char *s, size_t n);

/* Characters of s up to its end; as many columns where none is wide. */
size_t nk_text_columns(const char *s);

/* As it is, but \n \t \xNN for what a terminal must not see. */
void nk_text_plain(FILE *out, const char *s);
/* The same in double quotes; longer than max bytes: "the beginning…the end" (0 = whole). */
void nk_text_quoted(FILE *out, const char *s, size_t max);

/* A C string literal of n bytes, ASCII only, no trigraphs. */
void nk_text_c(FILE *out, const char *s, size_t n);
/* Safe within a comment: no end of comment, no line splice, one line. */
void nk_text_comment(FILE *out, const char *s);
/* One word of a shell, quoted only where it must be. */
void nk_text_sh(FILE *out, const char *s);

#endif
