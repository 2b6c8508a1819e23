/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a word on the command line to what it means:
 *
 *	4711                     a process          pid:4711
 *	web                      a container        container:web
 *	red                      a name held by nook ns hold, or by ip netns add
 *	                                            held:red netns:red
 *	/run/netns/red, ./file   a file that is a namespace
 *	net:[4026531840]         the namespace with this inode
 *	host, self               process 1; nook's own
 *
 * A name that a container and a held namespace share is refused, with both spellings as a hint.
 */
#ifndef NK_CLI_NS_TARGET_H
#define NK_CLI_NS_TARGET_H

#include "cli/cli.h"
#include "ns/target.h"

/* 0 or -errno; t is to be closed by nk_ns_target_done() (or `_target_`) either way. */
int nk_cli_ns_target(struct nk_cli *cli, const char *word, struct nk_ns_target *t,
		     struct nk_err *e);

#endif
