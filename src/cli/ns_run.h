/* SPDX-License-Identifier: Apache-2.0 */
/* What `nook ns run` and `nook unshare` are asked for, and from there to a plan. */
#ifndef NK_CLI_NS_RUN_H
#define NK_CLI_NS_RUN_H

#include "cli/cli.h"
#include "cli/run_options.h"
#include "runtime/prepare.h"

struct nk_ns_request {
	struct nk_run_request run; /* first: the setters of `nook run` write here */
	bool all;
	bool kinds[NK_NS_COUNT];
	const char *map_word; /* "root", "auto", "current"; NULL: ranges, or nothing said */
	bool map_ranges;      /* they were given with --map, not --uidmap */
	bool mount_proc;
	const char *proc; /* where; NULL: nowhere */
	bool in_place;	  /* --unshare */
	bool as_is;
	bool no_init;
	const char *keep; /* NAME */

	/* found out */
	bool changes_user;
};

extern const struct nk_option nk_ns_run_table[];

/* What the options imply, and what does not go together. */
int nk_ns_run_finish(struct nk_ns_request *r, struct nk_err *e);

/* Bit k: the namespace k outlives the command. */
unsigned nk_ns_run_kept(const struct nk_ns_request *r);

/* Who is who in a new user namespace, once *f is known: refused here is what the kernel or
 * newuidmap would refuse later. */
int nk_ns_run_ids(struct nk_ns_request *r, struct nk_arena *a, struct nk_facts *f,
		  struct nk_lease *lease, struct nk_err *e);

/* Plan it and carry it out, or explain it. words: the command. The exit code. */
int nk_ns_run_start(struct nk_cli *cli, struct nk_ns_request *r, int n_words, char **words);

#endif
