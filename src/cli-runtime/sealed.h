/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's own file cannot be written by a container (CVE-2019-5736). */
#ifndef NK_CLI_RUNTIME_SEALED_H
#define NK_CLI_RUNTIME_SEALED_H

#include "base/err.h"

/*
 * A container that has a process of ours as /proc/PID/exe can open the file for writing once
 * nobody executes it. So the commands that send a process into a container execute themselves
 * anew from a read-only mount of the file that only this process has; where that may not be
 * made, from a sealed copy in memory. Returns in the process that goes on; not in the first.
 */
int nk_sealed_self(int argc, char **argv, struct nk_err *e);

/* The same, whatever the command is: begins anew with these words, unless it is sealed. */
int nk_sealed_now(char **argv, struct nk_err *e);

/*
 * The descriptor of the mount that this program was executed from, out of the way of those that
 * callers hand on, closed by any execve; 0: none. To close the last one of such a mount takes a
 * grace period of RCU (50 to 150 microseconds), better while there is nothing else to do.
 */
int nk_sealed_fd(void);

#endif
