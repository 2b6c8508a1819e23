/* SPDX-License-Identifier: Apache-2.0 */
/* The name that a person probably meant. */
#include <string.h>

#include "cli/option.h"

/* Longer words are not compared: nobody mistypes one by two letters in forty. */
#define LONGEST 40

/* Edit distance of a, la letters long, and b; both at most LONGEST. Neighbours that have changed
 * places are one mistake, as fingers make them. */
static unsigned distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned rows[3][LONGEST + 1], *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *spare = before;

		before = above;
		above = row;
		row = spare;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

void nk_nearest_init(struct nk_nearest *s, const char *word, size_t len)
{
	/* A third of the letters may be wrong. */
	*s = (struct nk_nearest){.word = word, .len = len, .distance = (unsigned)(len + 2) / 3};
	if (s->distance >= len)
		s->distance = len ? (unsigned)len - 1 : 0;
}

void nk_nearest_offer(struct nk_nearest *s, const char *name)
{
	size_t len = strlen(name);

	if (len > LONGEST || s->len > LONGEST)
		return;
	unsigned d = distance(s->word, s->len, name, len);
	if (d < s->distance || (d == s->distance && !s->best)) {
		s->distance = d;
		s->best = name;
	}
}
