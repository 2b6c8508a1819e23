/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/hold_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ns/hold.h"
#include "state/process.h"

enum { KILL_MS = 10000 };

const char *nk_ns_store_new_name(struct nk_ns_store *s, const char *kind)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		s->a->failed = true;
	return nk_fmt(s->a, ".%s-%016llx", kind, (unsigned long long)id);
}

static bool is_mount(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH, 0, &st) == 0 &&
	       (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* STATE/ns as it is seen now: on top of it may lie the mount of itself. */
static int reopen(struct nk_ns_store *s, bool make, struct nk_err *e)
{
	nk_cleanup_close(&s->fd);
	s->fd = nk_ns_held_dir(s->state, make, e);
	return s->fd;
}

static int kill_holder(const struct nk_ns_held *h, struct nk_err *e)
{
	if (h->pidfd < 0)
		return 0;
	if (syscall(SYS_pidfd_send_signal, h->pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return nk_fail(e, errno, "end the holder, process %d", (int)h->pid);
	if (nk_process_wait(h->pidfd, KILL_MS) == -ETIMEDOUT)
		return nk_fail(e, ETIMEDOUT, "the holder, process %d, does not end", (int)h->pid);
	return 0;
}

int nk_ns_store_dispose(struct nk_ns_store *s, const char *name, struct nk_err *e)
{
	_held_ struct nk_ns_held h = NK_NS_HELD_INIT;
	_close_ int dir = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct nk_err unread;
	int rc;

	/* No directory is none of ours; the name goes all the same. */
	if (dir < 0 && errno == ENOTDIR && unlinkat(s->fd, name, 0) == 0)
		return 0;
	if (dir < 0)
		return errno == ENOENT ? 0 : nk_fail(e, errno, "%s/%s", s->path, name);

	/* Without a readable record there is nothing outside of this directory. */
	rc = nk_ns_held_read(s->a, dir, &h, &unread);
	if (rc == -ENOTSUP) {
		*e = unread;
		return rc;
	}
	if (rc >= 0) {
		nk_ns_held_look(s->a, nk_fmt(s->a, "%s/%s", s->path, name), &h);
		rc = kill_holder(&h, e);
		if (rc >= 0 && h.mounts && (h.kinds >> NK_NS_NET & 1) && h.inodes[NK_NS_NET])
			rc = nk_netns_unbind(h.name, h.inodes[NK_NS_NET], name[0] == '.', e);
		if (rc < 0)
			return rc;
	}
	for (int k = 0; k < NK_NS_COUNT; k++) {
		const char *kind = nk_ns_name((enum nk_ns_kind)k);

		/* In another mount namespace it goes with the file that it lies on. */
		umount2(nk_fmt(s->a, "%s/%s/%s", s->path, name, kind),
			MNT_DETACH | UMOUNT_NOFOLLOW);
		if (unlinkat(dir, kind, 0) < 0 && errno != ENOENT)
			return nk_fail(e, errno, "remove %s/%s/%s", s->path, name, kind);
	}
	unlinkat(dir, "hold.json.new", 0);
	unlinkat(dir, "hold.json", 0);
	if (unlinkat(s->fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return nk_fail(e, errno, "remove %s/%s", s->path, name);
	return 0;
}

int nk_ns_store_drop(struct nk_ns_store *s, const char *name, struct nk_err *e)
{
	const char *dead = nk_ns_store_new_name(s, "dead");
	_held_ struct nk_ns_held h = NK_NS_HELD_INIT;
	_close_ int dir = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct nk_err unread;

	/* A newer nook's is not taken apart by half. */
	if (dir >= 0 && nk_ns_held_read(s->a, dir, &h, &unread) == -ENOTSUP) {
		*e = unread;
		nk_ctx(e, "\"%s\"", name);
		return -ENOTSUP;
	}
	if (renameat(s->fd, name, s->fd, dead) < 0)
		return nk_fail(e, errno, "remove the name \"%s\"", name);
	return nk_ns_store_dispose(s, dead, e);
}

/* A name of which nothing lives any more, as far as this can be known from here. */
static bool dead(struct nk_ns_store *s, const char *name)
{
	_held_ struct nk_ns_held h = NK_NS_HELD_INIT;
	_close_ int dir = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char boot[NK_BOOT_ID_LEN + 1];
	struct nk_err unread;

	if (dir < 0)
		return false;

	int rc = nk_ns_held_read(s->a, dir, &h, &unread);

	if (rc < 0)
		return rc != -ENOTSUP; /* a newer nook's */
	nk_boot_id(boot);
	nk_ns_held_look(s->a, nk_fmt(s->a, "%s/%s", s->path, name), &h);
	return !h.alive && (!h.elsewhere || strcmp(boot, h.boot_id) != 0);
}

/* Clear away what the dead have left; *left: how many names there are then. */
static void sweep(struct nk_ns_store *s, unsigned *left)
{
	int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct nk_strv names = {0};
	struct dirent *entry;
	struct nk_err ignored;

	*left = 0;
	if (!d && fd >= 0)
		close(fd);
	while (d && (entry = readdir(d)))
		nk_strv_push(s->a, &names, nk_strdup(s->a, entry->d_name));
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];

		if (!strncmp(name, ".new-", 5) || !strncmp(name, ".dead-", 6))
			*left += nk_ns_store_dispose(s, name, &ignored) < 0;
		else if (name[0] != '.')
			*left += !dead(s, name) || nk_ns_store_drop(s, name, &ignored) < 0;
	}
}

/* Others hold it for moments. Whoever holds it longer is worth a word to a person who waits. */
static int take_lock(struct nk_ns_store *s, struct nk_err *e)
{
	const struct timespec moment = {.tv_nsec = 10000000};

	for (int i = 0; i < 100; i++) {
		if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return nk_fail(e, errno, "lock %s", s->path);
		nanosleep(&moment, NULL);
	}
	nk_log(NK_LOG_WARN, "waiting for another nook that works in %s (fuser %s/.lock names it)",
	       s->path, s->path);
	while (flock(s->lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return nk_fail(e, errno, "lock %s", s->path);
	return 0;
}

int nk_ns_store_open(struct nk_ns_store *s, struct nk_arena *a, const char *state, bool make,
		     struct nk_err *e)
{
	unsigned left;
	int rc;

	*s = (struct nk_ns_store){.a = a,
				  .state = state,
				  .path = nk_fmt(a, "%s/ns", state),
				  .lock = -EBADF,
				  .fd = -EBADF};
	rc = reopen(s, make, e);
	if (rc < 0)
		return rc;
	s->lock = openat(s->fd, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock < 0)
		return nk_fail(e, errno, "%s/.lock", s->path);
	rc = take_lock(s, e);
	if (rc >= 0)
		rc = reopen(s, make, e);
	if (rc < 0)
		return rc;
	sweep(s, &left);
	return 0;
}

static bool half_made(int ns_fd)
{
	int fd = openat(ns_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d && fd >= 0)
		close(fd);
	while (d && (entry = readdir(d)))
		if (!strncmp(entry->d_name, ".new-", 5) || !strncmp(entry->d_name, ".dead-", 6))
			return true;
	return false;
}

void nk_ns_tidy(struct nk_arena *a, const char *state)
{
	_store_ struct nk_ns_store s = NK_NS_STORE_INIT;
	struct nk_err ignored;
	_close_ int fd = nk_ns_held_dir(state, false, &ignored);
	_close_ int lock = fd < 0 || !half_made(fd)
				   ? -EBADF
				   : openat(fd, ".lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
		return;
	flock(lock, LOCK_UN);
	nk_ns_store_open(&s, a, state, false, &ignored);
}

int nk_ns_store_private(struct nk_ns_store *s, struct nk_err *e)
{
	if (!is_mount(s->fd)) {
		if (mount(s->path, s->path, NULL, MS_BIND, NULL) < 0)
			return nk_fail(e, errno, "make a mount of %s", s->path);
		int rc = reopen(s, false, e);

		if (rc < 0)
			return rc;
	}
	/* Each time: one who was killed in between has left it shared. */
	if (mount(NULL, s->path, NULL, MS_PRIVATE, NULL) < 0)
		return nk_fail(e, errno, "make the mount of %s private", s->path);
	return 0;
}

/* As a mount of itself is; another file system there is not ours to unmount. */
static bool same_device(const struct nk_ns_store *s)
{
	struct stat top, ns;

	return stat(s->state, &top) == 0 && fstat(s->fd, &ns) == 0 && top.st_dev == ns.st_dev;
}

void nk_ns_store_close(struct nk_ns_store *s)
{
	unsigned left = 1;

	if (s->fd >= 0 && s->lock >= 0) {
		sweep(s, &left);
		if (!left && is_mount(s->fd) && same_device(s))
			umount2(s->path, MNT_DETACH | UMOUNT_NOFOLLOW);
	}
	nk_cleanup_close(&s->fd);
	nk_cleanup_close(&s->lock);
	s->fd = s->lock = -EBADF;
}
