/* SPDX-License-Identifier: Apache-2.0 */
/* nook unshare: an ordinary user as root of the own subordinate ids. */
#include <unistd.h>

#include "cli/ns_run.h"
#include "cli/run_set.h"

#define AT(member) .offset = offsetof(struct nk_ns_request, member)

static const struct nk_option options[] = {
	{"explain", .optional = true, .metavar = "FORMAT", .values = "words json c sh",
	 .help = "print each step and run nothing; FORMAT: words (default), json, c, sh",
	 .set = nk_run_set_explain},
	{"debug", .help = "show each step as it is done, with its time", .set = nk_set_flag,
	 AT(run.debug)},
	{0},
};

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct nk_ns_request r = {.map_word = "auto", .kinds[NK_NS_MOUNT] = true};
	struct nk_err e = {0};
	int code;

	nk_run_request_init(&r.run);
	int first = nk_cli_options(cli, &nk_command_unshare, argc, argv, &r, &code);
	if (first < 0)
		return code;
	if (geteuid() == 0) {
		nk_fail(&e, 0, "nook unshare is for ordinary users: root may use every id already");
		nk_hint(&e, "run the command as it is, or `nook ns run --map auto` for ids of its "
			    "own");
		return nk_cli_error(cli, &e);
	}
	if (nk_ns_run_finish(&r, &e) < 0)
		return nk_cli_error(cli, &e);
	return nk_ns_run_start(cli, &r, argc - first, argv + first);
}

const struct nk_command nk_command_unshare = {
	.name = "unshare",
	.usage = "[OPTIONS] [COMMAND [ARG...]]",
	.summary = "run a command as root of your own subordinate ids",
	.about = "Run COMMAND (default: $SHELL) in a new user namespace and a new mount namespace. "
		 "Root inside is you, and users from 1 on are the ids that /etc/subuid and "
		 "/etc/subgid give you: so you can look at, change and remove files that "
		 "your containers have left.",
	.examples = "nook unshare\ta shell as root of your own ids\n"
		    "nook unshare rm -rf tree\tremove files of your containers' users\n"
		    "nook unshare cat /proc/self/uid_map\twho is who",
	.options = options,
	.run = run,
};
