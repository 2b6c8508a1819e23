/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/live.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>

#include "base/cleanup.h"

/* Waits of 1, 2, 4 … 256 ms between tries: half a second, then as much again until 2 s. */
enum { TRIES = 15 };

static void wait_a_little(int try)
{
	struct timespec t = {.tv_nsec = 1000000L << (try < 8 ? try : 8) };

	nanosleep(&t, NULL);
}

static int group_fd(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int write_file(int dir, const char *file, const char *text)
{
	_close_ int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

/* The number behind "KEY " in a file of keys and numbers; -1 if there is none. */
static long read_key(int dir, const char *file, const char *key)
{
	char text[1024];
	size_t n = strlen(key);
	_close_ int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (got < 0)
		return -1;
	text[got] = '\0';
	for (char *s = text; s && *s; s = strchr(s, '\n'), s = s ? s + 1 : NULL)
		if (strncmp(s, key, n) == 0 && s[n] == ' ')
			return strtol(s + n + 1, NULL, 10);
	return -1;
}

long nk_cgroup_oom_kills(const char *const *paths, int n)
{
	long kills = 0;

	for (int i = 0; i < n; i++) {
		_close_ int dir = group_fd(paths[i]);
		if (dir < 0)
			continue;
		long here = read_key(dir, "memory.events", "oom_kill");
		if (here < 0)
			here = read_key(dir, "memory.oom_control", "oom_kill");
		if (here > 0)
			kills += here;
	}
	return kills;
}

/* Up to max pids of the group. */
static int read_pids(int dir, pid_t *pids, int max)
{
	int n = 0, fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char line[32];

	if (fd < 0)
		return -errno;
	_fclose_ FILE *f = fdopen(fd, "re");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	while (n < max && fgets(line, sizeof(line), f)) {
		long pid = strtol(line, NULL, 10);
		if (pid > 0) /* 0: of a pid namespace that we do not see */
			pids[n++] = (pid_t)pid;
	}
	return n;
}

/*
 * One round over the processes of a group without cgroup.kill. A pid could be
 * another process by the time it is killed: so take pidfds, look again which
 * pids are in the group, and signal the pidfds of those.
 */
static int kill_round(int dir)
{
	enum { MAX = 256 };
	pid_t first[MAX], again[MAX];
	int fds[MAX], n = read_pids(dir, first, MAX);

	for (int i = 0; i < n; i++)
		fds[i] = pidfd_open(first[i], 0);
	int m = n > 0 ? read_pids(dir, again, MAX) : 0;
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < m; j++)
			if (again[j] == first[i] && fds[i] >= 0)
				pidfd_send_signal(fds[i], SIGKILL, NULL, 0);
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return n;
}

/* Call fn for the group's directory and for each below it, deepest first. */
static int each_below(int dir, int depth, int (*fn)(int dir), int *sum)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!d) {
		if (again >= 0)
			close(again);
		return -errno;
	}
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		_close_ int sub =
			openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0 && depth < 128)
			each_below(sub, depth + 1, fn, sum);
	}
	int ret = fn(dir);
	if (ret > 0)
		*sum += ret;
	return ret;
}

int nk_cgroup_kill(const char *path, struct nk_err *e)
{
	_close_ int dir = group_fd(path);

	if (dir < 0)
		return dir == -ENOENT ? 0 : nk_fail(e, -dir, "open cgroup %s", path);
	if (write_file(dir, "cgroup.kill", "1") == 0) /* Linux 5.14, v2 */
		return 0;
	for (int try = 0; try < TRIES; try++) {
		int left = 0;

		int ret = each_below(dir, 0, kill_round, &left);
		if (!left)
			return ret < 0 && ret != -ENOENT && ret != -ENODEV
				       ? nk_fail(e, -ret, "read %s/cgroup.procs", path)
				       : 0;
		wait_a_little(try);
	}
	nk_fail(e, EBUSY, "kill the processes of cgroup %s", path);
	return nk_hint(e,
		       "a process that waits for a device or a network file system cannot end yet");
}

/* Groups below, those of the container's own making. */
static int remove_children(int dir)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!d && again >= 0)
		close(again);
	while (d && (entry = readdir(d)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	return 0;
}

/* The leaf that a rootless nook may have stood in, see plan/cgroup.c; while one still
 * stands in it, this fails, and so it should. */
static void remove_leaf(const char *path)
{
	char leaf[PATH_MAX];

	if (snprintf(leaf, sizeof(leaf), "%s.self", path) < (int)sizeof(leaf))
		rmdir(leaf);
}

int nk_cgroup_remove(const char *path, struct nk_err *e)
{
	remove_leaf(path);
	for (int try = 0; try < TRIES; try++) {
		int sum = 0;

		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY && errno != ENOTEMPTY)
			break;
		_close_ int dir = group_fd(path);
		if (dir >= 0)
			each_below(dir, 0, remove_children, &sum);
		/* Groups below alone are reason enough for EBUSY: try once without a wait. */
		if (rmdir(path) == 0)
			return 0;
		wait_a_little(try);
	}
	nk_fail(e, errno, "remove cgroup %s", path);
	return nk_hint(e, "processes that still live in it are listed in its cgroup.procs");
}

int nk_cgroup_attach(const char *path, pid_t pid, struct nk_err *e)
{
	char text[24];
	_close_ int dir = group_fd(path);
	int ret = dir;

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (dir >= 0)
		ret = write_file(dir, "cgroup.procs", text);
	return ret < 0 ? nk_fail(e, -ret, "move process %d into cgroup %s", (int)pid, path) : 0;
}
