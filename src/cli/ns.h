/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of nook ns, one file each: src/cli/ns_NAME.c. */
#ifndef NK_CLI_NS_H
#define NK_CLI_NS_H

#include "cli/cli.h"

extern const struct nk_command nk_command_ns_run, nk_command_ns_enter, nk_command_ns_exec,
	nk_command_ns_hold, nk_command_ns_rm, nk_command_ns_ls, nk_command_ns_tree,
	nk_command_ns_show, nk_command_ns_diff, nk_command_ns_pid, nk_command_ns_can;

#endif
