/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where notices go. Nothing below src/cli prints: it hands a line to the sink
 * that the program (or the user of the library) has set. Without a sink, or
 * below its level, a line costs one comparison.
 */
#ifndef NK_BASE_LOG_H
#define NK_BASE_LOG_H

#include <stdbool.h>

enum nk_log_level { NK_LOG_ERROR, NK_LOG_WARN, NK_LOG_INFO, NK_LOG_DEBUG };

/* One line, no newline at its end. It may call errno-changing functions. */
struct nk_log_sink {
	void (*write)(void *context, enum nk_log_level level, const char *line);
	void *context;
	enum nk_log_level level; /* lines above it are dropped */
};

/* The one sink of the process; not to be changed while threads log. */
void nk_log_set(const struct nk_log_sink *sink);

bool nk_log_wants(enum nk_log_level level);

/* Keeps errno. Lines of more than 1,000 bytes are cut. */
void nk_log(enum nk_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "error", "warn", "info", "debug", and back: -1 when it is none of them. */
const char *nk_log_level_name(enum nk_log_level level);
int nk_log_level_by_name(const char *name);

#endif
