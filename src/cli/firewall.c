/* SPDX-License-Identifier: Apache-2.0 */
/* nook firewall: what may come to a running container, and where it may go. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_out.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/firewall.h"
#include "cli/value.h"
#include "net/rule.h"
#include "runtime/firewall.h"
#include "runtime/runtime.h"

struct firewall_request {
	unsigned at; /* add: 0 = last */
	bool all;    /* rm */
	bool json;   /* ls */
};

#define AT(member) .offset = offsetof(struct firewall_request, member)

/* One command on one container, open. */
struct job {
	struct nk_cli *cli;
	struct nk_arena *a;
	const struct firewall_request *request;
	struct nk_firewall *f;
	const char *name; /* of the container */
	const char *rest; /* the words behind it, with one space between them */
};
typedef int job_fn(struct job *j, struct nk_err *e);

static int with_container(struct nk_cli *cli, const struct nk_command *cmd, int argc, char **argv,
			  const char *needs, job_fn *fn)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	_firewall_ struct nk_firewall f = {.inside = NK_INSIDE_NONE, .dir_fd = -EBADF};
	struct firewall_request request = {0};
	struct nk_state_record r;
	struct nk_err e = {0};
	int exit_code, first = nk_cli_options(cli, cmd, argc, argv, &request, &exit_code);

	if (first < 0)
		return exit_code;
	if (first == argc || (needs && argc - first < 2 && !request.all)) {
		nk_fail(&e, 0, "nook %s needs %s%s", cmd->name, "the name of a container",
			needs && first < argc ? needs : "");
		nk_hint(&e, "nook %s %s", cmd->name, cmd->usage);
		return nk_cli_error(cli, &e);
	}
	struct job j = {cli, &cli->arena, &request, &f, argv[first], ""};
	for (int i = first + 1; i < argc; i++)
		j.rest = nk_fmt(j.a, "%s%s%s", j.rest, *j.rest ? " " : "", argv[i]);
	if (nk_runtime_open(&st, cli->state, &e) < 0 ||
	    nk_state_find(&st, j.a, argv[first], &r, &e) < 0 ||
	    nk_firewall_open(&st, j.a, &r, &f, &e) < 0 || fn(&j, &e) < 0)
		return nk_cli_error(cli, &e);
	return 0;
}

static void tell_leaks(const struct job *j)
{
	if (nk_firewall_leaks(j->f))
		nk_log(NK_LOG_WARN,
		       "container %s may send raw frames (NET_RAW), which pass the rules by: a "
		       "container that is started with --firewall may not",
		       j->f->record->name);
}

/* ---- add ---- */

static int add(struct job *j, struct nk_err *e)
{
	struct nk_fw_rules *rules = &j->f->rules, with = {0};
	struct nk_fw_rule rule;
	size_t at = j->request->at ? j->request->at - 1 : rules->n;
	int rc = nk_rule_parse(j->a, j->rest, &rule, e);

	if (rc < 0)
		return nk_ctx(e, "\"%.80s\"", j->rest);
	if (at > rules->n) {
		nk_fail(e, 0, "--at %u: container %s has %zu rule%s", j->request->at, j->name,
			rules->n, rules->n == 1 ? "" : "s");
		return nk_hint(e, "1 to %zu; without --at it becomes the last", rules->n + 1);
	}
	for (size_t i = 0; i <= rules->n; i++) {
		struct nk_fw_rule *to;
		if (i == at && (to = NK_PUSH(j->a, &with)))
			*to = rule;
		if (i < rules->n && (to = NK_PUSH(j->a, &with)))
			*to = rules->v[i];
	}
	if ((rc = nk_arena_ok(j->a, e)) < 0 || (rc = nk_rule_check_order(&with, e)) < 0)
		return rc;
	*rules = with;
	rc = nk_firewall_commit(j->a, j->f, e);
	if (rc < 0)
		return rc;
	tell_leaks(j);
	printf("%zu %s\n", at + 1, rule.words);
	return 0;
}

static const struct nk_option add_options[] = {
	{"at", .metavar = "N", .help = "as rule N, before the one that has this number now",
	 .set = nk_set_unsigned, AT(at)},
	{0},
};

static int run_add(struct nk_cli *cli, int argc, char **argv)
{
	return with_container(cli, &nk_command_firewall_add, argc, argv, " and a rule", add);
}

const struct nk_command nk_command_firewall_add = {
	.name = "firewall add",
	.usage = "[OPTIONS] CONTAINER RULE...",
	.summary = "one more rule for a running container",
	.about =
		"The rule holds at once, for new connections; those that stand go on. RULE is *in* "
		"or *out*, *accept* or *drop*, then perhaps *tcp* or *udp* with a port or a range, "
		"or *icmp*, and *from* (in) or *to* (out) an address or a subnet. The first rule "
		"that fits decides.",
	.examples = "nook firewall add web in accept tcp 80 from 192.168.0.2\tone peer may\n"
		    "nook firewall add web in drop\tnobody else\n"
		    "nook firewall add --at 1 web in accept icmp\tbefore all others\n",
	.options = add_options,
	.words = "@container",
	.mixed = true,
	.run = run_add,
};

/* ---- rm ---- */

/* Its number, or its words. */
static int find(const struct job *j, size_t *at, struct nk_err *e)
{
	const struct nk_fw_rules *rules = &j->f->rules;
	struct nk_fw_rule rule;
	uint64_t n;

	if (nk_value_number(j->rest, strlen(j->rest), UINT32_MAX, &n) == 0) {
		*at = (size_t)n - 1;
		if (n >= 1 && n <= rules->n)
			return 0;
		nk_fail(e, ENOENT, "rule %llu of container %s", (unsigned long long)n, j->name);
		return nk_hint(e, "it has %zu: nook firewall ls %s", rules->n, j->name);
	}
	int rc = nk_rule_parse(j->a, j->rest, &rule, e);
	if (rc < 0)
		return nk_ctx(e, "\"%.80s\"", j->rest);
	for (*at = 0; *at < rules->n; (*at)++)
		if (!strcmp(rules->v[*at].words, rule.words))
			return 0;
	nk_fail(e, ENOENT, "rule \"%s\" of container %s", rule.words, j->name);
	return nk_hint(e, "nook firewall ls %s shows its rules", j->name);
}

static int rm(struct job *j, struct nk_err *e)
{
	struct nk_fw_rules *rules = &j->f->rules, less = {0};
	size_t at = 0;
	int rc;

	if (j->request->all && *j->rest) {
		nk_fail(e, 0, "--all, and \"%.80s\"", j->rest);
		return nk_hint(e, "either all rules or one");
	}
	if (!j->request->all && (rc = find(j, &at, e)) < 0)
		return rc;
	for (size_t i = 0; !j->request->all && i < rules->n; i++) {
		struct nk_fw_rule *to = i == at ? NULL : NK_PUSH(j->a, &less);
		if (to)
			*to = rules->v[i];
	}
	if ((rc = nk_arena_ok(j->a, e)) < 0)
		return rc;
	*rules = less;
	return nk_firewall_commit(j->a, j->f, e);
}

static const struct nk_option rm_options[] = {
	{"all", 'a', .help = "all rules; defaults and --egress stay", .set = nk_set_flag, AT(all)},
	{0},
};

static int run_rm(struct nk_cli *cli, int argc, char **argv)
{
	return with_container(cli, &nk_command_firewall_rm, argc, argv,
			      ", and the number or the words of a rule", rm);
}

const struct nk_command nk_command_firewall_rm = {
	.name = "firewall rm",
	.usage = "CONTAINER NUMBER|RULE... | --all CONTAINER",
	.summary = "take a rule away",
	.about = "By its number in nook firewall ls, or by its words. Those behind it move up.",
	.examples = "nook firewall rm web 2\tthe second rule\n"
		    "nook firewall rm web in drop\tthis one\n",
	.options = rm_options,
	.words = "@container",
	.mixed = true,
	.run = run_rm,
};

/* ---- default ---- */

static int set_default(struct job *j, struct nk_err *e)
{
	static const char *const words[] = {"in accept", "in drop", "out accept", "out drop"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(j->rest, words[i]) != 0)
			continue;
		*(i < 2 ? &j->f->policy.in_drop : &j->f->policy.out_drop) = i % 2;
		int rc = nk_firewall_commit(j->a, j->f, e);
		if (rc >= 0 && i % 2)
			tell_leaks(j);
		return rc;
	}
	nk_fail(e, 0, "\"%.80s\" is no default", j->rest);
	return nk_hint(e, "in accept, in drop, out accept or out drop");
}

static int run_default(struct nk_cli *cli, int argc, char **argv)
{
	return with_container(cli, &nk_command_firewall_default, argc, argv,
			      " and what shall be: in drop, out accept, ...", set_default);
}

const struct nk_command nk_command_firewall_default = {
	.name = "firewall default",
	.usage = "CONTAINER in|out accept|drop",
	.summary = "what becomes of packets that no rule fits",
	.about =
		"Without it they pass. Loopback, and answers to what was let through, pass always.",
	.examples = "nook firewall default web in drop\tonly what a rule accepts comes in\n",
	.words = "@container",
	.mixed = true,
	.run = run_default,
};

/* ---- ls ---- */

static const char *action(bool drop)
{
	return drop ? "drop" : "accept";
}

static void print_json(const struct job *j)
{
	_json_ struct nk_json_out out = {.indent = 4, .utf8_only = true};
	const struct nk_firewall *f = j->f;

	nk_json_open(&out, NULL, '{');
	nk_json_str(&out, "container", f->record->name);
	nk_json_open(&out, "default", '{');
	nk_json_str(&out, "in", action(f->policy.in_drop));
	nk_json_str(&out, "out", action(f->policy.out_drop || f->policy.egress));
	nk_json_close(&out);
	nk_json_open(&out, "rules", '[');
	for (size_t i = 0; i < f->rules.n; i++)
		nk_json_str(&out, NULL, f->rules.v[i].words);
	nk_json_close(&out);
	nk_json_strv(&out, "egress", &f->record->spec->net.egress);
	nk_json_close(&out);
	puts(out.buf ? out.buf : "{}");
}

static int ls(struct job *j, struct nk_err *e)
{
	const struct nk_firewall *f = j->f;
	const struct nk_strv *names = &f->record->spec->net.egress;

	if (*j->rest) {
		nk_fail(e, 0, "nook firewall ls shows one container, and \"%.80s\" came behind it",
			j->rest);
		return nk_hint(e, "nook firewall ls %s", j->name);
	}
	if (j->request->json) {
		print_json(j);
		return nk_firewall_check(j->a, f, e);
	}
	for (size_t i = 0; i < f->rules.n; i++)
		printf("%zu %s\n", i + 1, f->rules.v[i].words);
	for (size_t i = 0; i < names->n; i++)
		printf("egress %s\n", names->v[i]);
	printf("default in %s\n", action(f->policy.in_drop));
	printf("default out %s\n", action(f->policy.out_drop || f->policy.egress));
	fflush(stdout);
	return nk_firewall_check(j->a, f, e);
}

static const struct nk_option ls_options[] = {
	{"format", .metavar = "FORMAT", .values = "text json", .help = "text (default) or json",
	 .set = nk_set_json, AT(json)},
	{0},
};

static int run_ls(struct nk_cli *cli, int argc, char **argv)
{
	return with_container(cli, &nk_command_firewall_ls, argc, argv, NULL, ls);
}

const struct nk_command nk_command_firewall_ls = {
	.name = "firewall ls",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "the rules of a running container, in their order",
	.about = "Also compares them with those that the kernel has in the container's network "
		 "namespace; when these are others, the exit code is 125.",
	.examples = "nook firewall ls web\tnumbers and words\n",
	.options = ls_options,
	.words = "@container",
	.mixed = true,
	.run = run_ls,
};

static const struct nk_command *const commands[] = {
	&nk_command_firewall_add,
	&nk_command_firewall_ls,
	&nk_command_firewall_rm,
	&nk_command_firewall_default,
	NULL,
};

const struct nk_command nk_command_firewall = {
	.name = "firewall",
	.usage = "COMMAND [ARG...]",
	.summary = "what may come to a container, and where it may go",
	.about = "Rules in words, kept in nftables inside the container's own network namespace. "
		 "nook "
		 "run --firewall gives the first ones.",
	.children = commands,
	.no_state = true,
	.run = nk_command_group,
};
