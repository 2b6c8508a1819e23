/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of the networks: read as a whole, replaced as a whole. Inside src/net only. */
#ifndef NK_NET_FILE_H
#define NK_NET_FILE_H

#include <stdbool.h>

#include "base/arena.h"

/* Make dir and those above it (0700) and open it. The descriptor or -errno. */
int nk_net_dir(const char *dir, struct nk_err *e);
/* -ENOENT without a message when there is none. text ends with a NUL. */
int nk_net_file_read(int dir_fd, const char *name, struct nk_arena *a, char **text, size_t *size,
		     struct nk_err *e);
/* By a new file that is renamed: readers see the old or the new one; lasting: also after a power
 * cut. */
int nk_net_file_write(int dir_fd, const char *name, const char *text, size_t size, bool lasting,
		      struct nk_err *e);
/* flock fd, shared or alone. Who has it is told (nk_log) when that takes more than two seconds;
 * -ETIMEDOUT after a minute. On failure a lock that fd had before may be gone. */
int nk_net_flock(int fd, bool alone, struct nk_err *e);
/* flock the file name of dir_fd (made where it is missing), waiting for others; the descriptor,
 * closed to unlock, or -errno. -ESTALE: who had it has removed it meanwhile. */
int nk_net_lock(int dir_fd, const char *name, struct nk_err *e);

#endif
