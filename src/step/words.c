/* SPDX-License-Identifier: Apache-2.0 */
/* --explain: the plan as a story, one numbered step a line, told actor by actor. */
#include "step/ops.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "step/text.h"
#include "sys/batch.h"

enum {
	SIDE_BY_SIDE = 100, /* from this width on the call stands beside the words */
	WHY_MAX = 58,
	CALL_MAX = 1024,
	NO_CLONE = -1,
};

struct page {
	const struct nk_plan *plan;
	FILE *out;
	bool colour;
	int width;	 /* 0: endless */
	int topic_width; /* of the widest topic word */
	int why_width;	 /* of the words' column */
	bool beside;	 /* call in a column of its own */
	long clone;	 /* index of the parent's clone3, or NO_CLONE */
	bool any;	 /* something is printed already */
	bool cut;	 /* a call did not fit */
};

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define BLUE "\033[34m"
#define PLAIN "\033[0m"

static void ink(const struct page *pg, const char *code)
{
	if (pg->colour)
		fputs(code, pg->out);
}

static void heading(struct page *pg, const char *text)
{
	fputs(pg->any ? "\n" : "", pg->out);
	pg->any = true;
	ink(pg, BOLD);
	fputs(text, pg->out);
	ink(pg, PLAIN);
	fputc('\n', pg->out);
}

static void pad(FILE *out, int n)
{
	fprintf(out, "%*s", n > 0 ? n : 0, "");
}

/* Bytes of s that fit into columns, ending at a space where there is one. */
static size_t line_of(const char *s, int columns)
{
	size_t n = 0, last_space = 0;
	int used = 0;

	for (; s[n]; n++) {
		if (((unsigned char)s[n] & 0xc0) == 0x80)
			continue;
		if (used++ >= columns)
			return last_space ? last_space : n;
		if (s[n] == ' ')
			last_space = n;
	}
	return n;
}

/* The first columns of a string, with an ellipsis where it goes on. */
static void put_cut(FILE *out, const char *s, int columns)
{
	int used = 0;

	if (columns <= 0 || nk_text_columns(s) <= (size_t)columns) {
		fputs(s, out);
		return;
	}
	for (; *s; s++) {
		if (((unsigned char)*s & 0xc0) != 0x80 && used++ >= columns - 1)
			break;
		fputc(*s, out);
	}
	fputs("…", out);
}

/* The step's words, and where the other end of a message or an undo is. */
static char *words_of(const struct page *pg, size_t index)
{
	const struct nk_step *s = &pg->plan->steps.v[index];
	long partner = nk_step_partner(pg->plan, index);
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return NULL;
	nk_text_plain(f, s->why ? s->why : "");
	if (partner >= 0)
		fprintf(f, s->op == NK_OP_TELL ? " (to step %ld)" : " (from step %ld)",
			partner + 1);
	if (s->undo_of >= 0)
		fprintf(f, " (undoes step %d)", s->undo_of + 1);
	fclose(f);
	return text;
}

static int left_margin(const struct page *pg)
{
	return 4 + 2 + pg->topic_width + 2;
}

static void put_call(struct page *pg, const struct nk_step *s, int room)
{
	char call[CALL_MAX];

	nk_step_call(pg->plan, s, call, sizeof(call));
	ink(pg, DIM);
	put_cut(pg->out, call, pg->width ? room : 0);
	pg->cut |= pg->width && room > 0 && nk_text_columns(call) > (size_t)room;
	ink(pg, PLAIN);
}

static void put_step(struct page *pg, size_t index)
{
	const struct nk_step *s = &pg->plan->steps.v[index];
	_free_ char *words = words_of(pg, index);
	const char *rest = words ? words : "";
	int margin = left_margin(pg);

	for (bool first = true; first || *rest; first = false) {
		size_t n = line_of(rest, pg->why_width);
		int used = 0;

		if (first) {
			fprintf(pg->out, "%4zu  ", index + 1);
			ink(pg, BLUE);
			fprintf(pg->out, "%-*s  ", pg->topic_width, nk_topic_name(s->topic));
			ink(pg, PLAIN);
		} else {
			pad(pg->out, margin);
		}
		for (size_t i = 0; i < n; i++)
			used += ((unsigned char)rest[i] & 0xc0) != 0x80;
		fwrite(rest, 1, n, pg->out);
		rest += n;
		rest += strspn(rest, " ");
		if (first && pg->beside) {
			pad(pg->out, pg->why_width - used + 2);
			put_call(pg, s, pg->width - margin - pg->why_width - 2);
		}
		fputc('\n', pg->out);
	}
	if (!pg->beside) {
		pad(pg->out, margin);
		put_call(pg, s, pg->width - margin);
		fputc('\n', pg->out);
	}
}

static char *command(const struct nk_batch *b, const char *words, size_t size)
{
	_free_ char *raw = strndup(words, size);
	char *text = NULL;
	size_t n;
	FILE *f = raw ? open_memstream(&text, &n) : NULL;

	if (!f)
		return NULL;
	fputs(b->protocol == NETLINK_ROUTE ? "ip " : "nft ", f);
	nk_text_plain(f, raw);
	fclose(f);
	return text;
}

/* What a batch of netlink messages says, as a person would tell `ip` or `nft`. */
static void put_commands(struct page *pg, const struct nk_step *s)
{
	const struct nk_batch *b = s->p[0];
	int margin = left_margin(pg) + 2;

	for (size_t at = 0, n; b && at < b->words.n; at += n + 1) {
		const char *end = memchr(b->words.v + at, '\n', b->words.n - at);
		n = end ? (size_t)(end - b->words.v) - at : b->words.n - at;
		_free_ char *line = command(b, b->words.v + at, n);
		pad(pg->out, margin);
		ink(pg, DIM);
		put_cut(pg->out, line ? line : "", pg->width ? pg->width - margin : 0);
		ink(pg, PLAIN);
		fputc('\n', pg->out);
	}
}

/* Where a process is born: the directory that the slot was opened on. */
static const char *path_of_slot(const struct nk_plan *p, int slot)
{
	for (size_t i = 0; slot >= 0 && i < p->steps.n; i++)
		if (p->steps.v[i].out == slot && p->steps.v[i].s[0])
			return p->steps.v[i].s[0];
	return NULL;
}

/* "clone3: pid mount uts, born in /nook/web": the hinge of the story is a line of its own. */
static void put_clone(struct page *pg)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} kinds[] = {
		{0x10000000, "user"},	{0x20000000, "pid"},  {0x00020000, "mount"},
		{0x04000000, "uts"},	{0x08000000, "ipc"},  {0x40000000, "network"},
		{0x02000000, "cgroup"}, {0x00000080, "time"},
	};
	const struct nk_step *s = &pg->plan->steps.v[pg->clone];
	const char *path = path_of_slot(pg->plan, s->fd[0]);
	const char *sep = " new ";
	const char *end = " namespace";

	fprintf(pg->out, "\n%4ld  ", pg->clone + 1);
	ink(pg, BOLD);
	fputs("clone3:", pg->out);
	for (size_t i = 0; i < NK_COUNT(kinds); i++) {
		if (!(s->n[0] & kinds[i].flag))
			continue;
		fprintf(pg->out, "%s%s", sep, kinds[i].name);
		end = *sep == ',' ? " namespaces" : end;
		sep = ", ";
	}
	fputs(*sep == ',' ? end : " a process in the namespaces of nook", pg->out);
	if (path) {
		fputs(", born in ", pg->out);
		nk_text_plain(pg->out, path);
	}
	ink(pg, PLAIN);
	fputc('\n', pg->out);
	pg->any = true;
}

enum when { ALWAYS, BEFORE, SINCE };

static void group(struct page *pg, enum nk_actor actor, enum when when, const char *title)
{
	bool titled = false;

	for (size_t i = 0; i < pg->plan->steps.n; i++) {
		bool before = pg->clone == NO_CLONE || (long)i < pg->clone;

		if (pg->plan->steps.v[i].actor != actor || (long)i == pg->clone ||
		    (when != ALWAYS && before != (when == BEFORE)))
			continue;
		if (!titled)
			heading(pg, title);
		titled = true;
		put_step(pg, i);
		if (pg->plan->steps.v[i].op == NK_OP_NETLINK)
			put_commands(pg, &pg->plan->steps.v[i]);
	}
}

static void measure(struct page *pg)
{
	int longest = 0;

	pg->topic_width = 6;
	pg->clone = NO_CLONE;
	for (size_t i = 0; i < pg->plan->steps.n; i++) {
		const struct nk_step *s = &pg->plan->steps.v[i];
		int topic = (int)strlen(nk_topic_name(s->topic));
		_free_ char *words = words_of(pg, i);
		int why = words ? (int)nk_text_columns(words) : 0;

		pg->topic_width = topic > pg->topic_width ? topic : pg->topic_width;
		longest = why > longest ? why : longest;
		if (pg->clone == NO_CLONE && s->actor == NK_PARENT && s->op == NK_OP_CLONE3)
			pg->clone = (long)i;
	}
	pg->beside = pg->width == 0 || pg->width >= SIDE_BY_SIDE;
	if (pg->beside)
		pg->why_width = longest > WHY_MAX ? WHY_MAX : longest;
	else
		pg->why_width = pg->width - left_margin(pg);
	if (pg->beside && pg->width && pg->why_width > pg->width / 2 - 8)
		pg->why_width = pg->width / 2 - 8;
	if (pg->why_width < 16)
		pg->why_width = 16;
}

void nk_explain_words(const struct nk_plan *p, const struct nk_explain_style *style, FILE *out)
{
	struct page pg = {
		.plan = p,
		.out = out,
		.colour = style->colour,
		.width = style->width,
	};

	measure(&pg);
	group(&pg, NK_PARENT, BEFORE,
	      pg.clone == NO_CLONE ? "in nook" : "in nook, before the clone");
	if (pg.clone != NO_CLONE)
		put_clone(&pg);
	group(&pg, NK_MIDDLE, ALWAYS, "in between: a process that makes way for the container");
	group(&pg, NK_PARENT, SINCE, "in nook, meanwhile");
	group(&pg, NK_INIT, ALWAYS, "in the new namespaces");
	group(&pg, NK_AFTER, ALWAYS, "in nook, when the container has ended");
	ink(&pg, DIM);
	fprintf(out, "\n%zu steps. Nothing was run.\n", p->steps.n);
	if (pg.cut)
		fputs("Calls cut by … are whole in a pipe: | less -S\n", out);
	ink(&pg, PLAIN);
}
