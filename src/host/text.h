/* SPDX-License-Identifier: Apache-2.0 */
/* Small text files of the system, read whole. */
#ifndef NK_HOST_TEXT_H
#define NK_HOST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The file as one string that the caller frees, or NULL with errno set. Files
 * of /proc (size 0) are fine. More than max bytes are refused with EFBIG: half
 * of a table is worse than none.
 */
char *nk_text_read(const char *path, size_t max);

/* Decimal digits only, no sign, no blank, nothing behind: true when s[0..n) is
 * such a number and fits. */
bool nk_text_u32(const char *s, size_t n, uint32_t *value);

/*
 * Walk over lines: *cursor starts at the text and moves on; answers the next
 * line with its length in *n, or NULL at the end. A last line without a newline
 * counts.
 */
const char *nk_text_line(const char **cursor, size_t *n);

/*
 * Split line[0..n) at a separator into at most max fields. Answers how many
 * there are, max + 1 when there are more.
 */
struct nk_field {
	const char *s;
	size_t n;
};
size_t nk_text_split(const char *line, size_t n, char sep, struct nk_field *f, size_t max);
bool nk_field_is(struct nk_field f, const char *s);

#endif
