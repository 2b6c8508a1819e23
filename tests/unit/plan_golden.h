/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden files of plans: a line a step, below data/plan. What a plan has in common with a plain one
 * is one line. UPDATE_GOLDEN=1 writes the files anew; then read git diff.
 */
#ifndef NK_TEST_PLAN_GOLDEN_H
#define NK_TEST_PLAN_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "step/step.h"
#include "sys/batch.h"

/* The step as a call, then whole strings where the call cuts them, tolerated errnos, undo. */
static inline void print_step(FILE *out, const struct nk_plan *p, const struct nk_step *s)
{
	char call[2048];

	nk_step_call(p, s, call, sizeof(call));
	fprintf(out, "%-6s %-12s %s", nk_actor_name((enum nk_actor)s->actor),
		nk_topic_name((enum nk_topic)s->topic), call);
	for (int k = 0; k < 2 && strstr(call, "…"); k++)
		if (s->s[k])
			fprintf(out, " [%s]", s->s[k]);
	for (int j = 0; j < 3; j++)
		if (s->soft[j])
			fprintf(out, " !%s", strerrorname_np(s->soft[j]));
	if (s->undo_of >= 0) {
		nk_step_call(p, &p->steps.v[s->undo_of], call, sizeof(call));
		fprintf(out, " undoes %s", call);
	}
	fputc('\n', out);
	/* What a batch says, a line a message. */
	if (s->op == NK_OP_NETLINK) {
		const struct nk_batch *b = s->p[0];
		size_t n = b->words.n;
		for (const char *at = b->words.v, *end; n; n -= (size_t)(end - at), at = end) {
			end = memchr(at, '\n', n);
			end = end ? end + 1 : at + n;
			fprintf(out, "       | %.*s", (int)(end - at), at);
		}
	}
}

static inline char *print(const struct nk_plan *p)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < p->steps.n; i++)
		print_step(out, p, &p->steps.v[i]);
	fclose(out);
	return text;
}

static inline const char *next_line(const char *text)
{
	text = strchrnul(text, '\n');
	return *text ? text + 1 : text;
}

static inline bool same_line(const char *a, const char *b)
{
	size_t n = strcspn(a, "\n");

	return n && n == strcspn(b, "\n") && !memcmp(a, b, n);
}

/* How many lines both have in common from here on. */
static inline unsigned common(const char *a, const char *b)
{
	unsigned n = 0;

	for (; same_line(a, b); a = next_line(a), b = next_line(b))
		n++;
	return n;
}

/*
 * What is as in the plain plan, and in its order, becomes one line that says how many steps
 * and with which they begin: so a file shows what its cell is about, and a change of what
 * all plans have in common is one change.
 */
static inline char *fold(const char *text, const char *plain)
{
	char *folded = NULL;
	size_t size;
	FILE *out = open_memstream(&folded, &size);

	while (*text) {
		const char *best = plain;
		unsigned most = 0, n;

		for (const char *at = plain; *at; at = next_line(at))
			if ((n = common(text, at)) > most) {
				most = n;
				best = at;
			}
		if (most > 3)
			fprintf(out, "… %u steps as in plain, from %.*s\n", most,
				(int)strcspn(text, "\n"), text);
		else
			fprintf(out, "%.*s\n", (int)strcspn(text, "\n"), text);
		for (n = most > 3 ? most : 1; n; n--)
			text = next_line(text);
		for (n = most > 3 ? most : 0; n; n--)
			plain = best = next_line(best);
	}
	fclose(out);
	return folded;
}

/* The first line that differs says more than two texts of a hundred lines. */
static inline void differs(const char *name, const char *want, const char *got)
{
	int line = 1;

	while (*want && *got) {
		size_t w = strcspn(want, "\n"), g = strcspn(got, "\n");
		if (w != g || memcmp(want, got, w))
			break;
		want += w + (want[w] == '\n');
		got += g + (got[g] == '\n');
		line++;
	}
	fail_msg("data/plan/%s:%d\n  golden: %.*s\n  now:    %.*s\n"
		 "  (UPDATE_GOLDEN=1 writes the files anew; then read git diff)",
		 name, line, (int)strcspn(want, "\n"), want, (int)strcspn(got, "\n"), got);
}

static inline void compare(const char *name, const char *got)
{
	_free_ char *path = NULL, *want = NULL;
	size_t cap = 0;
	bool update = getenv("UPDATE_GOLDEN");

	assert_true(asprintf(&path, "%s/plan/%s", NK_TEST_DATA, name) > 0);
	_fclose_ FILE *file = fopen(path, update ? "w" : "r");
	if (!file)
		fail_msg("%s is missing (UPDATE_GOLDEN=1 makes it)", path);
	if (update) {
		fputs(got, file);
		return;
	}
	assert_true(getdelim(&want, &cap, '\0', file) > 0);
	if (strcmp(want, got))
		differs(name, want, got);
}

#endif
