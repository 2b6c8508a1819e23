/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct nk_log_sink sink;

static const char *const names[] = {
	[NK_LOG_ERROR] = "error",
	[NK_LOG_WARN] = "warn",
	[NK_LOG_INFO] = "info",
	[NK_LOG_DEBUG] = "debug",
};

void nk_log_set(const struct nk_log_sink *s)
{
	sink = *s;
}

bool nk_log_wants(enum nk_log_level level)
{
	return sink.write && level <= sink.level;
}

void nk_log(enum nk_log_level level, const char *fmt, ...)
{
	char line[1000];
	int saved = errno;
	va_list ap;

	if (!nk_log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	sink.write(sink.context, level, line);
	errno = saved;
}

const char *nk_log_level_name(enum nk_log_level level)
{
	return names[level];
}

int nk_log_level_by_name(const char *name)
{
	for (int i = NK_LOG_ERROR; i <= NK_LOG_DEBUG; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}
