/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/text.h"

enum { STATUS_MAX = 65536 };

/* Numbers between blanks: how many there are, at most max; -1 when something else is there. */
static int numbers(const char *s, size_t n, uint32_t *out, unsigned max)
{
	unsigned count = 0;
	size_t at = 0;

	for (;;) {
		while (at < n && (s[at] == ' ' || s[at] == '\t'))
			at++;
		if (at == n)
			return (int)count;
		size_t start = at;
		while (at < n && s[at] != ' ' && s[at] != '\t')
			at++;
		if (count == max || !nk_text_u32(s + start, at - start, &out[count]))
			return -1;
		count++;
	}
}

static bool mask(const char *s, size_t n, uint64_t *out)
{
	char digits[20], *end;

	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	if (!n || n > 16)
		return false;
	memcpy(digits, s, n);
	digits[n] = '\0';
	*out = strtoull(digits, &end, 16);
	return !*end;
}

static bool ids(const char *s, size_t n, uint32_t out[3])
{
	uint32_t v[4];

	if (numbers(s, n, v, 4) != 4)
		return false;
	memcpy(out, v, 3 * sizeof(*out));
	return true;
}

static bool one(const char *s, size_t n, pid_t *out)
{
	uint32_t v;

	if (numbers(s, n, &v, 1) != 1 || v > INT32_MAX)
		return false;
	*out = (pid_t)v;
	return true;
}

static bool chain(struct nk_ns_status *st, const char *s, size_t n)
{
	uint32_t v[NK_NSPID_LEVELS];
	int count = numbers(s, n, v, NK_NSPID_LEVELS);

	if (count < 1)
		return false;
	for (int i = 0; i < count; i++) {
		if (v[i] > INT32_MAX)
			return false;
		st->nspid[i] = (pid_t)v[i];
	}
	st->levels = (unsigned)count;
	return true;
}

enum { PID = 1, TGID = 2, PPID = 4, UID = 8, GID = 16, NEEDED = 31 };

/* Bit of what the line tells (0: nothing that has to be there), -1 when it is wrong. */
static int take(struct nk_ns_status *st, struct nk_field key, const char *v, size_t n)
{
	struct {
		const char *key;
		uint64_t *mask;
	} const caps[] = {
		{"CapInh", &st->inheritable}, {"CapPrm", &st->permitted},
		{"CapEff", &st->effective},   {"CapBnd", &st->bounding},
		{"CapAmb", &st->ambient},
	};
	pid_t number;

	if (nk_field_is(key, "Pid"))
		return one(v, n, &st->pid) ? PID : -1;
	if (nk_field_is(key, "Tgid"))
		return one(v, n, &st->tgid) ? TGID : -1;
	if (nk_field_is(key, "PPid"))
		return one(v, n, &st->ppid) ? PPID : -1;
	if (nk_field_is(key, "Uid"))
		return ids(v, n, st->uid) ? UID : -1;
	if (nk_field_is(key, "Gid"))
		return ids(v, n, st->gid) ? GID : -1;
	if (nk_field_is(key, "NSpid"))
		return chain(st, v, n) ? 0 : -1;
	if (nk_field_is(key, "State"))
		st->state = n > 1 ? v[1] : '?';
	if (nk_field_is(key, "NoNewPrivs"))
		return one(v, n, &number) ? (st->no_new_privs = number, 0) : -1;
	if (nk_field_is(key, "Seccomp"))
		return one(v, n, &number) ? (st->seccomp = (int)number, 0) : -1;
	for (size_t i = 0; i < NK_COUNT(caps); i++)
		if (nk_field_is(key, caps[i].key))
			return mask(v, n, caps[i].mask) ? 0 : -1;
	return 0;
}

int nk_ns_status_parse(struct nk_ns_status *s, const char *text)
{
	const char *line;
	int seen = 0;
	size_t n;

	*s = (struct nk_ns_status){.seccomp = -1};
	while ((line = nk_text_line(&text, &n))) {
		/* The name of the process is a line of its own too: the kernel escapes newlines. */
		const char *colon = memchr(line, ':', n);
		if (!colon)
			continue;
		size_t len = (size_t)(colon - line);
		int bit = take(s, (struct nk_field){line, len}, colon + 1, n - len - 1);
		if (bit < 0)
			return -EINVAL;
		seen |= bit;
	}
	return seen == NEEDED ? 0 : -EINVAL;
}

int nk_ns_status_read(struct nk_ns_status *s, pid_t pid, struct nk_err *e)
{
	char path[48];

	*s = (struct nk_ns_status){0};
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	_free_ char *text = pid > 0 ? nk_text_read(path, STATUS_MAX) : NULL;
	if (!text) {
		int err = pid > 0 && errno != ENOENT ? errno : ESRCH;

		if (err == EMFILE || err == ENFILE || err == ENOMEM)
			return nk_fail(e, err, "read %s", path);
		nk_fail(e, 0, "there is no process %d", (int)pid);
		e->err = err;
		nk_hint(e, "ps -e lists the processes of this machine");
		return -err;
	}
	if (nk_ns_status_parse(s, text) < 0)
		return nk_fail(e, EINVAL, "read %s", path);
	return 0;
}
