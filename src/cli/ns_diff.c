/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns diff: which of the eight two processes share, and what differs inside. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "cli/ns.h"
#include "cli/ns_rows.h"
#include "cli/ns_show.h"
#include "cli/ns_target.h"
#include "cli/ns_words.h"
#include "cli/plain.h"
#include "ns/compare.h"

struct diff_request {
	bool json, all;
};

#define AT(member) .offset = offsetof(struct diff_request, member)
static const struct nk_option options[] = {
	{"format", .metavar = "FORMAT", .values = "text json",
	 .help = "printed as text (default) or json", .set = nk_set_json, AT(json)},
	{"all", 'a', .help = "every difference, however many there are", .set = nk_set_flag,
	 AT(all)},
	{0},
};

/* Rows of one part for people, without --all. */
enum { SHOWN = 12 };

struct side {
	struct nk_ns_target target;
	struct nk_ns_subject subject;
	struct nk_inside inside;
};

static void side_done(struct side *s)
{
	nk_ns_subject_done(&s->subject);
	nk_ns_target_done(&s->target);
}

static int look(struct nk_cli *cli, const char *word, struct side *s, struct nk_err *e)
{
	int rc = nk_cli_ns_target(cli, word, &s->target, e);

	if (rc >= 0)
		rc = nk_ns_subject_open(&s->subject, &cli->arena, &s->target, e);
	return rc < 0 ? rc : nk_inside_read(&cli->arena, &s->subject, &s->inside, e);
}

static const char *number(struct nk_arena *a, const struct side *s, int kind)
{
	if (s->subject.err[kind] == ENOENT)
		return "-";
	return s->subject.inode[kind] ? nk_fmt(a, "%" PRIu64, s->subject.inode[kind]) : "hidden";
}

/* The same, different, or (-1) not to be told. */
static int same(const struct side *a, const struct side *b, int kind)
{
	uint64_t x = a->subject.inode[kind], y = b->subject.inode[kind];

	return x && y ? x == y : -1;
}

/* Masks of capabilities by their names. */
static void name_caps(struct nk_arena *a, struct nk_ns_differences *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].part == NK_INSIDE_CAPS && d->v[i].a && d->v[i].b) {
			d->v[i].a = nk_ns_cap_words(a, strtoull(d->v[i].a, NULL, 16));
			d->v[i].b = nk_ns_cap_words(a, strtoull(d->v[i].b, NULL, 16));
		}
}

static const char *or_nothing(const char *text)
{
	return !text ? "-" : *text ? text : "(there)";
}

/* A tab of a stranger's would be taken for the border between the columns. */
static const char *two(struct nk_arena *a, const char *x, const char *y)
{
	return nk_fmt(a, "%s\t%s", nk_cli_plain(a, or_nothing(x)), nk_cli_plain(a, or_nothing(y)));
}

static void differences(struct nk_ns_rows *r, const struct nk_ns_differences *d, bool all)
{
	for (size_t i = 0, end; i < d->n; i = end) {
		enum nk_inside_part part = d->v[i].part;
		const char *title = nk_ns_part_titles[part];
		size_t shown;

		for (end = i; end < d->n && d->v[end].part == part; end++)
			;
		shown = all || end - i <= SHOWN ? end - i : SHOWN;
		for (size_t at = i; at < i + shown; at++)
			nk_ns_row(r, d->v[at].key, two(r->a, d->v[at].a, d->v[at].b));
		if (shown < end - i)
			title = nk_fmt(r->a, "%s: %zu of %zu, --all shows them", title, shown,
				       end - i);
		nk_ns_rows_print_two(r, title);
	}
}

/* Same but for the last word, which is the propagation. */
static bool only_propagation(const struct nk_ns_difference *d)
{
	const char *x = d->a ? strrchr(d->a, ' ') : NULL, *y = d->b ? strrchr(d->b, ' ') : NULL;

	return d->part == NK_INSIDE_MOUNTS && x && y && x - d->a == y - d->b &&
	       !strncmp(d->a, d->b, (size_t)(x - d->a));
}

/*
 * A copy in which the mounts that are only shared here and private there are one row: where
 * systemd runs that is all of them, as soon as a mount namespace is new.
 */
static void fold(struct nk_arena *a, const struct nk_ns_differences *d,
		 struct nk_ns_differences *out)
{
	struct nk_ns_difference *new, row = {.part = NK_INSIDE_MOUNTS};
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		bool folds = only_propagation(&d->v[i]);
		const char *x = folds ? strrchr(d->v[i].a, ' ') + 1 : NULL;
		const char *y = folds ? strrchr(d->v[i].b, ' ') + 1 : NULL;
		if (folds && n++ && (strcmp(row.a, x) || strcmp(row.b, y)))
			x = y = "various";
		row.a = folds ? x : row.a;
		row.b = folds ? y : row.b;
		if (!folds && (new = NK_PUSH(a, out)))
			*new = d->v[i];
		/* Behind the last of the mounts. */
		bool last = d->v[i].part == NK_INSIDE_MOUNTS &&
			    (i + 1 == d->n || d->v[i + 1].part != NK_INSIDE_MOUNTS);
		if (last && n && (new = NK_PUSH(a, out))) {
			row.key =
				nk_fmt(a, "%zu mount%s, only in propagation", n, n == 1 ? "" : "s");
			*new = row;
		}
	}
}

static void hidden(struct nk_ns_rows *r, const struct side *s, const char *letter)
{
	for (int p = 0; p < NK_INSIDE_COUNT; p++) {
		const char *why = s->inside.hidden[p] ? s->inside.hidden[p] : s->inside.less[p];
		if (s->inside.there[p] && why)
			nk_ns_row(r,
				  nk_fmt(r->a, "%s of %s", nk_inside_name((enum nk_inside_part)p),
					 letter),
				  why);
	}
}

static void text(struct nk_cli *cli, const struct side *a, const struct side *b,
		 const struct nk_ns_differences *d, bool all)
{
	struct nk_ns_differences folded = {0};
	struct nk_ns_rows r;

	nk_ns_rows_init(&r, cli);
	nk_ns_row(&r, " ",
		  nk_fmt(r.a, "A: %s\tB: %s", nk_cli_plain(r.a, a->subject.what),
			 nk_cli_plain(r.a, b->subject.what)));
	for (int k = 0; k < NK_NS_COUNT; k++)
		nk_ns_row(&r, nk_ns_name((enum nk_ns_kind)k),
			  nk_fmt(r.a, "%s\t%s", number(r.a, a, k),
				 same(a, b, k) == 1 ? "the same" : number(r.a, b, k)));
	nk_ns_rows_print_two(&r, "Namespaces");
	if (!all)
		fold(r.a, d, &folded);
	differences(&r, all ? d : &folded, all);
	hidden(&r, a, "A");
	hidden(&r, b, "B");
	if (r.rows.n)
		nk_ns_rows_print(&r, "Not visible");
}

static void inode_json(struct nk_json_out *j, const char *key, uint64_t inode)
{
	if (inode)
		nk_json_uint(j, key, inode);
	else
		nk_json_null(j, key);
}

static void side_json(struct nk_json_out *j, const char *key, const struct side *s)
{
	nk_json_open(j, key, '{');
	nk_json_str(j, "target", s->subject.what);
	inode_json(j, "pid", (uint64_t)s->subject.pid);
	nk_json_open(j, "hidden", '{');
	for (int p = 0; p < NK_INSIDE_COUNT; p++) {
		const char *why = s->inside.hidden[p] ? s->inside.hidden[p] : s->inside.less[p];
		if (s->inside.there[p] && why)
			nk_json_str(j, nk_inside_name((enum nk_inside_part)p), why);
	}
	nk_json_close(j);
	nk_json_close(j);
}

static bool json(const struct side *a, const struct side *b, const struct nk_ns_differences *d)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};

	nk_json_open(&j, NULL, '{');
	side_json(&j, "a", a);
	side_json(&j, "b", b);
	nk_json_open(&j, "namespaces", '[');
	for (int k = 0; k < NK_NS_COUNT; k++) {
		nk_json_open(&j, NULL, '{');
		nk_json_str(&j, "type", nk_ns_name((enum nk_ns_kind)k));
		inode_json(&j, "a", a->subject.inode[k]);
		inode_json(&j, "b", b->subject.inode[k]);
		if (same(a, b, k) < 0)
			nk_json_null(&j, "same");
		else
			nk_json_bool(&j, "same", same(a, b, k));
		nk_json_close(&j);
	}
	nk_json_close(&j);
	nk_json_open(&j, "differences", '[');
	for (size_t i = 0; i < d->n; i++) {
		nk_json_open(&j, NULL, '{');
		nk_json_str(&j, "part", nk_inside_name(d->v[i].part));
		nk_json_str(&j, "key", d->v[i].key);
		nk_json_str(&j, "a", d->v[i].a);
		nk_json_str(&j, "b", d->v[i].b);
		nk_json_close(&j);
	}
	nk_json_close(&j);
	nk_json_close(&j);
	if (!j.failed)
		puts(j.buf);
	return !j.failed;
}

static int diff(struct nk_cli *cli, const char *const *words, const struct diff_request *q,
		struct nk_err *e)
{
	__attribute__((cleanup(side_done))) struct side a = {.target = NK_NS_TARGET_INIT,
							     .subject = NK_NS_SUBJECT_INIT},
							b = {.target = NK_NS_TARGET_INIT,
							     .subject = NK_NS_SUBJECT_INIT};
	struct nk_ns_differences d = {0};
	int rc = look(cli, words[0], &a, e);

	if (rc >= 0)
		rc = look(cli, words[1], &b, e);
	if (rc < 0)
		return rc;
	nk_ns_compare(&cli->arena, &a.inside, &b.inside, &d);
	name_caps(&cli->arena, &d);
	if (q->json && !json(&a, &b, &d))
		return nk_fail(e, ENOMEM, "write what differs");
	if (!q->json)
		text(cli, &a, &b, &d, q->all);
	if (fflush(stdout) || ferror(stdout))
		return nk_fail(e, errno, "write what differs");
	return nk_arena_ok(&cli->arena, e);
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct diff_request q = {0};
	struct nk_err e = {0};
	const char *words[2];
	int exit_code;

	if (nk_cli_ns_words(cli, &nk_command_ns_diff, argc, argv, &q, words, 2,
			    "nook ns diff compares two processes",
			    "nook ns diff A B, each a PID, a container or a name of nook ns ls",
			    &exit_code) < 0)
		return exit_code;
	return diff(cli, words, &q, &e) < 0 ? nk_cli_error(cli, &e) : 0;
}

const struct nk_command nk_command_ns_diff = {
	.name = "ns diff",
	.usage = "[OPTIONS] A B",
	.summary = "compare the namespaces of two processes",
	.about =
		"Tells which of the eight namespaces two processes share, and what differs inside: "
		"host names, id maps, capabilities, clocks, cgroups, mounts, network cards, "
		"routes, "
		"sockets and IPC objects, each as A and as B has it. The exit code is 0 whether "
		"something differs or not.",
	.examples = "nook ns diff $$ web\tthis shell and a container\n"
		    "nook ns diff 10 20 --format json | jq '.namespaces[] | select(.same)'\twhat "
		    "they share\n",
	.options = options,
	.words = "@container",
	.mixed = true,
	.run = run,
};
