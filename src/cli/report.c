/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each report is built in one buffer and written by one write(2), so that lines
 * of several processes do not mix, and without stdio, which the start of a
 * container does not need.
 */
#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RED "\033[1;31m"
#define CYAN "\033[36m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

static void put(const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, buf, len);
		if (n <= 0)
			return; /* nowhere left to say it */
		buf += n;
		len -= (size_t)n;
	}
}

static size_t add(char *buf, size_t at, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static size_t add(char *buf, size_t at, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(buf + at, size - at, fmt, ap);
	va_end(ap);
	if (n < 0)
		return at;
	return at + (size_t)n < size ? at + (size_t)n : size - 1;
}

/* Control characters of a hostile name must not reach the terminal. */
static void tame(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

/* Length of the well-formed UTF-8 sequence at s, 0 when it is none. */
static size_t utf8(const unsigned char *s)
{
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

size_t nk_report_json_string(char *buf, size_t at, size_t size, const char *s)
{
	at = add(buf, at, size, "\"");
	for (; *s;) {
		unsigned char c = (unsigned char)*s;
		size_t n = utf8((const unsigned char *)s);
		if (c == '"' || c == '\\')
			at = add(buf, at, size, "\\%c", c);
		else if (c < 0x20)
			at = add(buf, at, size, "\\u%04x", c);
		else if (!n) /* a byte that is no UTF-8 */
			at = add(buf, at, size, "\\ufffd");
		else
			at = add(buf, at, size, "%.*s", (int)n, s);
		s += n ? n : 1;
	}
	return add(buf, at, size, "\"");
}

bool nk_cli_colour(const struct nk_cli *cli, int fd)
{
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");

	return !cli->no_color && !(off && off[0]) && !(term && !strcmp(term, "dumb")) && isatty(fd);
}

int nk_cli_width(int fd)
{
	struct winsize w;

	return ioctl(fd, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

static size_t error_json(char *buf, size_t size, const struct nk_err *e, int code)
{
	size_t at = add(buf, 0, size, "{\"error\":{\"message\":");

	at = nk_report_json_string(buf, at, size, e->msg);
	at = add(buf, at, size, ",\"hint\":");
	at = e->hint[0] ? nk_report_json_string(buf, at, size, e->hint)
			: add(buf, at, size, "null");
	return add(buf, at, size, ",\"errno\":%d,\"step\":%d,\"exit\":%d}}\n", e->err, e->step, code);
}

static size_t error_text(char *buf, size_t size, const struct nk_err *e, bool colour)
{
	struct nk_err tamed = *e;

	tame(tamed.msg);
	tame(tamed.hint);
	size_t at = add(buf, 0, size, "%snook:%s %s\n", colour ? RED : "", colour ? PLAIN : "",
			tamed.msg);
	if (tamed.hint[0])
		at = add(buf, at, size, "%shint:%s %s\n", colour ? CYAN : "", colour ? PLAIN : "",
			 tamed.hint);
	return at;
}

int nk_cli_error(struct nk_cli *cli, const struct nk_err *e)
{
	char buf[6 * sizeof(*e)]; /* every letter may become \u00XX */
	int code = e->exit ? e->exit : NK_EXIT_FAULT;
	size_t n = cli->json_errors
			   ? error_json(buf, sizeof(buf), e, code)
			   : error_text(buf, sizeof(buf), e, nk_cli_colour(cli, STDERR_FILENO));

	put(buf, n);
	return code;
}

static void log_line(void *context, enum nk_log_level level, const char *line)
{
	const struct nk_cli *cli = context;
	const char *name = nk_log_level_name(level);
	char buf[6 * 1024 + 64], text[1024];
	size_t at;

	if (cli->json_log) {
		at = add(buf, 0, sizeof(buf), "{\"level\":\"%s\",\"message\":", name);
		at = nk_report_json_string(buf, at, sizeof(buf), line);
		at = add(buf, at, sizeof(buf), "}\n");
	} else {
		bool colour = nk_cli_colour(cli, STDERR_FILENO);
		snprintf(text, sizeof(text), "%s", line);
		tame(text);
		at = add(buf, 0, sizeof(buf), "%snook: %s:%s %s\n", colour ? YELLOW : "", name,
			 colour ? PLAIN : "", text);
	}
	put(buf, at);
}

void nk_report_log_start(struct nk_cli *cli)
{
	nk_log_set(&(struct nk_log_sink){log_line, cli, cli->log_level});
}
