/* SPDX-License-Identifier: Apache-2.0 */
#include "base/weaken.h"
#include "state/oci_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "state/oci_record.h"
#include "state/process.h"
#include "state/text.h"

enum { FILE_MAX = 32 << 20, LOOK_MS = 5 };

const char *nk_oci_status_name(enum nk_oci_status s)
{
	static const char *const names[] = {"creating", "created", "running", "paused", "stopped"};

	return names[s];
}

void nk_oci_dir_close(struct nk_oci_dir *d)
{
	nk_cleanup_close(&d->lock_fd);
	nk_cleanup_close(&d->fd);
	nk_cleanup_close(&d->root_fd);
	*d = (struct nk_oci_dir)NK_OCI_DIR_CLOSED;
}

int nk_oci_check_id(const char *id, struct nk_err *e)
{
	size_t n = strlen(id);

	if (nk_weak("Flatpak-2024-32462"))
		return 0;
	if (n == 0)
		return nk_fail(e, 0, "container id cannot be empty");
	if (n > NK_OCI_ID_MAX || !strcmp(id, ".") || !strcmp(id, "..") ||
	    strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.") != n) {
		nk_fail(e, 0, "invalid container ID format");
		return nk_hint(e, "letters, digits, _, +, - and dots");
	}
	return 0;
}

/* With all that lies above it. */
static int make_root(const char *root)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s", root) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (char *c = path + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		if (mkdir(path, 0711) < 0 && errno != EEXIST)
			return -errno;
		*c = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int open_root(const char *root)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_dir(struct nk_oci_dir *d)
{
	nk_cleanup_close(&d->fd);
	d->fd = openat(d->root_fd, d->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return d->fd < 0 ? -errno : 0;
}

static bool has_its_name(const struct nk_oci_dir *d)
{
	struct stat by_name, by_fd;

	return fstatat(d->root_fd, d->id, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(d->fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
	       by_name.st_ino == by_fd.st_ino;
}

/* 0; -EWOULDBLOCK: somebody else has it; -ENOENT: the directory is gone, or (without O_CREAT in
 * flags) never was a container's. */
static int try_lock(struct nk_oci_dir *d, int flags)
{
	_close_ int fd = openat(d->fd, "lock", O_RDWR | flags | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0)
		if (errno != EINTR)
			return -errno;
	if (!has_its_name(d))
		return -ENOENT;
	nk_cleanup_close(&d->lock_fd);
	d->lock_fd = nk_take_fd(&fd);
	return 0;
}

/*
 * Is a directory that was there one of ours? They have a lock, or nothing at all. Anything else
 * belongs to somebody (--root above a bundle), and our files would replace and delete theirs.
 */
static bool may_be_ours(const struct nk_oci_dir *d)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t entries = 0;

	if (!dir) {
		nk_cleanup_close(&fd);
		return false;
	}
	while (readdir(dir))
		entries++;
	return entries <= 2 || !faccessat(d->fd, "lock", F_OK, AT_SYMLINK_NOFOLLOW);
}

static int exists(struct nk_err *e)
{
	nk_fail(e, 0, "container with given ID already exists");
	e->err = EEXIST;
	return -EEXIST;
}

static int make_dir(struct nk_oci_dir *d, const char *root, const char *id, struct nk_err *e)
{
	int ret;

	d->id = id;
	d->root_fd = open_root(root);
	if (d->root_fd == -ENOENT) {
		ret = make_root(root);
		if (ret < 0)
			return nk_fail(e, -ret, "make the state directory %s", root);
		d->root_fd = open_root(root);
	}
	if (d->root_fd < 0)
		return nk_fail(e, -d->root_fd, "state directory %s", root);
	do {
		bool made = mkdirat(d->root_fd, id, 0711) == 0;
		if (!made && errno != EEXIST)
			return nk_fail(e, errno, "make %s/%s", root, id);
		ret = open_dir(d);
		if (ret == 0 && !made && !may_be_ours(d))
			return exists(e);
		if (ret == 0)
			ret = try_lock(d, O_CREAT);
	} while (ret == -ENOENT);
	if (ret < 0 && ret != -EWOULDBLOCK)
		return nk_fail(e, -ret, "state of container %s", id);
	if (ret == -EWOULDBLOCK || !faccessat(d->fd, "state.json", F_OK, 0))
		return exists(e);
	return 0;
}

int nk_oci_new(struct nk_oci_dir *d, const char *root, const char *id, struct nk_err *e)
{
	int ret = make_dir(d, root, id, e);

	/* Nobody takes away what is another's. */
	if (ret < 0)
		nk_oci_dir_close(d);
	return ret;
}

static int no_such(struct nk_err *e)
{
	nk_fail(e, 0, "container does not exist");
	e->err = ENOENT;
	return -ENOENT;
}

int nk_oci_open(struct nk_oci_dir *d, const char *root, const char *id, struct nk_err *e)
{
	int ret = nk_oci_check_id(id, e);

	if (ret < 0)
		return ret;
	d->id = id;
	d->root_fd = open_root(root);
	if (d->root_fd == -ENOENT)
		return no_such(e);
	if (d->root_fd < 0)
		return nk_fail(e, -d->root_fd, "state directory %s", root);
	ret = open_dir(d);
	if (ret == -ENOENT)
		return no_such(e);
	return ret < 0 ? nk_fail(e, -ret, "state of container %s", id) : 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int nk_oci_lock(struct nk_oci_dir *d, int ms, struct nk_err *e)
{
	const struct timespec nap = {.tv_nsec = LOOK_MS * 1000000};
	int64_t end = now_ms() + ms;
	int ret;

	while ((ret = try_lock(d, 0)) == -EWOULDBLOCK && now_ms() < end)
		nanosleep(&nap, NULL);
	if (ret == -ENOENT)
		return no_such(e);
	if (ret == -EWOULDBLOCK) {
		nk_fail(e, 0, "container %s is being worked on by another command", d->id);
		e->err = EAGAIN;
		return -EAGAIN;
	}
	return ret < 0 ? nk_fail(e, -ret, "lock container %s", d->id) : 0;
}

int nk_oci_write_file(struct nk_oci_dir *d, const char *name, const char *text, size_t n,
		      struct nk_err *e)
{
	_close_ int fd =
		openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return nk_fail(e, errno, "state of container %s: %s", d->id, name);
	while (n) {
		ssize_t wrote = write(fd, text, n);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return nk_fail(e, errno, "state of container %s: write %s", d->id, name);
		text += wrote;
		n -= (size_t)wrote;
	}
	return 0;
}

int nk_oci_read_file(struct nk_oci_dir *d, struct nk_arena *a, const char *name, char **text,
		     size_t *n, struct nk_err *e)
{
	int ret = nk_state_text(a, d->fd, name, FILE_MAX, text, n);

	return ret < 0 ? nk_fail(e, -ret, "state of container %s: %s", d->id, name) : 0;
}

int nk_oci_load(struct nk_oci_dir *d, struct nk_arena *a, struct nk_oci_record *r, struct nk_err *e)
{
	char *text;
	size_t n;
	int ret = nk_oci_read_file(d, a, "state.json", &text, &n, e);

	if (ret == -ENOENT)
		return no_such(e);
	if (ret >= 0)
		ret = nk_oci_record_parse(a, text, n, r, e);
	if (ret < 0)
		return nk_ctx(e, "container %s", d->id);
	return 0;
}

int nk_oci_save_begin(struct nk_oci_dir *d, const struct nk_oci_record *r, struct nk_err *e)
{
	_json_ struct nk_json_out j = {0};

	nk_oci_record_write(&j, r);
	if (j.failed)
		return nk_fail(e, ENOMEM, "state of container %s", d->id);
	return nk_oci_write_file(d, "state.json.new", j.buf, j.n, e);
}

int nk_oci_save_end(struct nk_oci_dir *d, struct nk_err *e)
{
	if (renameat(d->fd, "state.json.new", d->fd, "state.json") < 0)
		return nk_fail(e, errno, "state of container %s: state.json", d->id);
	return 0;
}

int nk_oci_save(struct nk_oci_dir *d, const struct nk_oci_record *r, struct nk_err *e)
{
	int ret = nk_oci_save_begin(d, r, e);

	return ret < 0 ? ret : nk_oci_save_end(d, e);
}

int nk_oci_remove(struct nk_oci_dir *d, struct nk_err *e)
{
	/* Without state.json there is no container any more. */
	static const struct {
		const char *name;
		int flags;
	} files[] = {
		{"state.json", 0}, {"state.json.new", 0},	{"config.json", 0}, {"start", 0},
		{"waiting", 0},	   {"criu-root", AT_REMOVEDIR}, {"lock", 0},
	};

	for (size_t i = 0; i < NK_COUNT(files); i++)
		if (unlinkat(d->fd, files[i].name, files[i].flags) < 0 && errno != ENOENT)
			return nk_fail(e, errno, "remove the state of container %s", d->id);
	/* ENOTEMPTY: somebody who is about to make a container of this id has a lock in it. */
	if (unlinkat(d->root_fd, d->id, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY)
		return nk_fail(e, errno, "remove the state of container %s", d->id);
	return 0;
}

int nk_oci_remove_all(struct nk_oci_dir *d, struct nk_err *e)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		nk_cleanup_close(&fd);
	for (struct dirent *ent; dir && (ent = readdir(dir));)
		if (strcmp(ent->d_name, "lock") != 0 && unlinkat(d->fd, ent->d_name, 0) < 0)
			unlinkat(d->fd, ent->d_name, AT_REMOVEDIR);
	return nk_oci_remove(d, e);
}

bool nk_oci_held(const struct nk_oci_dir *d, const char *name)
{
	_close_ int fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int nk_oci_pidfd(const struct nk_oci_record *r)
{
	char now[NK_BOOT_ID_LEN + 1];
	_close_ int fd = nk_process_pidfd(r->pid, r->pid_start);

	if (fd < 0)
		return fd;
	nk_boot_id(now);
	if (r->boot_id && *now && strcmp(r->boot_id, now) != 0)
		return -ESRCH;
	/* A zombie has ended, whoever has not waited for it. */
	if (nk_process_wait(fd, 0) != -ETIMEDOUT)
		return -ESRCH;
	return nk_take_fd(&fd);
}

int nk_oci_look(struct nk_oci_dir *d, struct nk_arena *a, struct nk_oci_record *r,
		enum nk_oci_status *status, struct nk_err *e)
{
	int ret = nk_oci_load(d, a, r, e);

	/* Who creates it holds the lock, unless that is over: then the record is read again. */
	if (ret == 0 && r->creating && d->lock_fd < 0 && nk_oci_held(d, "lock")) {
		*status = NK_OCI_CREATING;
		return 0;
	}
	if (ret == 0 && r->creating)
		ret = nk_oci_load(d, a, r, e);
	if (ret < 0)
		return ret;

	_close_ int pidfd = r->creating ? -ESRCH : nk_oci_pidfd(r);

	if (pidfd < 0)
		*status = NK_OCI_STOPPED;
	else
		*status = nk_oci_held(d, "waiting") ? NK_OCI_CREATED : NK_OCI_RUNNING;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int nk_oci_ids(struct nk_arena *a, const char *root, struct nk_strv *ids, struct nk_err *e)
{
	_closedir_ DIR *dir = opendir(root);
	struct nk_err ignored;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return nk_fail(e, errno, "state directory %s", root);
	for (struct dirent *ent; (ent = readdir(dir));)
		if (nk_oci_check_id(ent->d_name, &ignored) == 0)
			nk_strv_push(a, ids, nk_strdup(a, ent->d_name));
	if (ids->n)
		qsort(ids->v, ids->n, sizeof(*ids->v), by_name);
	return nk_arena_ok(a, e);
}
