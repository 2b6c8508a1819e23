/* SPDX-License-Identifier: Apache-2.0 */
#include "host/doctor.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "host/doctor_parts.h"
#include "host/text.h"

const char *nk_check_state_name(enum nk_check_state s)
{
	static const char *const names[] = {"ok", "warn", "missing"};

	return names[s];
}

struct nk_check *nk_doctor_add(struct nk_doctor *d, const char *name, enum nk_check_state state,
			       const char *mend, const char *seen_fmt, ...)
{
	static struct nk_check lost; /* out of memory: the arena remembers it */
	struct nk_check *c = NK_PUSH(d->arena, d->checks);
	va_list ap;

	if (!c)
		return &lost;
	va_start(ap, seen_fmt);
	*c = (struct nk_check){.group = d->group,
			       .name = name,
			       .state = state,
			       .mend = state == NK_CHECK_OK ? NULL : mend,
			       .seen = nk_vfmt(d->arena, seen_fmt, ap)};
	va_end(ap);
	return c;
}

int nk_doctor_try(int (*probe)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(probe(arg) & 0xff);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	/* A seccomp filter around us may kill instead of refusing. */
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

static int put(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? errno : 0;
}

int nk_doctor_enter(unsigned long flags)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int err;

	if (unshare((int)(CLONE_NEWUSER | flags)))
		return errno;
	/* Required before an ordinary user may write a gid_map, see user_namespaces(7). */
	err = put("/proc/self/setgroups", "deny");
	if (err && err != ENOENT)
		return err;
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	err = put("/proc/self/uid_map", map);
	if (err)
		return err;
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	err = put("/proc/self/gid_map", map);
	if (err)
		return err;
	if (flags & CLONE_NEWNS && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return errno;
	return 0;
}

bool nk_doctor_is_root(const struct nk_doctor *d)
{
	return d->facts->sys_admin;
}

bool nk_doctor_can_run(const struct nk_checks *checks)
{
	for (size_t i = 0; i < checks->n; i++)
		if (checks->v[i].needed && checks->v[i].state == NK_CHECK_MISSING)
			return false;
	return true;
}

int nk_doctor(struct nk_arena *a, struct nk_checks *out, struct nk_err *e)
{
	struct nk_facts f = {0};
	struct nk_doctor d = {.arena = a, .checks = out, .facts = &f};

	nk_facts_self(&f);
	nk_facts_ids(a, &f);
	int r = nk_cgroups_detect(a, &f.cgroups, e);
	if (r < 0)
		return r;
	/* Where groups could be made, and may they be. */
	r = nk_cgroups_probe(a, &f.cgroups, (1U << NK_CG_COUNT) - 1, NULL, e);
	if (r < 0)
		return r;
	nk_doctor_kernel(&d);
	nk_doctor_namespaces(&d);
	nk_doctor_ids(&d);
	nk_doctor_limits(&d);
	nk_doctor_files(&d);
	nk_doctor_security(&d);
	nk_doctor_devices(&d);
	return nk_arena_ok(a, e);
}
