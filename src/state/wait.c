/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "base/cleanup.h"
#include "state/dir.h"
#include "state/record.h"
#include "state/state.h"

int nk_state_wait_begin(struct nk_state *st, const struct nk_state_record *r,
			struct nk_state_wait *w, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	_close_ int dir = openat(st->fd, r->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int lock = dir < 0 ? -1 : openat(dir, "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct nk_state_record now;

	w->lock_fd = -EBADF;
	if (lock < 0)
		return nk_fail(e, errno, "container \"%s\"", r->name);
	/* The name may have gone to another container since it was found. */
	if (nk_record_load(&a, dir, &now, e) < 0 || strcmp(now.id, r->id) != 0)
		return nk_fail(e, ENOENT, "container \"%s\"", r->name);
	w->lock_fd = nk_take_fd(&lock);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* The nook that runs the container gives its lock up when all is done, or dies. */
static int wait_lock(int fd, int ms)
{
	if (ms < 0)
		return nk_state_flock(fd, LOCK_SH);

	int64_t end = now_ms() + ms;
	long pause_ns = 500000;

	int rc;

	while ((rc = nk_state_flock(fd, LOCK_SH | LOCK_NB)) < 0) {
		struct timespec t = {.tv_nsec = pause_ns};

		if (rc != -EWOULDBLOCK)
			return rc;
		if (now_ms() >= end)
			return -ETIMEDOUT;
		nanosleep(&t, NULL); /* shorter after a signal, which is no harm */
		if (pause_ns < 20000000)
			pause_ns *= 2;
	}
	return 0;
}

int nk_state_wait_end(struct nk_state *st, const struct nk_state_record *r, struct nk_state_wait *w,
		      int ms, int *exit_code, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	_close_ int lock = nk_take_fd(&w->lock_fd);
	struct nk_state_record other;
	char text[16] = "";
	int rc = wait_lock(lock, ms);

	if (rc < 0)
		return nk_fail(e, -rc, "wait for container \"%s\"", r->name);
	if (pread(lock, text, sizeof(text) - 1, 0) > 0) {
		*exit_code = atoi(text) & 255;
		return 0;
	}
	/* Its nook was killed: what is left is cleaned by the first who comes by. */
	*exit_code = NK_EXIT_SIGNAL + 9;
	close(nk_take_fd(&lock)); /* or it would look alive */
	rc = nk_state_probe(st, &a, r->name, &other, e);
	return rc < 0 ? rc : 0;
}
