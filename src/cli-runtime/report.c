/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors and notices as callers of runc read them: with --log, a line in that file (text as
 * logrus writes it, or JSON), which containerd, Docker and Podman read; and the bare words on
 * standard error. Without --log the line itself goes to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "cli-runtime/runtime_cli.h"
#include "state/record.h"

static void put(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nowhere left to say it */
		buf += n;
		len -= (size_t)n;
	}
}

static const char *level_word(enum nk_log_level level)
{
	return level == NK_LOG_WARN ? "warning" : nk_log_level_name(level);
}

/* msg as a JSON string, which is how logrus quotes it in text, too. Each control byte takes six
 * of it: nothing of a fixed size holds a line, and half a line is no JSON. */
static char *text_line(enum nk_log_level level, const char *when, const char *msg)
{
	_json_ struct nk_json_out j = {.utf8_only = true};
	char *text = NULL;

	nk_json_str(&j, NULL, msg);
	if (asprintf(&text, "time=\"%s\" level=%s msg=%s\n", when, level_word(level),
		     j.buf && !j.failed ? j.buf : "\"\"") < 0)
		return NULL;
	return text;
}

static char *json_line(enum nk_log_level level, const char *when, const char *msg)
{
	_json_ struct nk_json_out j = {.utf8_only = true};
	char *text = NULL;

	nk_json_open(&j, NULL, '{');
	nk_json_str(&j, "level", level_word(level));
	nk_json_str(&j, "msg", msg);
	nk_json_str(&j, "time", when);
	nk_json_close(&j);
	if (j.failed || asprintf(&text, "%s\n", j.buf) < 0)
		return NULL;
	return text;
}

static void line(const struct nk_rt *rt, int fd, enum nk_log_level level, const char *msg)
{
	struct timespec now;
	char when[96];

	clock_gettime(CLOCK_REALTIME, &now);
	nk_time_text(when, &now);

	_free_ char *text = rt->json ? json_line(level, when, msg) : text_line(level, when, msg);

	if (text)
		put(fd, text, strlen(text));
}

/* Control characters of a hostile name: ASCII's, and U+0080 to U+009F, of which U+009B begins an
 * escape sequence. */
static bool steers(const char *s)
{
	unsigned char c = (unsigned char)s[0], next = (unsigned char)s[1];

	return (c < 0x20 && !(c == '\n' && !next)) || c == 0x7f ||
	       (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

static void to_stderr(const char *word, const char *msg)
{
	char buf[1400];

	snprintf(buf, sizeof(buf), "%s%s\n", word, msg);
	for (char *c = buf; *c; c++)
		if (steers(c))
			*c = '?';
	put(STDERR_FILENO, buf, strlen(buf));
}

int nk_rt_error(struct nk_rt *rt, const struct nk_err *e)
{
	bool person = isatty(STDERR_FILENO);

	if (rt->log_fd >= 0)
		line(rt, rt->log_fd, NK_LOG_ERROR, e->msg);
	if (rt->log_fd >= 0 || person)
		to_stderr(person ? "nook-runtime: " : "", e->msg);
	else
		line(rt, STDERR_FILENO, NK_LOG_ERROR, e->msg);
	if (e->hint[0] && (person || rt->debug))
		to_stderr("hint: ", e->hint);
	return 1;
}

static void sink(void *context, enum nk_log_level level, const char *text)
{
	const struct nk_rt *rt = context;

	if (rt->log_fd >= 0)
		line(rt, rt->log_fd, level, text);
	else if (isatty(STDERR_FILENO))
		to_stderr("nook-runtime: ", text);
	else
		line(rt, STDERR_FILENO, level, text);
}

int nk_rt_log_start(struct nk_rt *rt, struct nk_err *e)
{
	if (rt->log && *rt->log) {
		rt->log_fd = open(rt->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		if (rt->log_fd < 0)
			return nk_fail(e, errno, "--log %.200s", rt->log);
	}
	nk_log_set(&(struct nk_log_sink){sink, rt, rt->log_level});
	return 0;
}
