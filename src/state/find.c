/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "state/dir.h"
#include "state/process.h"
#include "state/state.h"

/* Every name in STATE/containers; temporary ones are swept on the way. */
static int names(struct nk_state *st, struct nk_arena *a, struct nk_strv *out, struct nk_err *e)
{
	int fd = openat(st->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		int err = errno;

		if (fd >= 0)
			close(fd);
		return nk_fail(e, err, "read the state directory");
	}
	while ((errno = 0, d = readdir(dir))) {
		if (strncmp(d->d_name, ".new-", 5) == 0 || strncmp(d->d_name, ".dead-", 6) == 0)
			nk_state_sweep(st, d->d_name);
		else if (d->d_name[0] != '.')
			nk_strv_push(a, out, nk_strdup(a, d->d_name));
	}
	if (errno)
		return nk_fail(e, errno, "read the state directory");
	return nk_arena_ok(a, e);
}

void nk_state_clean(struct nk_state *st)
{
	_arena_ struct nk_arena a = {0};
	struct nk_strv all = {0};
	struct nk_err ignored;

	/* What cannot be cleaned is told by the commands that look for containers. */
	if (names(st, &a, &all, &ignored) < 0)
		return;
	for (size_t i = 0; i < all.n; i++)
		nk_state_clean_one(st, all.v[i]);
}

/* A container whose process has ended runs no more, even while its nook is tidying up. */
static bool runs(const struct nk_state_record *r)
{
	_close_ int pidfd = nk_state_init_fd(r);

	return r->status == NK_STATE_CREATING ||
	       (pidfd >= 0 && nk_process_wait(pidfd, 0) == -ETIMEDOUT);
}

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct nk_state_record *)a)->created;
	const struct timespec *y = &((const struct nk_state_record *)b)->created;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

int nk_state_list(struct nk_state *st, struct nk_arena *a, struct nk_state_list *list,
		  struct nk_err *e)
{
	struct nk_strv all = {0};
	int rc = names(st, a, &all, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all.n; i++) {
		struct nk_state_record r;

		rc = nk_state_probe(st, a, all.v[i], &r, e);
		if (rc < 0) {
			nk_strv_push(a, &list->skipped, nk_strdup(a, e->msg));
			continue;
		}
		if (rc != NK_STATE_ALIVE || !runs(&r))
			continue;

		struct nk_state_record *to = NK_PUSH(a, list);

		if (to)
			*to = r;
	}
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_age);
	return nk_arena_ok(a, e);
}

static int none(const char *what, struct nk_err *e)
{
	nk_fail(e, 0, "no container named \"%.140s\" is running", what);
	nk_hint(e, "nook ps lists those that run");
	e->err = ENOENT;
	return -ENOENT;
}

static int by_id(struct nk_state *st, struct nk_arena *a, const char *what,
		 struct nk_state_record *r, struct nk_err *e)
{
	struct nk_state_list list = {0};
	size_t len = strlen(what), found = 0;

	if (!len || len > NK_STATE_ID_LEN || strspn(what, "0123456789abcdef") != len)
		return none(what, e);

	int rc = nk_state_list(st, a, &list, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < list.n; i++) {
		if (strncmp(list.v[i].id, what, len) != 0)
			continue;
		*r = list.v[i];
		found++;
	}
	if (!found)
		return none(what, e);
	if (found > 1) {
		nk_fail(e, 0, "%zu containers have an id that begins with %s", found, what);
		nk_hint(e, "give more digits of it, or the name: nook ps");
		e->err = EEXIST;
		return -EEXIST;
	}
	return 0;
}

int nk_state_find(struct nk_state *st, struct nk_arena *a, const char *what,
		  struct nk_state_record *r, struct nk_err *e)
{
	if (nk_state_check_name(what, e) < 0)
		return none(what, e);

	int rc = nk_state_probe(st, a, what, r, e);

	if (rc < 0)
		return rc;
	if (rc == NK_STATE_ALIVE)
		return runs(r) ? 0 : none(what, e);
	return by_id(st, a, what, r, e);
}

int nk_state_pidfd(const struct nk_state_record *r, struct nk_err *e)
{
	int fd = nk_state_init_fd(r);

	if (fd >= 0)
		return fd;
	if (fd == -ESRCH && r->status == NK_STATE_CREATING)
		nk_fail(e, 0, "container \"%s\" is still being started", r->name);
	else if (fd == -ESRCH)
		nk_fail(e, 0, "container \"%s\" has ended", r->name);
	else
		nk_fail(e, -fd, "open the process of container \"%s\"", r->name);
	nk_hint(e, "nook ps lists those that run");
	e->err = -fd;
	return fd;
}

const char *nk_state_ns_path(struct nk_arena *a, const struct nk_state_record *r,
			     enum nk_ns_kind kind)
{
	return nk_fmt(a, "/proc/%d/ns/%s", (int)r->pid, nk_ns_name(kind));
}

struct nk_strv nk_state_command(const struct nk_state_record *r)
{
	const struct nk_strv *args = &r->spec->args;

	/* nook-init -- COMMAND */
	if (!r->spec->init_path || args->n < 2 || strcmp(args->v[1], "--") != 0)
		return *args;
	return (struct nk_strv){.v = args->v + 2, .n = args->n - 2};
}
