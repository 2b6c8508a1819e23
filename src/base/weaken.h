/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test of an attack proves nothing unless it fails where the defence is missing. A build with
 * -Dweaken=NAME leaves that defence out; with -Dweaken=all the environment's NOOK_WEAKEN names it
 * when the program runs, so that one build serves all of tests/attacks. In any other build
 * nk_weak() is false when it is compiled, and nothing of this is in the program.
 *
 * The names are those of the files in tests/attacks. To be asked in the very place of a defence.
 */
#ifndef NK_BASE_WEAKEN_H
#define NK_BASE_WEAKEN_H

#ifdef NK_WEAKEN
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool nk_weak(const char *defence)
{
	const char *name = strcmp(NK_WEAKEN, "all") == 0 ? getenv("NOOK_WEAKEN") : NK_WEAKEN;

	return name && strcmp(name, defence) == 0;
}
#else
#define nk_weak(defence) 0
#endif

#endif
