/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/held.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ns/target.h"
#include "state/process.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

void nk_ns_held_done(struct nk_ns_held *h)
{
	nk_cleanup_close(&h->pidfd);
	h->pidfd = -EBADF;
}

int nk_ns_check_name(const char *name, struct nk_err *e)
{
	size_t len = strlen(name), good = strspn(name, LETTERS);

	if (good)
		good += strspn(name + good, LETTERS "_.-");
	/* Numbers are processes, and so are these two words. */
	bool process =
		strspn(name, "0123456789") == len || !strcmp(name, "self") || !strcmp(name, "host");
	if (good == len && len && len <= NK_NS_NAME_MAX && !process)
		return 0;
	nk_fail(e, 0, "\"%.140s\" is not a name for namespaces", name);
	for (char *c = e->msg; *c; c++) /* it goes to a terminal */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return nk_hint(e,
		       "letters, digits, \"_\", \".\" and \"-\", a letter or digit first, not "
		       "only digits, at most %d characters; not self or host",
		       NK_NS_NAME_MAX);
}

int nk_ns_held_dir(const char *state, bool make, struct nk_err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	struct stat st;
	_close_ int top = open(state, flags);

	if (top < 0)
		return nk_fail(e, errno, "state directory %s", state);

	_close_ int fd = openat(top, "ns", flags | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(top, "ns", 0700) < 0 && errno != EEXIST)
			return nk_fail(e, errno, "make %s/ns", state);
		fd = openat(top, "ns", flags | O_NOFOLLOW);
	}
	if (fd < 0)
		return nk_fail(e, errno, "%s/ns", state);
	/* Whoever may write here can make us kill processes and unmount. */
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022)) {
		nk_fail(e, 0, "%s/ns is not ours alone", state);
		return nk_hint(e, "it has to belong to user %u, mode 0700", geteuid());
	}
	return nk_take_fd(&fd);
}

const char *nk_netns_path(struct nk_arena *a, const char *name)
{
	struct stat st;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return NULL;

	const char *path = nk_fmt(a, NK_NETNS_DIR "/%s", name);

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? path : NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int nk_netns_names(struct nk_arena *a, struct nk_strv *names, struct nk_err *e)
{
	_closedir_ DIR *dir = opendir(NK_NETNS_DIR);
	struct dirent *d;

	if (!dir)
		return errno == ENOENT ? 0 : nk_fail(e, errno, "read " NK_NETNS_DIR);
	while ((errno = 0, d = readdir(dir))) {
		const char *path = nk_netns_path(a, d->d_name);
		struct statfs fs;

		if (path && statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC)
			nk_strv_push(a, names, nk_strdup(a, d->d_name));
	}
	if (errno)
		return nk_fail(e, errno, "read " NK_NETNS_DIR);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	return nk_arena_ok(a, e);
}

static uint64_t inode_of(const char *path, bool nsfs)
{
	struct statfs fs;
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	if (nsfs && (statfs(path, &fs) < 0 || fs.f_type != NSFS_MAGIC))
		return 0;
	return st.st_ino;
}

void nk_ns_held_look(struct nk_arena *a, const char *dir, struct nk_ns_held *h)
{
	char boot[NK_BOOT_ID_LEN + 1];

	h->alive = 0;
	nk_boot_id(boot);
	nk_ns_held_done(h);
	if (h->pid && !strcmp(boot, h->boot_id))
		h->pidfd = nk_process_pidfd(h->pid, h->start);
	if (h->pidfd >= 0 && nk_process_wait(h->pidfd, 0) != -ETIMEDOUT)
		nk_ns_held_done(h);
	h->elsewhere = h->mounts && h->place != inode_of("/proc/self/ns/mnt", false);
	for (int k = 0; k < NK_NS_COUNT; k++) {
		if (!(h->kinds >> k & 1))
			continue;

		const char *name = nk_ns_name((enum nk_ns_kind)k);
		const char *path = h->pidfd >= 0 ? nk_fmt(a, "/proc/%d/ns/%s", (int)h->pid, name)
						 : nk_fmt(a, "%s/%s", dir, name);

		/* A bind mount may be hidden, or gone; a PID namespace without its first
		 * process is of no use. */
		if (h->pidfd < 0 && (!inode_of(path, true) || (k == NK_NS_PID && h->pid)))
			continue;
		h->paths[k] = path;
		h->alive |= 1u << k;
	}
}

static int none(const char *name, struct nk_err *e)
{
	nk_fail(e, 0, "there is no namespace named \"%.140s\"", name);
	nk_hint(e, "nook ns ls shows names; nook ns hold and ip netns add give them");
	e->err = ENOENT;
	return -ENOENT;
}

int nk_ns_held_find(struct nk_arena *a, const char *state, const char *name, struct nk_ns_held *h,
		    struct nk_err *e)
{
	struct nk_err ignored;

	*h = (struct nk_ns_held)NK_NS_HELD_INIT;
	if (nk_ns_check_name(name, &ignored) < 0)
		return none(name, e);

	_close_ int ns = nk_ns_held_dir(state, false, e);

	if (ns < 0)
		return ns == -ENOENT ? none(name, e) : ns;

	_close_ int dir = openat(ns, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOENT ? none(name, e) : nk_fail(e, errno, "name \"%s\"", name);

	int rc = nk_ns_held_read(a, dir, h, e);

	if (rc < 0)
		return rc;
	nk_ns_held_look(a, nk_fmt(a, "%s/ns/%s", state, name), h);
	if (h->alive)
		return 0;
	if (h->elsewhere) {
		nk_fail(e, 0, "\"%s\" is held in another mount namespace", name);
		nk_hint(e, "its bind mounts are seen only from there; nook ns rm %s lets it go",
			name);
		e->err = ENOENT;
		return -ENOENT;
	}
	return none(name, e);
}
