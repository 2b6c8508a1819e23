/* SPDX-License-Identifier: Apache-2.0 */
/* The name that a person probably meant. */
#include <string.h>

#include "cli/option.h"

/* Longer words are not compared: nobody mistypes one by two letters in forty. */
#define LONGEST 40

/* Edit distance (Levenshtein) of a, la letters long, and b; both at most LONGEST. */
static unsigned distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned row[LONGEST + 1];

	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[lb];
}

void nk_nearest_init(struct nk_nearest *s, const char *word, size_t len)
{
	/* A third of the letters may be wrong, and never all of a short word. */
	*s = (struct nk_nearest){.word = word, .len = len, .distance = (unsigned)len / 3 + 1};
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
