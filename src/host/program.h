/* SPDX-License-Identifier: Apache-2.0 */
/* Where a program of nook's own is: nook-systemd. */
#ifndef NK_HOST_PROGRAM_H
#define NK_HOST_PROGRAM_H

#include "base/arena.h"

/*
 * Beside the program that runs (as it was called: /proc/self/exe may be a copy that is nowhere),
 * in the libexec that was installed with it, or where the build was told. Never NULL: the last
 * place, if it is nowhere.
 */
const char *nk_host_program(struct nk_arena *a, const char *name);

#endif
