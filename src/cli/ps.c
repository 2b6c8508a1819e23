/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "cli/ago.h"
#include "cli/cli.h"
#include "cli/net_json.h"
#include "runtime/runtime.h"
#include "state/record.h"

enum { SHORT_ID = 12, SHORT_COMMAND = 20 };

struct ps_request {
	bool json, quiet, no_trunc;
};

#define AT(member) .offset = offsetof(struct ps_request, member)
static const struct nk_option options[] = {
	{"format", .metavar = "FORMAT", .values = "table json", .help = "table (default) or json",
	 .set = nk_set_json, AT(json)},
	{"quiet", 'q', .help = "only the ids", .set = nk_set_flag, AT(quiet)},
	{"no-trunc", .help = "ids and commands in full length", .set = nk_set_flag, AT(no_trunc)},
	{0},
};

/* The words of a command on one line, in which nothing moves the cursor. */
static const char *one_line(struct nk_arena *a, const struct nk_strv *words, bool whole)
{
	char *text = nk_strdup(a, "");

	for (size_t i = 0; i < words->n; i++)
		text = nk_fmt(a, "%s%s%s", text, i ? " " : "", words->v[i]);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';

	/* Cut between characters, not within one. */
	size_t shown = 0, at = 0;

	while (text[at] && shown < SHORT_COMMAND - 1) {
		at++;
		while ((text[at] & 0xc0) == 0x80)
			at++;
		shown++;
	}
	if (!whole && text[at] && text[at + 1])
		return nk_fmt(a, "\"%.*s…\"", (int)at, text);
	return nk_fmt(a, "\"%s\"", text);
}

static const char *rootfs(const struct nk_state_record *r)
{
	return r->spec->rootfs ? r->spec->rootfs : r->reference ? r->reference : "host";
}

static const char *status(struct nk_arena *a, const struct nk_state_record *r, int64_t age)
{
	return r->status == NK_STATE_RUNNING ? nk_fmt(a, "Up %s", nk_ago(a, age)) : "Starting";
}

enum { COLUMNS = 8 };
static const char *const titles[COLUMNS] = {"CONTAINER ID", "NAME", "COMMAND", "CREATED",
					    "STATUS",	    "PID",  "PORTS",   "ROOTFS"};

static void fill(struct nk_arena *a, const struct nk_state_record *r, const struct ps_request *q,
		 const char *row[COLUMNS])
{
	int64_t age = time(NULL) - r->created.tv_sec;
	struct nk_strv command = nk_state_command(r);

	row[0] = nk_strndup(a, r->id, q->no_trunc ? NK_STATE_ID_LEN : SHORT_ID);
	row[1] = r->name;
	row[2] = one_line(a, &command, q->no_trunc);
	row[3] = nk_fmt(a, "%s ago", nk_ago(a, age));
	row[4] = status(a, r, age);
	row[5] = r->pid ? nk_fmt(a, "%d", (int)r->pid) : "-";
	row[6] = *nk_ports_words(a, r->spec) ? nk_ports_words(a, r->spec) : "-";
	row[7] = rootfs(r);
}

/* Columns on the screen, as long as every character takes one. */
static int width(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static int table(struct nk_cli *cli, const struct nk_state_list *list, const struct ps_request *q)
{
	struct nk_arena *a = &cli->arena;
	const char *(*rows)[COLUMNS] = nk_alloc(a, (list->n + 1) * sizeof(*rows));
	int widest[COLUMNS] = {0};
	struct nk_err e;

	if (!rows)
		return nk_arena_ok(a, &e), nk_cli_error(cli, &e);
	memcpy(rows[0], titles, sizeof(titles));
	for (size_t i = 0; i < list->n; i++)
		fill(a, &list->v[i], q, rows[i + 1]);
	for (size_t i = 0; i <= list->n; i++)
		for (int c = 0; c < COLUMNS; c++)
			if (width(rows[i][c]) > widest[c])
				widest[c] = width(rows[i][c]);
	for (size_t i = 0; i <= list->n; i++) {
		for (int c = 0; c < COLUMNS - 1; c++)
			printf("%s%*s", rows[i][c], widest[c] - width(rows[i][c]) + 3, "");
		puts(rows[i][COLUMNS - 1]);
	}
	return 0;
}

static int json(struct nk_cli *cli, const struct nk_state_list *list)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};
	char when[96];

	nk_json_open(&j, NULL, '[');
	for (size_t i = 0; i < list->n; i++) {
		const struct nk_state_record *r = &list->v[i];
		struct nk_strv command = nk_state_command(r);
		struct nk_net_seats seats = {0};
		struct nk_err e;

		if (nk_net_cards_of(cli->root, cli->state, &cli->arena, r->id, &seats, &e) < 0)
			return nk_cli_error(cli, &e);
		nk_json_open(&j, NULL, '{');
		nk_json_str(&j, "Id", r->id);
		nk_json_open(&j, "Names", '[');
		nk_json_str(&j, NULL, r->name);
		nk_json_close(&j);
		nk_json_strv(&j, "Command", &command);
		nk_json_str(&j, "Created", nk_time_text(when, &r->created));
		nk_json_str(&j, "State", r->status == NK_STATE_RUNNING ? "running" : "created");
		nk_json_str(&j, "Status", status(&cli->arena, r, time(NULL) - r->created.tv_sec));
		nk_json_int(&j, "Pid", r->pid);
		nk_ps_networks(&j, &cli->arena, r->spec, &seats);
		nk_json_str(&j, "Rootfs", rootfs(r));
		nk_json_close(&j);
	}
	nk_json_close(&j);
	puts(j.failed ? "[]" : j.buf);
	return j.failed ? NK_EXIT_FAULT : 0;
}

static int print(struct nk_cli *cli, const struct nk_state_list *list, const struct ps_request *q)
{
	if (q->json)
		return json(cli, list);
	if (!q->quiet)
		return table(cli, list, q);
	for (size_t i = 0; i < list->n; i++)
		printf("%.*s\n", q->no_trunc ? NK_STATE_ID_LEN : SHORT_ID, list->v[i].id);
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	struct nk_state_list list = {0};
	struct ps_request q = {0};
	struct nk_err e;
	int exit_code, first = nk_cli_options(cli, &nk_command_ps, argc, argv, &q, &exit_code);

	if (first < 0)
		return exit_code;
	if (first < argc) {
		nk_fail(&e, 0, "nook ps takes no words: %.100s", argv[first]);
		nk_hint(&e, "nook inspect NAME tells all about one container");
		return nk_cli_error(cli, &e);
	}
	if (nk_runtime_open(&st, cli->state, &e) < 0 ||
	    nk_state_list(&st, &cli->arena, &list, &e) < 0)
		return nk_cli_error(cli, &e);
	exit_code = print(cli, &list, &q);
	if (fflush(stdout) || ferror(stdout)) {
		nk_fail(&e, errno, "write the list");
		return nk_cli_error(cli, &e);
	}
	for (size_t i = 0; i < list.skipped.n; i++) {
		nk_fail(&e, 0, "%s", list.skipped.v[i]);
		exit_code = nk_cli_error(cli, &e);
	}
	return exit_code;
}

const struct nk_command nk_command_ps = {
	.name = "ps",
	.usage = "[OPTIONS]",
	.summary = "list the containers that run",
	.about = "Lists the containers that this user's nook runs now, oldest first. What a killed "
		 "nook "
		 "left behind is cleaned up on the way.",
	.examples = "nook ps\ta table\n"
		    "nook ps --format json\tfor programs\n"
		    "nook stop $(nook ps -q)\tends all of them\n",
	.options = options,
	.mixed = true,
	.run = run,
};
