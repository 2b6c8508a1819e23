/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/state only: a file of a container's directory, whole. */
#ifndef NK_STATE_TEXT_H
#define NK_STATE_TEXT_H

#include <stddef.h>

#include "base/arena.h"

/* dir/name -> *text in the arena, *n bytes. -EFBIG when it is longer than max, or no regular file;
 * no link is followed. */
int nk_state_text(struct nk_arena *a, int dir, const char *name, size_t max, char **text,
		  size_t *n);

#endif
