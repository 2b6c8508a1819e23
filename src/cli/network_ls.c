/* SPDX-License-Identifier: Apache-2.0 */
/* nook network ls */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "cli/network.h"
#include "cli/plain.h"
#include "net/lease.h"

enum { SHORT_ID = 12, GAP = 3 };

struct request {
	bool json, quiet, no_trunc;
};

#define AT(member) .offset = offsetof(struct request, member)
/* clang-format off: the table is read in columns */
static const struct nk_option options[] = {
	{"format", .metavar = "FORMAT", .values = "table json", .help = "table (default) or json",
	 .set = nk_set_json, AT(json)},
	{"quiet", 'q', .help = "only the names", .set = nk_set_flag, AT(quiet)},
	{"no-trunc", .help = "ids in full length", .set = nk_set_flag, AT(no_trunc)},
	{0},
};
/* clang-format on */

enum { ID, NAME, DRIVER, SUBNETS, CONTAINERS, COLUMNS };
static const char *const titles[COLUMNS] = {"NETWORK ID", "NAME", "DRIVER", "SUBNETS",
					    "CONTAINERS"};

static int count(struct nk_net_store *s, struct nk_arena *a, const struct nk_network *n,
		 size_t *containers, struct nk_err *e)
{
	struct nk_net_leases alive = {0};
	int rc = nk_net_leases(s, a, n->name, &alive, NULL, NULL, e);

	*containers = alive.n;
	return rc;
}

static void print_row(const char *const row[COLUMNS], const int widest[COLUMNS])
{
	for (int c = 0; c < COLUMNS - 1; c++)
		printf("%s%*s", row[c], widest[c] - nk_cli_columns(row[c]) + GAP, "");
	puts(row[COLUMNS - 1]);
}

static int table(struct nk_cli *cli, struct nk_net_store *s, const struct nk_networks *list,
		 const struct request *r, struct nk_err *e)
{
	struct nk_arena *a = &cli->arena;
	const char *(*rows)[COLUMNS] = nk_alloc(a, (list->n + 2) * sizeof(*rows));
	int widest[COLUMNS] = {0};
	bool made = false;
	size_t n = 1, containers;

	if (!rows)
		return nk_arena_ok(a, e);
	memcpy(rows[0], titles, sizeof(titles));
	for (size_t i = 0; i < list->n; i++, n++) {
		const struct nk_network *net = &list->v[i];

		if (count(s, a, net, &containers, e) < 0)
			return -e->err;
		made |= !strcmp(net->name, NK_NET_DEFAULT);
		rows[n][ID] = r->no_trunc ? net->id : nk_strndup(a, net->id, SHORT_ID);
		rows[n][NAME] = net->name;
		rows[n][DRIVER] = nk_net_driver_name(net->driver);
		rows[n][SUBNETS] = nk_cli_net_subnets(a, net);
		rows[n][CONTAINERS] = nk_fmt(a, "%zu", containers);
	}
	if (!made) {
		rows[n][ID] = "-";
		rows[n][NAME] = NK_NET_DEFAULT;
		rows[n][DRIVER] = "bridge";
		rows[n][SUBNETS] = "(made when first used)";
		rows[n++][CONTAINERS] = "0";
	}
	for (size_t i = 0; i < n; i++)
		for (int c = 0; c < COLUMNS; c++)
			if (nk_cli_columns(rows[i][c]) > widest[c])
				widest[c] = nk_cli_columns(rows[i][c]);
	for (size_t i = 0; i < n; i++)
		print_row(rows[i], widest);
	return 0;
}

static int json(struct nk_cli *cli, struct nk_net_store *s, const struct nk_networks *list,
		struct nk_err *e)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};
	size_t containers;

	nk_json_open(&j, NULL, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (count(s, &cli->arena, &list->v[i], &containers, e) < 0)
			return -e->err;
		nk_json_open(&j, NULL, '{');
		nk_net_write(&j, &list->v[i]);
		nk_json_uint(&j, "containers", containers);
		nk_json_close(&j);
	}
	nk_json_close(&j);
	if (j.failed)
		return nk_fail(e, ENOMEM, "write the list");
	puts(j.buf);
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	struct nk_networks list = {0};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first = nk_cli_options(cli, &nk_command_network_ls, argc, argv, &r, &code);

	if (first < 0)
		return code;
	if (first < argc) {
		nk_fail(&e, 0, "nook network ls takes no words: %.100s", argv[first]);
		nk_hint(&e, "nook network inspect NAME tells all about one network");
		return nk_cli_error(cli, &e);
	}
	int rc = nk_cli_net_open(cli, &s, &e);

	if (rc >= 0)
		rc = nk_net_list(&s, &cli->arena, &list, &e);
	for (size_t i = 0; rc >= 0 && r.quiet && i < list.n; i++)
		puts(list.v[i].name);
	if (rc >= 0 && !r.quiet)
		rc = r.json ? json(cli, &s, &list, &e) : table(cli, &s, &list, &r, &e);
	if (rc >= 0 && (fflush(stdout) || ferror(stdout)))
		rc = nk_fail(&e, errno, "write the list");
	if (rc < 0)
		return nk_cli_error(cli, &e);
	for (size_t i = 0; i < list.broken.n; i++) {
		nk_fail(&e, 0, "%s", list.broken.v[i]);
		nk_hint(&e, "mend that file, or delete it");
		code = nk_cli_error(cli, &e);
	}
	return list.broken.n ? code : 0;
}

const struct nk_command nk_command_network_ls = {
	.name = "network ls",
	.usage = "[OPTIONS]",
	.summary = "list the networks",
	.about = "Lists the networks that are defined, with the number of containers' cards that "
		 "are on each.",
	.examples = "nook network ls\ta table\n"
		    "nook network ls --format json\tfor programs\n",
	.options = options,
	.mixed = true,
	.run = run,
};
