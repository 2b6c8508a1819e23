/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a text of a tree that may be hostile. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "child/child.h"
#include "runtime/prepare.h"

#define MAX_TEXT ((size_t)1 << 20)

const char *nk_root_text(struct nk_arena *a, int root_fd, const char *path, size_t *len)
{
	/* Never outside, and not opened before it is known to be a file: a FIFO waits for ever,
	 * and opening is what sets off a watchdog or rewinds a tape. */
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	_close_ int found = -EBADF;
	struct stat st;
	char self[32];

	/* Whenever something is renamed or mounted meanwhile, ".." on the way means EAGAIN. */
	for (int i = 0; found < 0 && i < NK_OPENAT2_TRIES && (i == 0 || errno == EAGAIN); i++)
		found = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	*len = 0;
	if (found < 0 || fstat(found, &st) || !S_ISREG(st.st_mode) || st.st_size > (off_t)MAX_TEXT)
		return "";
	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	_close_ int fd = open(self, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return "";
	size_t size = (size_t)st.st_size, got = 0;
	char *text = nk_alloc(a, size + 1);
	while (text && got < size) {
		ssize_t n = read(fd, text + got, size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	*len = got;
	return text ? text : "";
}

/* The mount that covers path: the longest target that is a leading part of it. */
static const struct nk_mount_spec *cover(const struct nk_spec *spec, const char *path)
{
	const struct nk_mount_spec *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct nk_mount_spec *m = &spec->mounts.v[i];
		size_t n = strlen(m->target);
		while (n > 1 && m->target[n - 1] == '/')
			n--;
		if (n >= best_len && !strncmp(path, m->target, n) &&
		    (path[n] == '/' || path[n] == '\0')) {
			best = m;
			best_len = n;
		}
	}
	return best;
}

const char *nk_container_text(struct nk_arena *a, const struct nk_spec *spec, const char *path,
			      size_t *len)
{
	const char *root = spec->rootfs_host ? "/" : spec->rootfs, *rest = path;
	const struct nk_mount_spec *m = cover(spec, path);

	*len = 0;
	if (m && m->kind == NK_MOUNT_TMPFS)
		return "";
	if (m) {
		root = m->source;
		rest = path + strlen(m->target);
	}
	_close_ int fd = open(root, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return "";
	if (*rest)
		return nk_root_text(a, fd, rest + strspn(rest, "/"), len);
	/* The volume is the file itself. */
	_close_ int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return nk_root_text(a, top, root + 1, len);
}
