/* SPDX-License-Identifier: Apache-2.0 */
/* A program that works beside what this process does (pasta, slirp4netns), and ends with it. */
#ifndef NK_SPAWN_COMPANION_H
#define NK_SPAWN_COMPANION_H

#include <stddef.h>

struct nk_companion {
	int pidfd;
	int ready_fd; /* until it is ready */
	int words_fd; /* what it says of its faults: read by nobody once it is ready */
};
#define NK_COMPANION_INIT                                               \
	{                                                               \
		.pidfd = -EBADF, .ready_fd = -EBADF, .words_fd = -EBADF \
	}

/* Start it; ready: its descriptor (1, 3) on which it says that it is ready. 0 or -errno. */
int nk_companion_start(struct nk_companion *c, const char *path, char *const argv[], int ready);
/* Until it has said so: 0; -EPIPE when it ended, -ETIMEDOUT, or -EINTR (a signal wants this process
 * to end) with its last line in words. */
int nk_companion_ready(struct nk_companion *c, char *words, size_t size);

#endif
