/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/value.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && digit(s[n]))
		n++;
	return n;
}

int nk_value_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!len || digits(text, len) != len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(text[i] - '0'), &n) || n > max)
			return -EINVAL;
	*out = n;
	return 0;
}

int nk_value_decimal(const char *text, size_t len, unsigned places, int64_t *out)
{
	bool minus = len && text[0] == '-';
	int64_t n = 0;

	if (minus || (len && text[0] == '+')) {
		text++;
		len--;
	}
	size_t whole = digits(text, len), frac = 0;
	if (!whole)
		return -EINVAL;
	if (whole < len) {
		if (text[whole] != '.')
			return -EINVAL;
		frac = len - whole - 1;
		if (!frac || frac > places || digits(text + whole + 1, frac) != frac)
			return -EINVAL;
	}
	for (size_t i = 0; i < whole + places; i++) {
		int d = i < whole ? text[i] - '0' : i - whole < frac ? text[i + 1] - '0' : 0;
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, d, &n))
			return -EINVAL;
	}
	*out = minus ? -n : n;
	return 0;
}

/* The number in front of a unit: digits and at most one point (and a sign). */
static size_t number_part(const char *text, size_t len)
{
	size_t n = len && (text[0] == '-' || text[0] == '+');

	while (n < len && (digit(text[n]) || text[n] == '.'))
		n++;
	return n;
}

int nk_value_size(const char *text, uint64_t *out)
{
	static const char units[] = "bkmgtp";
	size_t len = strlen(text), n = number_part(text, len);
	const char *unit = text + n;
	unsigned shift = 0;
	int64_t thousandth;

	if (*unit) {
		const char *u = strchr(units, *unit | 0x20);
		if (!u)
			return -EINVAL;
		shift = 10 * (unsigned)(u - units);
		if (unit[1] &&
		    (!shift || (strcasecmp(unit + 1, "b") != 0 && strcasecmp(unit + 1, "ib") != 0)))
			return -EINVAL;
	}
	if (!digit(text[0]) || nk_value_decimal(text, n, 3, &thousandth) < 0)
		return -EINVAL;
	/* In 128 bits nothing is lost: 2^63 thousandths times 2^50. */
	unsigned __int128 bytes = ((unsigned __int128)(uint64_t)thousandth << shift) / 1000;
	if (bytes > INT64_MAX)
		return -EINVAL;
	*out = (uint64_t)bytes;
	return 0;
}

int nk_value_duration(const char *text, size_t len, int64_t *out)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{"", 1000000000},
		{"s", 1000000000},
		{"ms", 1000000},
		{"us", 1000},
		{"ns", 1},
		{"m", 60 * 1000000000LL},
		{"h", 3600 * 1000000000LL},
		{"d", 86400 * 1000000000LL},
	};
	size_t n = number_part(text, len);

	for (size_t i = 0; i < NK_COUNT(units); i++) {
		int64_t billionth;
		if (strlen(units[i].name) != len - n ||
		    strncmp(units[i].name, text + n, len - n) != 0)
			continue;
		if (nk_value_decimal(text, n, 9, &billionth) < 0)
			return -EINVAL;
		__int128 ns = (__int128)billionth * units[i].ns / 1000000000;
		if (ns > INT64_MAX || ns < -INT64_MAX)
			return -EINVAL;
		*out = (int64_t)ns;
		return 0;
	}
	return -EINVAL;
}

int nk_value_bool(const char *text, bool *out)
{
	bool yes = !strcmp(text, "true") || !strcmp(text, "1");

	if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
		return -EINVAL;
	*out = yes;
	return 0;
}

int nk_value_cpu_list(const char *text)
{
	for (;;) {
		size_t len = strcspn(text, ","), first = digits(text, len);
		uint64_t from, to;
		if (nk_value_number(text, first, 8191, &from) < 0)
			return -EINVAL;
		if (first < len &&
		    (text[first] != '-' ||
		     nk_value_number(text + first + 1, len - first - 1, 8191, &to) < 0 ||
		     to < from))
			return -EINVAL;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

const char *nk_value_clean_path(struct nk_arena *a, const char *path)
{
	char *out = nk_alloc(a, strlen(path) + 2), *end = out;

	if (!out)
		return "";
	while (*path) {
		size_t len = strcspn(path, "/");
		if (len == 2 && !strncmp(path, "..", 2)) {
			while (end > out && *--end != '/')
				;
		} else if (len && !(len == 1 && *path == '.')) {
			*end++ = '/';
			memcpy(end, path, len);
			end += len;
		}
		path += len + (path[len] != 0);
	}
	if (end == out)
		*end++ = '/';
	*end = 0;
	return out;
}

char *nk_value_part(struct nk_arena *a, const char **rest, char separator)
{
	const char *begin = *rest;

	if (!begin)
		return NULL;
	const char *end = strchr(begin, separator);
	size_t len = end ? (size_t)(end - begin) : strlen(begin);
	*rest = end ? end + 1 : NULL;
	return nk_strndup(a, begin, len);
}
