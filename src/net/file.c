/* SPDX-License-Identifier: Apache-2.0 */
#include "net/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

enum { FILE_MAX = 8 << 20 };

int nk_net_dir(const char *dir, struct nk_err *e)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return nk_fail(e, ENAMETOOLONG, "directory of the networks");
	for (char *at = path + 1;; at++) {
		char c = *at;

		if (c && c != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST) {
			nk_fail(e, errno, "make the directory of the networks, %s", path);
			return nk_hint(e, "choose places that you may write to: --root, --state");
		}
		*at = c;
		if (!c)
			break;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? nk_fail(e, errno, "directory of the networks, %s", path) : fd;
}

int nk_net_file_read(int dir_fd, const char *name, struct nk_arena *a, char **text, size_t *size,
		     struct nk_err *e)
{
	_close_ int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	size_t n = 0;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return nk_fail(e, errno, "read %s", name);
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return nk_fail(e, EFBIG, "read %s", name);
	*text = nk_alloc(a, (size_t)st.st_size + 1);
	while (*text && n < (size_t)st.st_size) {
		ssize_t got = read(fd, *text + n, (size_t)st.st_size - n);

		if (got < 0 && errno != EINTR)
			return nk_fail(e, errno, "read %s", name);
		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	*size = n;
	return nk_arena_ok(a, e);
}

static int put(int fd, const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t n = write(fd, text + at, size - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int nk_net_file_write(int dir_fd, const char *name, const char *text, size_t size, bool lasting,
		      struct nk_err *e)
{
	char temp[NAME_MAX + 1];

	/* Writers hold a lock: one name is enough, and the next one takes over what a killed one
	 * has left. */
	if (snprintf(temp, sizeof(temp), ".%s.new", name) >= (int)sizeof(temp))
		return nk_fail(e, ENAMETOOLONG, "write %s", name);

	_close_ int fd =
		openat(dir_fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : put(fd, text, size);

	if (rc == 0 && lasting && fdatasync(fd) < 0)
		rc = -errno;
	if (rc == 0 && renameat(dir_fd, temp, dir_fd, name) < 0)
		rc = -errno;
	if (rc < 0) {
		unlinkat(dir_fd, temp, 0);
		return nk_fail(e, -rc, "write %s", name);
	}
	return 0;
}

int nk_net_lock(int dir_fd, const char *name, struct nk_err *e)
{
	_close_ int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return nk_fail(e, errno, "open the lock of the networks");

	int rc = nk_net_flock(fd, true, e);
	struct stat st;

	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0 || !st.st_nlink)
		return nk_fail(e, ESTALE, "lock the networks");
	return nk_take_fd(&fd);
}
