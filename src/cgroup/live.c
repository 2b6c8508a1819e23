/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/live.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/group.h"

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
		_close_ int dir = nk_group_open(paths[i]);
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

/* Groups below, those of the container's own making. */
static int remove_children(int dir, void *arg)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	(void)arg;
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

static int count(int dir, void *arg)
{
	_pids_ struct nk_pids pids = {0};
	size_t *sum = arg;
	int ret = nk_group_pids(dir, &pids);

	*sum += pids.n;
	return ret;
}

int nk_cgroup_remove(const char *path, struct nk_err *e)
{
	struct nk_patience patience = {0};
	size_t left;
	int err;

	remove_leaf(path);
	do {
		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		err = errno;
		if (err != EBUSY && err != ENOTEMPTY)
			break;
		_close_ int dir = nk_group_open(path);
		left = 0;
		if (dir >= 0) {
			nk_group_each(dir, remove_children, NULL);
			nk_group_each(dir, count, &left);
		}
		/* Groups below alone are reason enough for EBUSY: try once without a wait. */
		if (rmdir(path) == 0)
			return 0;
	} while (nk_patience(&patience, left, true));
	nk_fail(e, err, "remove cgroup %s", path);
	return nk_hint(e, "processes that still live in it are listed in its cgroup.procs");
}

int nk_cgroup_attach(const char *path, pid_t pid, struct nk_err *e)
{
	char text[24];
	_close_ int dir = nk_group_open(path);
	int ret = dir;

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (dir >= 0)
		ret = nk_group_write(dir, "cgroup.procs", text);
	return ret < 0 ? nk_fail(e, -ret, "move process %d into cgroup %s", (int)pid, path) : 0;
}

struct others {
	pid_t pid;
	size_t n;
};

static int count_others(int dir, void *arg)
{
	_pids_ struct nk_pids here = {0};
	struct others *o = arg;
	int ret = nk_group_pids(dir, &here);

	for (size_t i = 0; i < here.n; i++)
		o->n += here.v[i] != o->pid;
	return ret;
}

size_t nk_cgroup_others(const char *path, pid_t pid)
{
	_close_ int dir = nk_group_open(path);
	struct others o = {.pid = pid};

	if (dir >= 0)
		nk_group_each(dir, count_others, &o);
	return o.n;
}
