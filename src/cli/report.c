/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each report in text is built in one buffer and written by one write(2), so that
 * lines of several processes do not mix, and without stdio, which the start of a
 * container does not need.
 */
#include "cli/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/json_out.h"

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

/* Control characters of a hostile name must not reach the terminal: neither ASCII's
 * nor U+0080 to U+009F, of which U+009B begins an escape sequence. */
static void tame(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f ||
		    ((unsigned char)*s == 0xc2 && (unsigned char)s[1] >= 0x80 &&
		     (unsigned char)s[1] < 0xa0))
			*s = '?';
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

/* One line of JSON; without memory for it, at least the bare fact. */
static void put_json(struct nk_json_out *j)
{
	static char poor[] = "{\"error\":{\"message\":\"out of memory\"}}", newline[] = "\n";
	struct iovec line[] = {
		{j->failed ? poor : j->buf, j->failed ? sizeof(poor) - 1 : j->n},
		{newline, 1},
	};

	if (writev(STDERR_FILENO, line, 2) < 0)
		return; /* nowhere left to say it */
}

static void error_json(const struct nk_err *e, int code)
{
	_json_ struct nk_json_out j = {.utf8_only = true};

	nk_json_open(&j, NULL, '{');
	nk_json_open(&j, "error", '{');
	nk_json_str(&j, "message", e->msg);
	nk_json_str(&j, "hint", e->hint[0] ? e->hint : NULL);
	nk_json_int(&j, "errno", e->err);
	nk_json_int(&j, "step", e->step);
	nk_json_int(&j, "exit", code);
	nk_json_close(&j);
	nk_json_close(&j);
	put_json(&j);
}

static void error_text(const struct nk_err *e, bool colour)
{
	char buf[sizeof(*e) + 64];
	struct nk_err tamed = *e;

	tame(tamed.msg);
	tame(tamed.hint);
	size_t at = add(buf, 0, sizeof(buf), "%snook:%s %s\n", colour ? RED : "",
			colour ? PLAIN : "", tamed.msg);
	if (tamed.hint[0])
		at = add(buf, at, sizeof(buf), "%shint:%s %s\n", colour ? CYAN : "",
			 colour ? PLAIN : "", tamed.hint);
	put(buf, at);
}

/* Errnos that mean the same wherever they come from. */
static const char *hint_of(int err)
{
	switch (err) {
	case EMFILE:
		return "nook needs about 64 open files: ulimit -n 1024";
	case ENFILE:
		return "this machine has too many open files: raise the sysctl fs.file-max";
	case ENOMEM:
		return "no memory left for nook: raise the limit around it (ulimit -v, a cgroup)";
	case ENOSPC:
	case EDQUOT:
		return "no room left there: free some, or name other places with --state and "
		       "--root";
	case EROFS:
		return "it is read-only there: name other places with --state DIR and --root DIR";
	case EACCES:
	case EPERM:
		return "this user may not: `nook doctor` says what it may";
	default:
		return NULL;
	}
}

void nk_cli_hint(const struct nk_cli *cli, const char *fmt, ...)
{
	bool colour = nk_cli_colour(cli, STDERR_FILENO);
	char buf[1200], text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tame(text);
	put(buf, add(buf, 0, sizeof(buf), "%shint:%s %s\n", colour ? CYAN : "", colour ? PLAIN : "",
		     text));
}

int nk_cli_error(struct nk_cli *cli, const struct nk_err *given)
{
	struct nk_err copy = *given, *e = &copy;
	int code = e->exit ? e->exit : NK_EXIT_FAULT;

	if (!e->hint[0] && hint_of(e->err))
		nk_hint(e, "%s", hint_of(e->err));

	if (cli->json_errors)
		error_json(e, code);
	else
		error_text(e, nk_cli_colour(cli, STDERR_FILENO));
	return code;
}

static void log_json(const char *level, const char *line)
{
	_json_ struct nk_json_out j = {.utf8_only = true};

	nk_json_open(&j, NULL, '{');
	nk_json_str(&j, "level", level);
	nk_json_str(&j, "message", line);
	nk_json_close(&j);
	put_json(&j);
}

static void log_line(void *context, enum nk_log_level level, const char *line)
{
	const struct nk_cli *cli = context;
	const char *name = nk_log_level_name(level);
	bool colour = nk_cli_colour(cli, STDERR_FILENO);
	char buf[1200], text[1024];

	if (cli->json_log) {
		log_json(name, line);
		return;
	}
	snprintf(text, sizeof(text), "%s", line);
	tame(text);
	put(buf, add(buf, 0, sizeof(buf), "%snook: %s:%s %s\n", colour ? YELLOW : "", name,
		     colour ? PLAIN : "", text));
}

void nk_report_log_start(struct nk_cli *cli)
{
	nk_log_set(&(struct nk_log_sink){log_line, cli, cli->log_level});
}
