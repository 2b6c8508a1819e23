/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

enum { IDLE_ROUNDS = 15, LONGEST_MS = 30000, DEEPEST = 128 };

int nk_group_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int nk_group_write(int dir, const char *file, const char *text)
{
	_close_ int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

int nk_group_word(int dir, const char *file, char *word, size_t size)
{
	_close_ int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, word, size - 1);

	if (n < 0)
		return -errno;
	word[n] = '\0';
	word[strcspn(word, " \n")] = '\0';
	return 0;
}

static int each(int dir, int depth, int (*fn)(int dir, void *arg), void *arg)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!d) {
		int err = errno;

		if (again >= 0)
			close(again);
		return -err;
	}
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		_close_ int sub =
			openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0 && depth < DEEPEST)
			each(sub, depth + 1, fn, arg);
	}
	return fn(dir, arg);
}

int nk_group_each(int dir, int (*fn)(int dir, void *arg), void *arg)
{
	return each(dir, 0, fn, arg);
}

static bool push(struct nk_pids *pids, pid_t pid)
{
	if (pids->n == pids->room) {
		size_t room = pids->room ? 2 * pids->room : 256;
		pid_t *v = reallocarray(pids->v, room, sizeof(*v));

		if (!v)
			return false;
		pids->v = v;
		pids->room = room;
	}
	pids->v[pids->n++] = pid;
	return true;
}

int nk_group_pids(int dir, struct nk_pids *pids)
{
	_close_ int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char text[16384];
	pid_t pid = 0;
	ssize_t n;

	pids->n = 0;
	if (fd < 0)
		return -errno;
	while ((n = read(fd, text, sizeof(text))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			if (pid > 0 && !push(pids, pid))
				return -ENOMEM;
			pid = 0;
		}
	}
	return 0;
}

void nk_pids_done(struct nk_pids *pids)
{
	free(pids->v);
	*pids = (struct nk_pids){0};
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

bool nk_patience(struct nk_patience *p, size_t left, bool wait)
{
	int64_t now = now_ms();

	if (!p->end_ms) {
		p->end_ms = now + LONGEST_MS;
		p->least = left;
	} else if (left < p->least) {
		p->least = left;
		p->idle = 0;
	}
	if (now >= p->end_ms || (wait && p->idle >= IDLE_ROUNDS))
		return false;
	if (!wait)
		return true;
	struct timespec t = {.tv_nsec = 1000000L << (p->idle < 8 ? p->idle : 8)};
	p->idle++;
	nanosleep(&t, NULL);
	return true;
}
