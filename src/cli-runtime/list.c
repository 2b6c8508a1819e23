/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime list: runc's columns. */
#include <stdio.h>
#include <string.h>

#include "cli-runtime/runtime_cli.h"
#include "cli/plain.h"
#include "runtime/oci.h"
#include "state/record.h"

extern const struct nk_rt_command nk_rt_command_list;

struct list_options {
	bool quiet, json;
};

static const struct nk_option options[] = {
	{"format", .letter = 'f', .metavar = "FORMAT", .values = "table json",
	 .help = "table (default) or json", .set = nk_set_json,
	 .offset = offsetof(struct list_options, json)},
	{"quiet", .letter = 'q', .help = "only the ids", .set = nk_set_flag,
	 .offset = offsetof(struct list_options, quiet)},
	{0},
};

enum { COLUMNS = 6 };
struct row {
	const char *column[COLUMNS];
};
struct rows {
	NK_VEC(struct row);
};

static void add_row(struct nk_arena *a, struct rows *rows, const struct nk_oci_record *r,
		    enum nk_oci_status status)
{
	struct row *row = NK_PUSH(a, rows);
	char when[96], owner[64];

	if (row)
		*row = (struct row){{
			r->id,
			nk_fmt(a, "%d", status == NK_OCI_STOPPED ? 0 : (int)r->pid),
			nk_oci_status_name(status),
			nk_cli_plain(a, r->bundle),
			nk_strdup(a, nk_time_text(when, &r->created)),
			nk_strdup(a, nk_oci_owner(r, owner, sizeof(owner))),
		}};
}

static void print_table(const struct rows *rows)
{
	size_t width[COLUMNS] = {12, 12, 12, 12, 12, 5};

	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < COLUMNS; k++) {
			size_t n = strlen(rows->v[i].column[k]) + 3;
			width[k] = n > width[k] ? n : width[k];
		}
	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < COLUMNS; k++)
			printf("%-*s%s", k + 1 < COLUMNS ? (int)width[k] : 0, rows->v[i].column[k],
			       k + 1 < COLUMNS ? "" : "\n");
}

static int print_json(const struct nk_json_out *j)
{
	printf("%s\n", j->buf ? j->buf : "[]");
	return j->failed;
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	static const struct row head = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
	struct list_options o = {0};
	_json_ struct nk_json_out j = {0};
	struct nk_strv ids = {0};
	struct rows rows = {0};
	struct nk_err e = {0};
	int code, ret = 0;

	if (nk_rt_options(rt, &nk_rt_command_list, argc, argv, &o, &code) < 0)
		return code;
	if (nk_oci_ids(&rt->arena, rt->root, &ids, &e) < 0)
		return nk_rt_error(rt, &e);
	struct row *first = NK_PUSH(&rt->arena, &rows);
	if (first)
		*first = head;
	nk_json_open(&j, NULL, '[');
	for (size_t i = 0; i < ids.n; i++) {
		_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;
		struct nk_oci_record r;
		enum nk_oci_status status;
		struct nk_err why = {0};
		int found = nk_oci_find(&d, &rt->arena, rt->root, ids.v[i], &r, &status, &why);

		/* Gone meanwhile, or not yet there. */
		if (found < 0 && found != -ENOENT)
			nk_log(NK_LOG_WARN, "%s", why.msg);
		if (found < 0)
			continue;
		if (o.quiet)
			printf("%s\n", r.id);
		nk_oci_state_json(&j, &r, status, true);
		add_row(&rt->arena, &rows, &r, status);
	}
	nk_json_close(&j);
	if (!o.quiet && o.json)
		ret = print_json(&j);
	else if (!o.quiet)
		print_table(&rows);
	return ret || fflush(stdout) ? 1 : 0;
}

const struct nk_rt_command nk_rt_command_list = {
	.name = "list",
	.usage = "[OPTIONS]",
	.summary = "list the containers below --root",
	.options = options,
	.run = run,
};
