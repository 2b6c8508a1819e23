/* SPDX-License-Identifier: Apache-2.0 */
#include "step/text.h"

#include <stdint.h>
#include <string.h>

/* Bytes of the well-formed UTF-8 character at s, its code point in *cp; 0 if it is none. */
static size_t utf8(const char *s, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)s;
	size_t len = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 0;

	if (!len || len > n || u[0] > 0xf4)
		return 0;
	*cp = len == 1 ? u[0] : u[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (u[i] & 0x3f);
	}
	if (*cp < least[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return len;
}

size_t nk_text_shown(const char *s, size_t n)
{
	uint32_t c;
	size_t len = n ? utf8(s, n, &c) : 0;

	if (!len || c < 0x20 || (c >= 0x7f && c < 0xa0))
		return 0;
	/* Zero width and bidirectional controls show a path that is not there. */
	if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0x61c || c == 0xfeff)
		return 0;
	return len;
}

bool nk_text_is_utf8(const char *s, size_t n)
{
	uint32_t c;

	while (n) {
		size_t len = utf8(s, n, &c);

		if (!len)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

size_t nk_text_columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void put_shown(FILE *out, const char *s, size_t n, bool quoted)
{
	while (n) {
		size_t len = nk_text_shown(s, n);

		if (quoted && (*s == '"' || *s == '\\'))
			fputc('\\', out);
		if (len)
			fwrite(s, 1, len, out);
		else if (*s == '\n' || *s == '\t')
			fputs(*s == '\n' ? "\\n" : "\\t", out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*s);
		len = len ? len : 1;
		s += len;
		n -= len;
	}
}

void nk_text_plain(FILE *out, const char *s)
{
	put_shown(out, s, strlen(s), false);
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void nk_text_quoted(FILE *out, const char *s, size_t max)
{
	size_t n = strlen(s);

	fputc('"', out);
	if (max == 0 || n <= max) {
		put_shown(out, s, n, true);
	} else {
		size_t head = max / 2, tail = n - max / 2;

		while (head && continues(s[head]))
			head--;
		while (tail < n && continues(s[tail]))
			tail++;
		put_shown(out, s, head, true);
		fputs("…", out);
		put_shown(out, s + tail, n - tail, true);
	}
	fputc('"', out);
}

void nk_text_c(FILE *out, const char *s, size_t n)
{
	fputc('"', out);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			/* one line of the text, one line of the program */
			fputs(i + 1 < n ? "\\n\"\n\t\t\"" : "\\n", out);
		else if (c == '\t')
			fputs("\\t", out);
		else if (c == '?' && i && s[i - 1] == '?')
			fputs("\\?", out);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\%03o", c); /* three digits: the next one is not eaten */
		else
			fputc(c, out);
	}
	fputc('"', out);
}

void nk_text_comment(FILE *out, const char *s)
{
	for (size_t n = strlen(s); n;) {
		size_t len = nk_text_shown(s, n);

		if (!len)
			fprintf(out, "<%02x>", (unsigned char)*s);
		else if ((*s == '*' && s[1] == '/') || (*s == '/' && s[1] == '*'))
			fprintf(out, "%c ", *s);
		else if (*s == '\\' || (*s == '?' && s[1] == '?'))
			fprintf(out, "%c ", *s); /* a splice or a trigraph must not arise */
		else
			fwrite(s, 1, len, out);
		len = len ? len : 1;
		s += len;
		n -= len;
	}
}

void nk_text_sh(FILE *out, const char *s)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_-+./:,@%";

	if (*s && s[strspn(s, safe)] == '\0') {
		fputs(s, out);
		return;
	}
	fputc('\'', out);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", out);
		else
			fputc(*s, out);
	}
	fputc('\'', out);
}
