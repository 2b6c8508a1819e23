/* SPDX-License-Identifier: Apache-2.0 */
#include "state/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int nk_state_text(struct nk_arena *a, int dir, const char *name, size_t max, char **text, size_t *n)
{
	/* O_NONBLOCK, O_NOCTTY: somebody may have put something else there. */
	_close_ int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	*n = 0;
	*text = NULL;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > max)
		return -EFBIG;
	*text = nk_alloc(a, (size_t)st.st_size + 1);
	if (!*text)
		return -ENOMEM;
	while (*n < (size_t)st.st_size) {
		ssize_t got = read(fd, *text + *n, (size_t)st.st_size - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return 0;
}
