/* SPDX-License-Identifier: Apache-2.0 */
#include "state/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "state/process.h"
#include "state/record.h"

enum { KILL_MS = 10000 };

int nk_state_flock(int fd, int how)
{
	while (flock(fd, how) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

bool nk_state_same_dir(struct nk_state *st, const char *name, int dir_fd)
{
	struct stat by_name, by_fd;

	return fstatat(st->fd, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(dir_fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
	       by_name.st_ino == by_fd.st_ino;
}

/* The lock goes last: as long as it is there, its holder is the one who works here. */
static void empty(int dir_fd)
{
	static const char *const files[] = {"state.json", "state.json.new", "firewall",
					    "firewall.new", "lock"};

	for (size_t i = 0; i < NK_COUNT(files); i++)
		unlinkat(dir_fd, files[i], 0);
}

int nk_state_drop(struct nk_state *st, const char *name, const char *id, int dir_fd, int lock_fd,
		  int exit_code, struct nk_err *e)
{
	char dead[NK_STATE_ID_LEN + 8], code[16];
	int n = snprintf(code, sizeof(code), "%d\n", exit_code);

	/* Before the name goes and the lock is free: a waiter looks after that. */
	if (exit_code >= 0 && pwrite(lock_fd, code, (size_t)n, 0) != n)
		return nk_fail(e, errno, "write the exit code of %s", name);
	snprintf(dead, sizeof(dead), ".dead-%.64s", id);
	if (renameat(st->fd, name, st->fd, dead) < 0)
		return nk_fail(e, errno, "remove the state of %s", name);
	empty(dir_fd);
	/* ENOTEMPTY: a sweeper has made a lock of its own in it, and removes it. */
	if (unlinkat(st->fd, dead, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY)
		return nk_fail(e, errno, "remove the state of %s", name);
	return 0;
}

bool nk_state_this_boot(const struct nk_state_record *r)
{
	char now[NK_BOOT_ID_LEN + 1];

	if (!r->boot_id)
		return true;
	nk_boot_id(now);
	return !*now || !strcmp(r->boot_id, now);
}

int nk_state_init_fd(const struct nk_state_record *r)
{
	_close_ int fd = nk_process_pidfd(r->pid, r->pid_start);

	return fd >= 0 && !nk_state_this_boot(r) ? -ESRCH : nk_take_fd(&fd);
}

static int kill_init(const struct nk_state_record *r, struct nk_err *e)
{
	_close_ int pidfd = nk_state_init_fd(r);

	if (pidfd == -ESRCH)
		return 0;
	if (pidfd < 0)
		return nk_fail(e, -pidfd, "open process %d", (int)r->pid);
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return nk_fail(e, errno, "kill process %d", (int)r->pid);
	if (nk_process_wait(pidfd, KILL_MS) == -ETIMEDOUT)
		return nk_fail(e, ETIMEDOUT, "process %d does not end", (int)r->pid);
	return 0;
}

/* The nook of NAME has died; we hold its lock. Take away everything that was its own. */
static int clean(struct nk_state *st, const char *name, int dir_fd, int lock_fd, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	struct nk_state_record r;
	struct nk_err unread;
	const char *id = name;
	int rc = nk_record_load(&a, dir_fd, &r, &unread);

	if (rc == -ENOTSUP) {
		*e = unread;
		return nk_ctx(e, "container \"%s\"", name);
	}
	/* Without a readable record (a disk that lost power) there is nothing to go by. */
	if (rc >= 0) {
		id = r.id;
		/* Of an earlier boot nothing but this directory is left. */
		if (nk_state_this_boot(&r) &&
		    (kill_init(&r, e) < 0 || (st->reap && st->reap(&r, e) < 0)))
			return nk_ctx(e, "clean up after container \"%s\", whose nook has died",
				      name);
	}
	return nk_state_drop(st, name, id, dir_fd, lock_fd, -1, e);
}

/* dir_fd/lock; made where it is missing, which only somebody else's directory can do. */
static int open_lock(struct nk_state *st, const char *name, int dir_fd)
{
	int fd = openat(dir_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && nk_state_same_dir(st, name, dir_fd))
		fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int nk_state_probe(struct nk_state *st, struct nk_arena *a, const char *name,
		   struct nk_state_record *r, struct nk_err *e)
{
	for (int tries = 0; tries < 1000; tries++) {
		_close_ int dir =
			openat(st->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (dir < 0)
			return errno == ENOENT
				       ? NK_STATE_GONE
				       : nk_fail(e, errno, "state of container \"%s\"", name);

		_close_ int lock = open_lock(st, name, dir);

		if (lock == -ENOENT)
			continue; /* removed under our hands */
		if (lock < 0)
			return nk_fail(e, -lock, "lock of container \"%s\"", name);

		int rc = nk_state_flock(lock, LOCK_EX | LOCK_NB);

		if (rc == 0) {
			if (!nk_state_same_dir(st, name, dir))
				continue;
			rc = clean(st, name, dir, lock, e);
			return rc < 0 ? rc : NK_STATE_GONE;
		}
		if (rc != -EWOULDBLOCK)
			return nk_fail(e, -rc, "lock of container \"%s\"", name);
		rc = nk_record_load(a, dir, r, e);
		if (rc >= 0)
			return NK_STATE_ALIVE;
		if (rc != -ENOENT)
			return nk_ctx(e, "container \"%s\"", name);
	}
	return nk_fail(e, 0, "container \"%s\": its state directory has no state.json", name);
}

void nk_state_clean_one(struct nk_state *st, const char *name)
{
	_close_ int dir = openat(st->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int lock = dir < 0 ? -EBADF : openat(dir, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct nk_err ignored;

	if (lock < 0 || nk_state_flock(lock, LOCK_EX | LOCK_NB) < 0 ||
	    !nk_state_same_dir(st, name, dir))
		return;
	clean(st, name, dir, lock, &ignored);
}

void nk_state_sweep(struct nk_state *st, const char *name)
{
	_close_ int dir = openat(st->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return;

	_close_ int lock = open_lock(st, name, dir);

	if (lock < 0 || nk_state_flock(lock, LOCK_EX | LOCK_NB) < 0 ||
	    !nk_state_same_dir(st, name, dir))
		return;
	empty(dir);
	unlinkat(st->fd, name, AT_REMOVEDIR);
}
