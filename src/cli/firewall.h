/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `nook firewall`. */
#ifndef NK_CLI_FIREWALL_H
#define NK_CLI_FIREWALL_H

#include "cli/cli.h"

extern const struct nk_command nk_command_firewall_add, nk_command_firewall_ls,
	nk_command_firewall_rm, nk_command_firewall_default;

#endif
