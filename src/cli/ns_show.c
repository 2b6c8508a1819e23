/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ns_show.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "cli/ns.h"
#include "cli/ns_target.h"
#include "cli/ns_words.h"

struct show_request {
	bool json;
};

static const struct nk_option options[] = {
	{"format", .metavar = "FORMAT", .values = "text json",
	 .help = "printed as text (default) or json", .set = nk_set_json,
	 .offset = offsetof(struct show_request, json)},
	{0},
};

static int print(struct nk_cli *cli, const struct nk_inside *in,
		 const struct nk_ns_pid_chain *chain, bool json, struct nk_err *e)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};

	if (json) {
		nk_ns_show_json(&cli->arena, &j, in, chain);
		if (j.failed)
			return nk_fail(e, ENOMEM, "write what is inside");
		puts(j.buf);
	} else {
		nk_ns_show_text(cli, in, chain);
	}
	if (fflush(stdout) || ferror(stdout))
		return nk_fail(e, errno, "write what is inside");
	return nk_arena_ok(&cli->arena, e);
}

static int show(struct nk_cli *cli, const char *word, bool json, struct nk_err *e)
{
	_target_ struct nk_ns_target t = NK_NS_TARGET_INIT;
	_subject_ struct nk_ns_subject s = NK_NS_SUBJECT_INIT;
	struct nk_ns_pid_chain chain = {0};
	struct nk_inside in;
	int rc = nk_cli_ns_target(cli, word, &t, e);

	if (rc >= 0)
		rc = nk_ns_subject_open(&s, &cli->arena, &t, e);
	if (rc >= 0)
		rc = nk_inside_read(&cli->arena, &s, &in, e);
	if (rc >= 0 && s.named)
		rc = nk_ns_pid_chain(&cli->arena, &s, &chain, e);
	return rc < 0 ? rc : print(cli, &in, &chain, json, e);
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct show_request q = {0};
	struct nk_err e = {0};
	const char *word;
	int exit_code;

	if (nk_cli_ns_words(cli, &nk_command_ns_show, argc, argv, &q, &word, 1,
			    "nook ns show takes one process or namespace",
			    "nook ns show PID, or a container, a name of nook ns ls, net:[INODE]",
			    &exit_code) < 0)
		return exit_code;
	return show(cli, word, q.json, &e) < 0 ? nk_cli_error(cli, &e) : 0;
}

const struct nk_command nk_command_ns_show = {
	.name = "ns show",
	.usage = "[OPTIONS] PID|CONTAINER|NAME|TYPE:[INODE]",
	.summary = "tell what is inside the namespaces of a process",
	.about =
		"Tells which eight namespaces a process is in and what is in them: its numbers, "
		"ids in words, capabilities, clocks, cgroups, mounts that its parent does not "
		"have, network cards, addresses and routes, sockets that can be reached, the host "
		"name, IPC objects. Of namespaces that no process was named for, only what belongs "
		"to them. What this user may not see is told with the reason; the rest is shown "
		"all the same. Nothing that is inside is executed or opened by its paths.",
	.examples = "nook ns show $$\tthis shell\n"
		    "nook ns show web\ta container of nook's\n"
		    "nook ns show net:[4026531840]\ta namespace by its inode\n"
		    "nook ns show 4711 --format json | jq .cards\tfor programs\n",
	.options = options,
	.words = "@container",
	.mixed = true,
	.run = run,
};
