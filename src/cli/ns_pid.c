/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns pid: a process' numbers, and which process a number is somewhere else. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/ns.h"
#include "cli/ns_rows.h"
#include "cli/ns_show.h"
#include "cli/ns_target.h"
#include "cli/ns_words.h"
#include "cli/plain.h"
#include "cli/value.h"
#include "ns/pids.h"

struct pid_request {
	const char *from;
	bool json;
};

#define AT(member) .offset = offsetof(struct pid_request, member)
static const struct nk_option options[] = {
	{"from", .metavar = "Q", .values = "@container",
	 .help = "P is a number as process or container Q sees it", .set = nk_set_string, AT(from)},
	{"format", .metavar = "FORMAT", .values = "text json",
	 .help = "printed as text (default) or json", .set = nk_set_json, AT(json)},
	{0},
};

/* Who has the number in the PID namespace of the word from. */
static int from(struct nk_cli *cli, const char *word, const char *from, struct nk_ns_target *t,
		struct nk_err *e)
{
	_target_ struct nk_ns_target q = NK_NS_TARGET_INIT;
	_subject_ struct nk_ns_subject s = NK_NS_SUBJECT_INIT;
	const char *hidden;
	uint64_t number;
	int rc;

	if (nk_value_number(word, strlen(word), INT_MAX, &number) < 0 || !number) {
		nk_fail(e, 0, "\"%.80s\" is not the number of a process", word);
		return nk_hint(e, "a number from 1 on, as a process in there sees it");
	}
	rc = nk_cli_ns_target(cli, from, &q, e);
	if (rc >= 0)
		rc = nk_ns_subject_open(&s, &cli->arena, &q, e);
	if (rc < 0)
		return rc;
	hidden = nk_ns_subject_hidden(&cli->arena, &s, NK_NS_PID);
	if (hidden) {
		nk_fail(e, 0, "the PID namespace of %.200s is not visible", s.what);
		return nk_hint(e, "%s", hidden);
	}
	pid_t found = nk_ns_pid_from(s.fd[NK_NS_PID], (pid_t)number);
	if (found > 0)
		return nk_ns_target_pid(t, &cli->arena, found, e);
	if (found == -EXDEV) {
		nk_fail(e, 0, "the PID namespace of %.200s does not lie in ours", s.what);
		nk_hint(e, "its processes cannot be seen from here");
	} else if (found == -EACCES) {
		nk_fail(e, 0, "a process %d may be there, but it may not be looked at",
			(int)number);
		nk_hint(e, "sudo nook ns pid %d --from %.80s", (int)number, from);
	} else {
		nk_fail(e, 0, "no process is number %d in pid:[%" PRIu64 "]", (int)number,
			s.inode[NK_NS_PID]);
		nk_hint(e, "nook ns pid PID shows the numbers of a process that you know");
	}
	return found;
}

static void text(struct nk_cli *cli, const struct nk_ns_subject *s,
		 const struct nk_ns_pid_chain *chain)
{
	struct nk_ns_rows r;

	nk_ns_rows_init(&r, cli);
	for (size_t i = 0; i < chain->n; i++) {
		const struct nk_ns_pid_level *l = &chain->v[i];
		const char *where = i + 1 == chain->n ? i ? "its own" : "ours and its own"
				    : i		      ? "between"
						      : "ours";
		const char *init = l->init == s->pid ? "it is PID 1 there"
				   : l->init  ? nk_fmt(r.a, "PID 1 there is %d (%s)", (int)l->init,
						       l->init_command)
				   : l->inode ? "no PID 1 that we see"
					      : "may not be looked at";
		nk_ns_row(&r,
			  l->inode ? nk_fmt(r.a, "pid:[%" PRIu64 "]", l->inode) : "pid:[hidden]",
			  nk_fmt(r.a, "%7d  %s; %s", (int)l->number, where, init));
	}
	nk_ns_rows_print(&r, nk_cli_plain(r.a, s->what));
}

static int print(struct nk_cli *cli, const struct nk_ns_subject *s, bool json, struct nk_err *e)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};
	struct nk_ns_pid_chain chain;
	int rc = nk_ns_pid_chain(&cli->arena, s, &chain, e);

	if (rc < 0)
		return rc;
	if (json) {
		nk_json_open(&j, NULL, '{');
		nk_json_int(&j, "pid", s->pid);
		nk_json_str(&j, "command", s->command);
		nk_ns_chain_json(&j, "numbers", &chain);
		nk_json_close(&j);
		if (j.failed)
			return nk_fail(e, ENOMEM, "write the numbers");
		puts(j.buf);
	} else {
		text(cli, s, &chain);
	}
	if (fflush(stdout) || ferror(stdout))
		return nk_fail(e, errno, "write the numbers");
	return 0;
}

static int pid(struct nk_cli *cli, const char *word, const struct pid_request *q, struct nk_err *e)
{
	_target_ struct nk_ns_target t = NK_NS_TARGET_INIT;
	_subject_ struct nk_ns_subject s = NK_NS_SUBJECT_INIT;
	int rc = q->from ? from(cli, word, q->from, &t, e) : nk_cli_ns_target(cli, word, &t, e);

	if (rc < 0)
		return rc;
	if (!t.pid) {
		nk_fail(e, 0, "%.200s is no process", t.what);
		return nk_hint(e, "nook ns ls tells which processes are in it");
	}
	rc = nk_ns_subject_open(&s, &cli->arena, &t, e);
	return rc < 0 ? rc : print(cli, &s, q->json, e);
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct pid_request q = {0};
	struct nk_err e = {0};
	const char *word;
	int exit_code;

	if (nk_cli_ns_words(cli, &nk_command_ns_pid, argc, argv, &q, &word, 1,
			    "nook ns pid takes one process",
			    "nook ns pid PID, or nook ns pid 11 --from PID", &exit_code) < 0)
		return exit_code;
	return pid(cli, word, &q, &e) < 0 ? nk_cli_error(cli, &e) : 0;
}

const struct nk_command nk_command_ns_pid = {
	.name = "ns pid",
	.usage = "[OPTIONS] P",
	.summary = "tell the numbers of a process in every PID namespace it is in",
	.about = "A process in nested PID namespaces has a number in each of them. Prints a line "
		 "for "
		 "each, from ours down to its own: the namespace, the number, and who is PID 1 "
		 "there. With --from the other way round: which process is number P for Q?",
	.examples = "nook ns pid 4711\tits numbers\n"
		    "nook ns pid web\tthose of a container's first process\n"
		    "nook ns pid 11 --from web\twho is PID 11 over there\n",
	.options = options,
	.words = "@container",
	.mixed = true,
	.run = run,
};
