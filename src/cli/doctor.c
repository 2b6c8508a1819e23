/* SPDX-License-Identifier: Apache-2.0 */
/* nook doctor: what this kernel and this user can do, with the mend of what they cannot. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "cli/cli.h"
#include "host/doctor.h"

struct doctor_options {
	bool json;
};

static const struct nk_option options[] = {
	{"format", .metavar = "FORMAT", .help = "text (default) or json", .values = "text json",
	 .set = nk_set_json, .offset = offsetof(struct doctor_options, json)},
	{0},
};

/* Print text from column at on, broken at blanks before the last column. */
static void wrapped(const char *text, int at, int width)
{
	int room = width > at + 20 ? width - at : 1 << 20, used = 0;

	for (const char *word = text; *word;) {
		int n = (int)strcspn(word, " ");
		if (used && used + 1 + n > room) {
			printf("\n%*s", at, "");
			used = 0;
		}
		used += printf("%s%.*s", used ? " " : "", n, word);
		word += n + (word[n] == ' ');
	}
	putchar('\n');
}

static void table(const struct nk_checks *checks, bool colour, int width)
{
	static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
	const char *group = "";
	int name_width = 0;

	for (size_t i = 0; i < checks->n; i++)
		if ((int)strlen(checks->v[i].name) > name_width)
			name_width = (int)strlen(checks->v[i].name);
	for (size_t i = 0; i < checks->n; i++) {
		const struct nk_check *c = &checks->v[i];
		/* "  ok       name…  " */
		int at = 2 + 9 + name_width + 2;
		if (strcmp(group, c->group) != 0) {
			group = c->group;
			printf("%s%s%s\n", colour ? "\033[1m" : "", group, colour ? "\033[0m" : "");
		}
		printf("  %s%-9s%s%-*s  ", colour ? colours[c->state] : "",
		       nk_check_state_name(c->state), colour ? "\033[0m" : "", name_width, c->name);
		wrapped(c->seen, at, width);
		if (c->mend) {
			printf("%*s→ ", at, "");
			wrapped(c->mend, at + 2, width);
		}
	}
}

static int json(const struct nk_checks *checks, bool can_run)
{
	_json_ struct nk_json_out j = {.indent = 2, .utf8_only = true};

	nk_json_open(&j, NULL, '{');
	nk_json_bool(&j, "can_run", can_run);
	nk_json_open(&j, "checks", '[');
	for (size_t i = 0; i < checks->n; i++) {
		const struct nk_check *c = &checks->v[i];
		nk_json_open(&j, NULL, '{');
		nk_json_str(&j, "group", c->group);
		nk_json_str(&j, "name", c->name);
		nk_json_str(&j, "state", nk_check_state_name(c->state));
		nk_json_bool(&j, "needed", c->needed);
		nk_json_str(&j, "seen", c->seen);
		nk_json_str(&j, "mend", c->mend);
		nk_json_close(&j);
	}
	nk_json_close(&j);
	nk_json_close(&j);
	if (j.failed)
		return -ENOMEM;
	puts(j.buf);
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct doctor_options o = {0};
	struct nk_checks checks = {0};
	struct nk_err e = {0};
	int code, first = nk_cli_options(cli, &nk_command_doctor, argc, argv, &o, &code);

	if (first < 0)
		return code;
	if (first < argc) {
		nk_fail(&e, 0, "doctor takes no words, and here is %.80s", argv[first]);
		nk_hint(&e, "nook doctor, or nook doctor --format json");
		return nk_cli_error(cli, &e);
	}
	if (nk_doctor(&cli->arena, &checks, &e) < 0)
		return nk_cli_error(cli, &e);
	bool can_run = nk_doctor_can_run(&checks);
	if (o.json) {
		if (json(&checks, can_run) < 0) {
			nk_fail(&e, ENOMEM, "the report");
			return nk_cli_error(cli, &e);
		}
	} else {
		table(&checks, nk_cli_colour(cli, STDOUT_FILENO), nk_cli_width(STDOUT_FILENO));
		printf("\n%s\n", can_run ? "nook run works for this user."
					 : "nook run cannot work for this user yet: mend what is "
					   "missing.");
	}
	if (fflush(stdout)) {
		nk_fail(&e, errno, "write the report");
		return nk_cli_error(cli, &e);
	}
	return can_run ? 0 : 1;
}

const struct nk_command nk_command_doctor = {
	.name = "doctor",
	.usage = "[OPTIONS]",
	.summary = "tell what this kernel and this user can do",
	.about =
		"Tries what containers need (namespaces, id maps, cgroup controllers, overlays, "
		"idmapped mounts, seccomp and more), changes nothing, and says for each thing that "
		"is not there how to mend it. Exits with 0 when nook run can work for this user, "
		"with 1 when it cannot.",
	.examples = "nook doctor\twhat works here, and the mend of what does not\n"
		    "nook doctor --format json\tthe same for programs\n",
	.options = options,
	.no_state = true,
	.mixed = true,
	.run = run,
};
