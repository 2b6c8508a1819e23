/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns: the group of commands about namespaces of any process. */
#include "cli/ns.h"

static const struct nk_command *const commands[] = {
	&nk_command_ns_run,  &nk_command_ns_enter, &nk_command_ns_exec, &nk_command_ns_hold,
	&nk_command_ns_rm,   &nk_command_ns_ls,	   &nk_command_ns_tree, &nk_command_ns_show,
	&nk_command_ns_diff, &nk_command_ns_pid,   &nk_command_ns_can,	NULL,
};

const struct nk_command nk_command_ns = {
	.name = "ns",
	.usage = "COMMAND [ARG...]",
	.summary = "make, enter, see, compare and keep namespaces",
	.about = "Works with the namespaces of every process of this machine, not only with those "
		 "of nook's containers.",
	.children = commands,
	.no_state = true,
	.run = nk_command_group,
};
