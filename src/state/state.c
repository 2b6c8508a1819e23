/* SPDX-License-Identifier: Apache-2.0 */
#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "oci/spec_json.h"
#include "state/dir.h"
#include "state/process.h"
#include "state/record.h"

enum { ENDING_MS = 10000 };

/* mkdir -p, 0700 */
static int make_path(const char *dir, struct nk_err *e)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return nk_fail(e, ENAMETOOLONG, "state directory");
	for (char *at = path + 1;; at++) {
		char c = *at;

		if (c && c != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST) {
			nk_fail(e, errno, "make the state directory %s", path);
			return nk_hint(e, "choose a place that you may write to with --state DIR");
		}
		if (!c)
			return 0;
		*at = c;
	}
}

/* Whoever may write here can make us kill processes and remove directories. */
static int only_ours(int fd, const char *dir, struct nk_err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return nk_fail(e, errno, "state directory %s", dir);
	if (st.st_uid != geteuid()) {
		nk_fail(e, 0, "state directory %s belongs to user %u, not to user %u", dir,
			st.st_uid, geteuid());
		return nk_hint(e, "choose another with --state DIR");
	}
	if (st.st_mode & 022) {
		nk_fail(e, 0, "state directory %s can be written by others", dir);
		return nk_hint(e, "chmod go-w %s", dir);
	}
	return 0;
}

int nk_state_open(struct nk_state *st, const char *dir, nk_state_reap_fn *reap, struct nk_err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	*st = (struct nk_state){.fd = -EBADF, .reap = reap};

	_close_ int top = open(dir, flags);

	if (top < 0 && errno == ENOENT) {
		if (make_path(dir, e) < 0)
			return -e->err;
		top = open(dir, flags);
	}
	if (top < 0)
		return nk_fail(e, errno, "state directory %s", dir);

	int rc = only_ours(top, dir, e);

	if (rc < 0)
		return rc;

	_close_ int fd = openat(top, "containers", flags | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(top, "containers", 0700) < 0 && errno != EEXIST)
			return nk_fail(e, errno, "make %s/containers", dir);
		fd = openat(top, "containers", flags | O_NOFOLLOW);
	}
	if (fd < 0)
		return nk_fail(e, errno, "%s/containers", dir);
	rc = only_ours(fd, dir, e);
	if (rc < 0)
		return rc;
	st->fd = nk_take_fd(&fd);
	return 0;
}

void nk_state_close(struct nk_state *st)
{
	if (st->fd >= 0)
		close(st->fd);
	st->fd = -EBADF;
}

const char *nk_state_new_id(struct nk_arena *a)
{
	unsigned char bytes[NK_STATE_ID_LEN / 2];
	char *id = nk_alloc(a, NK_STATE_ID_LEN + 1);

	/* 32 bytes never come in part, and the kernel's pool is ready long before a user is. */
	if (!id || getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		a->failed = true;
		return "";
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		id[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		id[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	return id;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
int nk_state_check_name(const char *name, struct nk_err *e)
{
	size_t len = strlen(name);
	size_t good = strspn(name, LETTERS);

	if (good)
		good += strspn(name + good, LETTERS "_.-");
	if (good == len && len && len <= NK_STATE_NAME_MAX)
		return 0;
	nk_fail(e, 0, "\"%.140s\" is not a container name", name);
	for (char *c = e->msg; *c; c++) /* it goes to a terminal */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return nk_hint(e,
		       "letters, digits, \"_\", \".\" and \"-\", a letter or digit first, "
		       "at most %d characters",
		       NK_STATE_NAME_MAX);
}

static int write_record(int dir_fd, const char *file, const struct nk_state_record *r,
			struct nk_err *e)
{
	_json_ struct nk_json_out j = {0};

	nk_record_write(&j, r);
	if (j.failed || j.depth)
		return nk_fail(e, ENOMEM, "write state.json");

	_close_ int fd =
		openat(dir_fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return nk_fail(e, errno, "write %s", file);
	for (size_t at = 0; at < j.n;) {
		ssize_t n = write(fd, j.buf + at, j.n - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nk_fail(e, errno, "write %s", file);
		at += (size_t)n;
	}
	return 0;
}

/* A locked directory with its record, under a name of its own. */
static int prepare(struct nk_state *st, const char *temp, const struct nk_state_record *r,
		   struct nk_state_handle *h, struct nk_err *e)
{
	if (mkdirat(st->fd, temp, 0700) < 0)
		return nk_fail(e, errno, "make a state directory");

	_close_ int dir = openat(st->fd, temp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int lock =
		dir < 0 ? -1 : openat(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (lock < 0) {
		nk_fail(e, errno, "lock of container \"%s\"", r->name);
		unlinkat(st->fd, temp, AT_REMOVEDIR);
		return -e->err;
	}

	int rc = nk_state_flock(lock, LOCK_EX | LOCK_NB);

	if (rc < 0) /* a sweeper was faster: -EWOULDBLOCK, the caller takes another name */
		return nk_fail(e, -rc, "lock of container \"%s\"", r->name);
	rc = write_record(dir, "state.json", r, e);
	if (rc < 0) {
		struct nk_err ignored;

		nk_state_drop(st, temp, r->id, dir, lock, -1, &ignored);
		return rc;
	}
	h->dir_fd = nk_take_fd(&dir);
	h->lock_fd = nk_take_fd(&lock);
	return 0;
}

/* NAME is taken. 0 when it is worth to try again. */
static int taken(struct nk_state *st, const char *name, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	struct nk_state_record r;
	int rc = nk_state_probe(st, &a, name, &r, e);

	if (rc < 0 || rc == NK_STATE_GONE)
		return rc < 0 ? rc : 0;

	/* Its process has ended and its nook is tidying up: the name is free in a moment. */
	_close_ int pidfd = nk_state_init_fd(&r);

	if (r.status == NK_STATE_RUNNING && (pidfd == -ESRCH || nk_process_wait(pidfd, 0) == 0)) {
		struct nk_state_wait w;
		int code;

		rc = nk_state_wait_begin(st, &r, &w, e);
		if (rc >= 0)
			rc = nk_state_wait_end(st, &r, &w, ENDING_MS, &code, e);
		if (rc >= 0 || rc == -ENOENT)
			return 0;
	}
	nk_fail(e, EEXIST, "the name \"%s\" belongs to container %.12s, which is running", name,
		r.id);
	return nk_hint(e, "choose another --name, or end that one: nook stop %s", name);
}

/* Give the prepared directory its name. */
static int publish(struct nk_state *st, const char *temp, const char *name, struct nk_err *e)
{
	for (int tries = 0; tries < 100; tries++) {
		/* Directories under a name are never empty (their lock goes after the name), so
		 * plain rename, which replaces empty ones only, cannot replace one either. */
		if (renameat2(st->fd, temp, st->fd, name, RENAME_NOREPLACE) == 0 ||
		    (errno == EINVAL && renameat(st->fd, temp, st->fd, name) == 0))
			return 0;
		if (errno != EEXIST && errno != ENOTEMPTY)
			return nk_fail(e, errno, "name the state directory of \"%s\"", name);

		int rc = taken(st, name, e);

		if (rc < 0)
			return rc;
	}
	return nk_fail(e, EBUSY, "reserve the name \"%s\"", name);
}

static int render_spec(struct nk_arena *a, struct nk_state_record *r, struct nk_err *e)
{
	_json_ struct nk_json_out j = {0};

	if (r->spec_json)
		return 0;
	nk_spec_write(&j, NULL, r->spec);
	if (j.failed)
		return nk_fail(e, ENOMEM, "write the spec of \"%s\"", r->name);
	r->spec_json = nk_strndup(a, j.buf, j.n);
	return nk_arena_ok(a, e);
}

int nk_state_create(struct nk_state *st, struct nk_arena *a, struct nk_state_record *r,
		    struct nk_state_handle *h, struct nk_err *e)
{
	char temp[NK_STATE_ID_LEN + 16], boot[NK_BOOT_ID_LEN + 1];
	int rc = nk_state_check_name(r->name, e);

	*h = (struct nk_state_handle){.st = st, .dir_fd = -EBADF, .lock_fd = -EBADF};
	if (rc >= 0)
		rc = render_spec(a, r, e);
	if (rc < 0)
		return rc;
	r->owner = getpid();
	r->owner_start = nk_process_start(r->owner);
	nk_boot_id(boot);
	r->boot_id = *boot ? nk_strdup(a, boot) : NULL;
	if (!r->created.tv_sec)
		clock_gettime(CLOCK_REALTIME, &r->created);
	snprintf(h->name, sizeof(h->name), "%s", r->name);
	snprintf(h->id, sizeof(h->id), "%s", r->id);

	for (int tries = 0; tries < 100; tries++) {
		snprintf(temp, sizeof(temp), ".new-%.64s-%d", r->id, tries);
		rc = prepare(st, temp, r, h, e);
		if (rc == -EWOULDBLOCK || rc == -ENOENT)
			continue;
		if (rc >= 0)
			rc = publish(st, temp, r->name, e);
		if (rc >= 0 || h->dir_fd < 0)
			return rc;

		struct nk_err ignored;

		nk_state_drop(st, temp, r->id, h->dir_fd, h->lock_fd, -1, &ignored);
		close(h->dir_fd);
		close(h->lock_fd);
		h->dir_fd = h->lock_fd = -EBADF;
		if (rc != -ENOENT) /* ENOENT: swept away before it was named */
			return rc;
	}
	return rc;
}

int nk_state_save(struct nk_state_handle *h, const struct nk_state_record *r, struct nk_err *e)
{
	int rc = write_record(h->dir_fd, "state.json.new", r, e);

	if (rc < 0)
		return rc;
	if (renameat(h->dir_fd, "state.json.new", h->dir_fd, "state.json") < 0)
		return nk_fail(e, errno, "replace state.json of \"%s\"", h->name);
	return 0;
}

int nk_state_started(struct nk_state_handle *h, struct nk_state_record *r, pid_t pid,
		     struct nk_err *e)
{
	r->pid = pid;
	r->pid_start = nk_process_start(pid);
	if (!r->pid_start)
		return nk_fail(e, errno ? errno : ESRCH, "read /proc/%d/stat", (int)pid);
	r->status = NK_STATE_RUNNING;
	return nk_state_save(h, r, e);
}

int nk_state_remove(struct nk_state_handle *h, int exit_code, struct nk_err *e)
{
	if (h->dir_fd < 0)
		return 0;

	int rc = nk_state_drop(h->st, h->name, h->id, h->dir_fd, h->lock_fd, exit_code, e);

	/* By name too, not by close alone: a child in the making has the descriptor as well. */
	flock(h->lock_fd, LOCK_UN);
	close(h->lock_fd);
	close(h->dir_fd);
	h->dir_fd = h->lock_fd = -EBADF;
	return rc;
}
