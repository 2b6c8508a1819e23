/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/oci_live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cgroup/group.h"
#include "host/text.h"

static bool below(const char *dir, const char *mount)
{
	size_t n = strlen(mount);

	return strncmp(dir, mount, n) == 0 && dir[n] == '/';
}

static void take(struct nk_arena *a, const struct nk_cg_hierarchy *h, const char *dir,
		 struct nk_cg_groups *groups)
{
	struct nk_cg_group g = {.dir = dir, .mount = h->mount, .v2 = h->v2, .name = h->name};

	if (!g.name || access(dir, F_OK) < 0)
		return;
	g.controllers = h->controllers;
	g.existed = true;
	if (g.v2) {
		_free_ char *text = nk_text_read(nk_fmt(a, "%s/cgroup.controllers", dir), 4096);

		g.name = text ? nk_strndup(a, text, strcspn(text, "\n")) : "";
		g.controllers = nk_cg_controllers(g.name);
	}
	nk_cg_find_weight(a, &g, dir);
	struct nk_cg_group *new = NK_PUSH(a, groups);
	if (new)
		*new = g;
}

int nk_cg_reopen(struct nk_arena *a, const struct nk_cgroups *c, const struct nk_strv *dirs,
		 struct nk_cg_groups *groups, struct nk_err *e)
{
	for (size_t i = 0; i < dirs->n; i++) {
		const struct nk_cg_hierarchy *best = NULL;

		for (size_t k = 0; k < c->hierarchies.n + c->others.n; k++) {
			const struct nk_cg_hierarchy *h =
				k < c->hierarchies.n ? &c->hierarchies.v[k]
						     : &c->others.v[k - c->hierarchies.n];

			if (below(dirs->v[i], h->mount) &&
			    (!best || strlen(h->mount) > strlen(best->mount)))
				best = h;
		}
		if (best)
			take(a, best, dirs->v[i], groups);
	}
	return nk_arena_ok(a, e);
}

/* The group that freezes: v1's freezer, or version 2's own. */
static const struct nk_cg_group *freezer(const struct nk_cg_groups *g)
{
	const struct nk_cg_group *v1 = nk_cg_of(g, "freezer");

	return v1 ? v1 : nk_cg_unified(g);
}

static bool state_is(int dir, bool v2, bool stopped)
{
	char text[1024];
	_close_ int fd = openat(dir, v2 ? "cgroup.events" : "freezer.state", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	if (!v2)
		return strncmp(text, stopped ? "FROZEN" : "THAWED", 6) == 0;
	return strstr(text, stopped ? "frozen 1" : "frozen 0") != NULL;
}

static int write_state(int dir, bool v2, bool stop)
{
	if (v2)
		return nk_group_write(dir, "cgroup.freeze", stop ? "1" : "0");
	return nk_group_write(dir, "freezer.state", stop ? "FROZEN" : "THAWED");
}

/*
 * v1 tries once for each write and read; a process that is being forked, or waits for a disk, may
 * slip through. Now and then all are let go for a moment, since two that wait for each other would
 * never get there.
 */
static bool reach(int dir, bool v2, bool stop)
{
	for (int i = 0; i < 1000; i++) {
		const struct timespec pause = {.tv_nsec = i < 20 ? 100000 : 10000000};

		if (state_is(dir, v2, stop))
			return true;
		if (!v2 && stop && i % 50 == 49) {
			write_state(dir, v2, false);
			nanosleep(&pause, NULL);
		}
		nanosleep(&pause, NULL);
		if (!v2 && write_state(dir, v2, stop) < 0)
			return false;
	}
	return false;
}

int nk_cg_freeze(const struct nk_cg_groups *g, bool stop, struct nk_err *e)
{
	const struct nk_cg_group *f = freezer(g);

	if (!f) {
		nk_fail(e, 0, "cannot %s: the container has no cgroup that can be frozen",
			stop ? "pause" : "resume");
		return nk_hint(e, "the controller freezer of cgroup v1, or any group of v2, is "
				  "needed");
	}
	_close_ int dir = nk_group_open(f->dir);
	if (dir < 0)
		return nk_fail(e, -dir, "open cgroup %s", f->dir);
	int ret = write_state(dir, f->v2, stop);
	if (ret < 0)
		return nk_fail(e, -ret, "%s cgroup %s", stop ? "freeze" : "thaw", f->dir);
	if (reach(dir, f->v2, stop))
		return 0;
	if (stop)
		write_state(dir, f->v2, false);
	nk_fail(e, EBUSY, "unable to %s cgroup %s", stop ? "freeze" : "thaw", f->dir);
	return nk_hint(e, stop ? "a process that waits for a device or a network file system "
				 "cannot stop yet"
			       : "a group above it is frozen, too");
}

int nk_cg_frozen(const struct nk_cg_groups *g)
{
	const struct nk_cg_group *f = freezer(g);
	_close_ int dir = f ? nk_group_open(f->dir) : -EBADF;
	char word[16] = "";

	if (dir < 0)
		return 0;
	nk_group_word(dir, f->v2 ? "cgroup.freeze" : "freezer.state", word, sizeof(word));
	return f->v2 ? strcmp(word, "1") == 0 : strncmp(word, "FR", 2) == 0;
}

/* The highest group that is frozen, from this one up: those below show its state as theirs. */
static const char *frozen_from(struct nk_arena *a, const char *group, const char *mount)
{
	const char *found = NULL;

	while (group && strlen(group) > strlen(mount)) {
		_close_ int dir = nk_group_open(group);

		if (dir < 0 || state_is(dir, false, false))
			break;
		found = group;
		group = nk_strndup(a, group, (size_t)(strrchr(group, '/') - group));
	}
	return found;
}

const char *nk_cg_frozen_around(struct nk_arena *a, pid_t pid)
{
	_free_ char *text = nk_text_read(nk_fmt(a, "/proc/%d/cgroup", (int)pid), 65536);
	const char *cursor = text, *line, *path = NULL;
	struct nk_cgroups machine = {0};
	struct nk_err ignored = {0};
	size_t n;

	while (text && (line = nk_text_line(&cursor, &n))) {
		struct nk_field f[3];
		bool whole = nk_text_split(line, n, ':', f, 3) == 3;
		struct nk_cg_group g = {.name = whole ? nk_strndup(a, f[1].s, f[1].n) : NULL};
		if (nk_cg_has(&g, "freezer"))
			path = nk_strndup(a, f[2].s, f[2].n);
	}
	if (!path || nk_cgroups_detect(a, &machine, &ignored) < 0)
		return NULL;
	int i = machine.where[NK_CG_FREEZER];
	const struct nk_cg_hierarchy *h = i < 0 ? NULL : &machine.hierarchies.v[i];
	return !h || h->v2 ? NULL : frozen_from(a, nk_cg_dir(a, h, path), h->mount);
}

struct collect {
	struct nk_arena *a;
	struct nk_cg_pids *pids;
};

static int collect(int dir, void *arg)
{
	_pids_ struct nk_pids here = {0};
	struct collect *c = arg;
	int ret = nk_group_pids(dir, &here);

	for (size_t i = 0; i < here.n; i++) {
		pid_t *p = NK_PUSH(c->a, c->pids);
		if (p)
			*p = here.v[i];
	}
	return ret;
}

static int by_number(const void *x, const void *y)
{
	return (*(const pid_t *)x > *(const pid_t *)y) - (*(const pid_t *)x < *(const pid_t *)y);
}

int nk_cg_pids(struct nk_arena *a, const struct nk_cg_groups *g, struct nk_cg_pids *pids,
	       struct nk_err *e)
{
	struct collect c = {a, pids};
	const struct nk_cg_group *from = freezer(g);

	if (!from && g->n)
		from = &g->v[0];
	if (!from)
		return nk_fail(e, 0, "the container has no cgroup that tells its processes");
	_close_ int dir = nk_group_open(from->dir);
	int ret = dir < 0 ? dir : nk_group_each(dir, collect, &c);
	if (ret < 0 && ret != -ENODEV)
		return nk_fail(e, -ret, "read the processes of cgroup %s", from->dir);
	if (pids->n)
		qsort(pids->v, pids->n, sizeof(*pids->v), by_number);
	return nk_arena_ok(a, e);
}

static int64_t number(struct nk_arena *a, const struct nk_cg_group *g, const char *file, int word)
{
	_free_ char *text = nk_text_read(nk_fmt(a, "%s/%s", g->dir, file), 4096);
	const char *s = text;

	for (; s && word; word--)
		s = strchr(s, ' ') ? strchr(s, ' ') + 1 : NULL;
	if (!s)
		return NK_UNSET;
	/* v1 writes "no limit" as the largest number of pages in bytes. */
	int64_t v = strncmp(s, "max", 3) ? strtoll(s, NULL, 10) : -1;
	return v > INT64_MAX - 65536 ? -1 : v;
}

void nk_cg_now(struct nk_arena *a, const struct nk_cg_groups *g, struct nk_cg_now *now)
{
	const struct nk_cg_group *m = nk_cg_of(g, "memory"), *cpu = nk_cg_of(g, "cpu");

	*now = (struct nk_cg_now){.memory = NK_UNSET, .quota = -1};
	if (m) {
		now->memory = number(a, m, m->v2 ? "memory.max" : "memory.limit_in_bytes", 0);
		now->usage = number(a, m, m->v2 ? "memory.current" : "memory.usage_in_bytes", 0);
	}
	if (cpu && cpu->v2) {
		now->quota = number(a, cpu, "cpu.max", 0);
		now->period = number(a, cpu, "cpu.max", 1);
	} else if (cpu) {
		now->quota = number(a, cpu, "cpu.cfs_quota_us", 0);
		now->period = number(a, cpu, "cpu.cfs_period_us", 0);
	}
}

/* A file of one line that says what it said before; lists (io.max, devices.allow) are not such. */
static const char *old_value(struct nk_arena *a, const struct nk_cg_write *w)
{
	_free_ char *text = nk_text_read(nk_fmt(a, "%s/%s", w->group->dir, w->file), 4096);
	const char *end = text ? strchr(text, '\n') : NULL;

	return end && !end[1] ? nk_strndup(a, text, (size_t)(end - text)) : NULL;
}

static int put(const struct nk_cg_write *w, const char *value)
{
	_close_ int dir = nk_group_open(w->group->dir);

	return dir < 0 ? dir : nk_group_write(dir, w->file, value);
}

int nk_cg_apply(const struct nk_cg_writes *w, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	const char **old = nk_alloc(&a, (w->n + 1) * sizeof(*old));

	if (!old)
		return nk_fail(e, ENOMEM, "set limits");
	for (size_t i = 0; i < w->n; i++) {
		const struct nk_cg_write *s = &w->v[i];

		old[i] = old_value(&a, s);
		int ret = put(s, s->value);
		if (ret >= 0 || -ret == s->soft)
			continue;
		nk_fail(e, -ret, "failed to write %s: write %s/%s", s->value, s->group->dir,
			s->file);
		if (s->hint)
			nk_hint(e, "%s", s->hint);
		/* All or nothing, as far as that goes. */
		while (i-- > 0)
			if (old[i])
				put(&w->v[i], old[i]);
		return ret;
	}
	return 0;
}
