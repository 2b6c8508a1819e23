/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NK_CLI_AGO_H
#define NK_CLI_AGO_H

#include <stdint.h>

#include "base/arena.h"

/* A length of time as people say it: "Less than a second", "About an hour", "3 days". */
const char *nk_ago(struct nk_arena *a, int64_t seconds);

#endif
