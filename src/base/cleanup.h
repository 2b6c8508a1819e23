/* SPDX-License-Identifier: Apache-2.0 */
/* Cleanup at the end of scope: `_free_ char *p = NULL; _close_ int fd = -EBADF;`. */
#ifndef NK_BASE_CLEANUP_H
#define NK_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void nk_cleanup_free(void *p)
{
	free(*(void **)p);
}
static inline void nk_cleanup_close(const int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		errno = saved;
	}
}
static inline void nk_cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}
static inline void nk_cleanup_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}
#define _free_ __attribute__((cleanup(nk_cleanup_free)))
#define _close_ __attribute__((cleanup(nk_cleanup_close)))
#define _fclose_ __attribute__((cleanup(nk_cleanup_fclose)))
#define _closedir_ __attribute__((cleanup(nk_cleanup_closedir)))

/* Hand a descriptor on: the variable no longer owns it. */
static inline int nk_take_fd(int *fd)
{
	int taken = *fd;
	*fd = -EBADF;
	return taken;
}

#define NK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
