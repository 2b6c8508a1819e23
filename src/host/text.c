/* SPDX-License-Identifier: Apache-2.0 */
#include "host/text.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"

char *nk_text_read(const char *path, size_t max)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t cap = 4096, n = 0;

	if (fd < 0)
		return NULL;
	char *buf = malloc(cap);
	while (buf) {
		ssize_t got = read(fd, buf + n, cap - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || n + (size_t)(got > 0 ? got : 0) > max) {
			int err = got < 0 ? errno : EFBIG;
			free(buf);
			errno = err;
			return NULL;
		}
		if (!got)
			break;
		n += (size_t)got;
		if (n + 1 < cap)
			continue;
		cap *= 2;
		char *more = realloc(buf, cap);
		if (!more)
			free(buf);
		buf = more;
	}
	if (!buf) {
		errno = ENOMEM;
		return NULL;
	}
	buf[n] = '\0';
	return buf;
}

bool nk_text_u32(const char *s, size_t n, uint32_t *value)
{
	uint64_t v = 0;

	if (!n || n > 10)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	if (v > UINT32_MAX)
		return false;
	*value = (uint32_t)v;
	return true;
}

const char *nk_text_line(const char **cursor, size_t *n)
{
	const char *line = *cursor;

	if (!*line)
		return NULL;
	const char *end = strchrnul(line, '\n');
	*n = (size_t)(end - line);
	*cursor = *end ? end + 1 : end;
	return line;
}

size_t nk_text_split(const char *line, size_t n, char sep, struct nk_field *f, size_t max)
{
	size_t fields = 0, start = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && line[i] != sep)
			continue;
		if (fields == max)
			return max + 1;
		f[fields++] = (struct nk_field){line + start, i - start};
		start = i + 1;
	}
	return fields;
}

bool nk_field_is(struct nk_field f, const char *s)
{
	return f.n == strlen(s) && !memcmp(f.s, s, f.n);
}
