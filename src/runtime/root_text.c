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

/* A descriptor that reads nothing yet: of whatever the path leads to, but never out of the root. */
static int find(int root_fd, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -1;

	/* Whenever something is renamed or mounted meanwhile, ".." on the way means EAGAIN. */
	for (int i = 0; fd < 0 && i < NK_OPENAT2_TRIES && (i == 0 || errno == EAGAIN); i++)
		fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/* At most max bytes; how many, or -errno. */
static ssize_t read_all(int fd, char *to, size_t max)
{
	size_t got = 0;

	while (got < max) {
		ssize_t n = read(fd, to + got, max - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int nk_root_text(struct nk_arena *a, int root_fd, const char *path, struct nk_text *out,
		 struct nk_err *e)
{
	_close_ int found = find(root_fd, path);
	struct stat st;
	char self[32];

	*out = (struct nk_text){.v = ""};
	if (found == -ENOENT || found == -ENOTDIR)
		return 0;
	if (found < 0 || fstat(found, &st) < 0)
		return nk_fail(e, found < 0 ? -found : errno, "read the container's /%s", path);
	/* Not opened before it is known to be a file: a FIFO waits for ever, and opening is what
	 * sets off a watchdog or rewinds a tape. */
	if (!S_ISREG(st.st_mode)) {
		nk_fail(e, 0, "the container's /%s is not a plain file", path);
		return nk_hint(e, "it is looked at for -u only: leave that away, or put a list of "
				  "users there");
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	_close_ int fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return nk_fail(e, errno, "read the container's /%s", path);
	/* One byte over the limit, so that a larger file is refused, not cut. */
	size_t room = st.st_size < NK_PASSWD_LARGEST ? (size_t)st.st_size : NK_PASSWD_LARGEST + 1;
	char *text = nk_alloc(a, room + 1);
	if (!text)
		return nk_arena_ok(a, e);
	ssize_t n = read_all(fd, text, room);
	if (n < 0)
		return nk_fail(e, (int)-n, "read the container's /%s", path);
	*out = (struct nk_text){.v = text, .n = (size_t)n};
	return 0;
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

/* Where on the host the container's path is looked up: below *root the path *rest, without a slash
 * in front. False: in an empty directory. */
static bool locate(const struct nk_spec *spec, const char *path, const char **root,
		   const char **rest)
{
	const struct nk_mount_spec *m = cover(spec, path);

	*root = spec->rootfs_host ? "/" : spec->rootfs;
	*rest = path + 1;
	if (!m)
		return true;
	if (m->kind == NK_MOUNT_TMPFS)
		return false;
	*root = m->source;
	*rest = path + strlen(m->target);
	if (!**rest) { /* the volume is the file itself */
		*rest = *root + 1;
		*root = "/";
	}
	*rest += strspn(*rest, "/");
	return true;
}

struct nk_text nk_container_text(struct nk_arena *a, const struct nk_spec *spec, const char *path)
{
	struct nk_text text = {.v = ""};
	const char *root, *rest;
	struct nk_err ignored;

	if (!locate(spec, path, &root, &rest))
		return text;
	_close_ int fd = open(root, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return text;
	if (nk_root_text(a, fd, rest, &text, &ignored) < 0 || text.n > NK_PASSWD_LARGEST)
		text = (struct nk_text){.v = ""};
	return text;
}

enum nk_mask_kind nk_container_kind(const struct nk_spec *spec, const char *path)
{
	const char *root, *rest;
	struct stat st;

	if (!locate(spec, path, &root, &rest))
		return NK_MASK_MISSING;
	_close_ int top = open(root, O_PATH | O_CLOEXEC);
	_close_ int fd = top < 0 ? -EBADF : find(top, *rest ? rest : ".");
	if (fd < 0 || fstat(fd, &st))
		return NK_MASK_MISSING;
	return S_ISDIR(st.st_mode) ? NK_MASK_DIR : NK_MASK_FILE;
}
