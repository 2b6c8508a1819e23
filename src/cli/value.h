/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options as text: strict readers that never guess. 0, or -EINVAL. */
#ifndef NK_CLI_VALUE_H
#define NK_CLI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* len decimal digits, nothing else, at most max. */
int nk_value_number(const char *text, size_t len, uint64_t max, uint64_t *out);
/* "64m", "1.5g", "512k", "10mb", "4MiB", "4096": bytes, units are powers of 1024. */
int nk_value_size(const char *text, uint64_t *out);
/* "-1.5" as a number of 10^-places; more digits than places are refused. */
int nk_value_decimal(const char *text, size_t len, unsigned places, int64_t *out);
/* "90", "-1.5", "10m", "2h", "1d", "250ms": nanoseconds; seconds without a unit. */
int nk_value_duration(const char *text, size_t len, int64_t *out);
/* "true", "1" / "false", "0". */
int nk_value_bool(const char *text, bool *out);
/* "0-3,7": the kernel's list of CPUs or memory nodes. */
int nk_value_cpu_list(const char *text);

/* Absolute path without "//", "/./", "/../" and a "/" at its end (by text, as Docker does). */
const char *nk_value_clean_path(struct nk_arena *a, const char *path);

/* Take the part of *rest before the next separator; NULL when nothing is left.
 * An empty string has one empty part. */
char *nk_value_part(struct nk_arena *a, const char **rest, char separator);

#endif
