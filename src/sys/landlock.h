/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: which files a process may open from now on, whoever it is. For programs that keep uid 0
 * and talk to strangers: without capabilities root still owns the machine's files.
 */
#ifndef NK_SYS_LANDLOCK_H
#define NK_SYS_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* A file, or a directory with all below it: by path, or by descriptor where path is NULL. What is
 * not there (-1) is left out. */
struct nk_landlock_place {
	const char *path;
	int fd;
	bool write; /* and made, and removed */
};

/*
 * From now on files are read and written in these places only; nothing is executed, nor is a socket
 * with an abstract name reached (where the kernel can say that: 6.12). Descriptors that are open
 * stay usable; stat() is everybody's. Wants no_new_privs or CAP_SYS_ADMIN. 0, also on a kernel
 * without Landlock; or -errno.
 */
int nk_landlock_files(const struct nk_landlock_place *places, size_t n, struct nk_err *e);

#endif
