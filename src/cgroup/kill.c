/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of every process of a group. Version 2 has a file for it. Version 1 has
 * not: there the processes are listed and killed until none is left, and what they
 * fork meanwhile is found in the next round. Where the group is in the freezer's
 * hierarchy it is frozen before, so that one round has them all; where it is in
 * that of pids, it may have no new ones.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>

#include "base/cleanup.h"
#include "cgroup/group.h"
#include "cgroup/live.h"

/* So many at a time: the fewer, the less time passes for a pid between being seen and killed. */
enum { AT_ONCE = 16 };

struct round {
	size_t found, fresh; /* processes; those that the round before had not */
	struct nk_pids before, now;
};

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static bool among(const struct nk_pids *sorted, pid_t pid)
{
	return sorted->n && bsearch(&pid, sorted->v, sorted->n, sizeof(pid), by_number);
}

/*
 * A pid could be another process by the time it is killed: so take pidfds, look again which
 * pids are in the group, and signal the pidfds of those.
 */
static int signal_some(int dir, const pid_t *pids, size_t n, int signal)
{
	_pids_ struct nk_pids again = {0};
	int fds[AT_ONCE];

	for (size_t i = 0; i < n; i++)
		fds[i] = pidfd_open(pids[i], 0);
	int ret = nk_group_pids(dir, &again);
	if (again.n)
		qsort(again.v, again.n, sizeof(*again.v), by_number);
	for (size_t i = 0; i < n; i++) {
		if (fds[i] < 0)
			continue;
		if (ret == 0 && among(&again, pids[i]))
			pidfd_send_signal(fds[i], signal, NULL, 0);
		close(fds[i]);
	}
	return ret;
}

static int signal_pids(int dir, const struct nk_pids *pids, int signal)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < pids->n; i += AT_ONCE)
		ret = signal_some(dir, pids->v + i,
				  pids->n - i < AT_ONCE ? pids->n - i : (size_t)AT_ONCE, signal);
	return ret;
}

static int signal_group(int dir, void *arg)
{
	_pids_ struct nk_pids here = {0};
	int ret = nk_group_pids(dir, &here);

	return ret < 0 ? ret : signal_pids(dir, &here, *(const int *)arg);
}

int nk_cgroup_signal(const char *path, int signal)
{
	_close_ int dir = nk_group_open(path);

	return dir < 0 ? dir : nk_group_each(dir, signal_group, &signal);
}

static int kill_group(int dir, void *arg)
{
	_pids_ struct nk_pids here = {0};
	struct round *r = arg;
	int ret = nk_group_pids(dir, &here);

	if (ret == 0)
		ret = signal_pids(dir, &here, SIGKILL);
	r->found += here.n;
	for (size_t i = 0; i < here.n; i++)
		r->fresh += !among(&r->before, here.v[i]);
	/* For the next round: all of them, whichever group they are in. */
	size_t total = r->now.n + here.n;
	pid_t *v = here.n ? reallocarray(r->now.v, total, sizeof(*v)) : NULL;
	if (v) {
		memcpy(v + r->now.n, here.v, here.n * sizeof(*v));
		r->now = (struct nk_pids){v, total, total};
	}
	return ret;
}

/* As long as it takes, but not for ever: a process in an uninterruptible call freezes late. */
static void freeze(int dir)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	char state[16] = "";

	for (int i = 0; i < 500 && strcmp(state, "FROZEN"); i++) {
		if (i > 0)
			nanosleep(&ms, NULL);
		/* Again and again: one that was forked meanwhile may have slipped through. */
		if (nk_group_write(dir, "freezer.state", "FROZEN") ||
		    nk_group_word(dir, "freezer.state", state, sizeof(state)))
			return;
	}
}

static int kill_rounds(int dir)
{
	struct nk_patience patience = {0};
	_pids_ struct nk_pids before = {0};
	int ret = 0;

	nk_group_write(dir, "pids.max", "0");
	for (;;) {
		struct round r = {.before = before};

		freeze(dir);
		ret = nk_group_each(dir, kill_group, &r);
		/* Signals are delivered to a frozen process when it is thawed. */
		nk_group_write(dir, "freezer.state", "THAWED");
		nk_pids_done(&before);
		before = r.now;
		if (before.n)
			qsort(before.v, before.n, sizeof(*before.v), by_number);
		if (!r.found)
			return ret == -ENOENT || ret == -ENODEV ? 0 : ret;
		if (!nk_patience(&patience, r.found, !r.fresh))
			return -EBUSY;
	}
}

int nk_cgroup_kill(const char *path, struct nk_err *e)
{
	_close_ int dir = nk_group_open(path);

	if (dir < 0)
		return dir == -ENOENT ? 0 : nk_fail(e, -dir, "open cgroup %s", path);
	if (nk_group_write(dir, "cgroup.kill", "1") == 0) /* Linux 5.14, v2 */
		return 0;
	int ret = kill_rounds(dir);
	if (ret == 0)
		return 0;
	nk_fail(e, -ret, "kill the processes of cgroup %s", path);
	return ret != -EBUSY ? ret
			     : nk_hint(e, "a process that waits for a device or a network file "
					  "system cannot end yet");
}
