/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plain.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at s that may be shown, 0 when it is none. */
static size_t shown(const unsigned char *s)
{
	static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;
	unsigned c = s[0];

	if (n <= 1)
		return n && c >= 0x20 && c != 0x7f ? 1 : 0;
	c &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < smallest[n] || c < 0xa0 || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		return 0;
	return n;
}

const char *nk_cli_plain(struct nk_arena *a, const char *text)
{
	char *copy = nk_strdup(a, text);

	for (unsigned char *s = (unsigned char *)copy; *s;) {
		size_t n = shown(s);

		if (!n)
			*s = '?';
		s += n ? n : 1;
	}
	return copy;
}

int nk_cli_columns(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

const char *nk_cli_cut(struct nk_arena *a, const char *text, int columns)
{
	int n = 0;
	size_t at = 0;

	if (nk_cli_columns(text) <= columns)
		return text;
	while (text[at] && n < columns - 1) {
		at++;
		while ((text[at] & 0xc0) == 0x80)
			at++;
		n++;
	}
	return nk_fmt(a, "%.*s…", (int)at, text);
}

/* The terminal's characters: as setlocale(3) would choose, which a static program cannot ask. */
bool nk_cli_utf8(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}
