/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "data/passwd.h"
#include "runtime/prepare.h"
#include "state/process.h"

static int ended(const struct nk_exec *x, struct nk_err *e)
{
	nk_fail(e, 0, "container \"%s\" has ended", x->container->name);
	nk_hint(e, "nook ps lists those that run");
	e->err = ESRCH;
	return -ESRCH;
}

static bool lives(const struct nk_exec *x)
{
	return nk_process_wait(x->pidfd, 0) == -ETIMEDOUT;
}

/* Namespaces of the container that this process is not in. */
static int differing(struct nk_exec *x, struct nk_err *e)
{
	for (int k = 0; k < NK_NS_COUNT; k++) {
		char path[48];
		struct stat own, its;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", nk_ns_name((enum nk_ns_kind)k));
		if (stat(path, &own) < 0)
			continue; /* a kernel without this kind */
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)x->container->pid,
			 nk_ns_name((enum nk_ns_kind)k));
		if (stat(path, &its) < 0) {
			/* A process that is going loses its namespaces before its pidfd says so. */
			int err = errno;

			if (err == ENOENT || err == ESRCH || !lives(x))
				return ended(x, e);
			nk_fail(e, err, "look at the namespaces of container \"%s\"",
				x->container->name);
			return nk_hint(e, "run exec as the user who runs the container");
		}
		if (own.st_dev != its.st_dev || own.st_ino != its.st_ino)
			x->in.join |= nk_ns_clone_flag((enum nk_ns_kind)k);
	}
	return 0;
}

static bool setgroups_denied(pid_t pid)
{
	char path[48], word[8] = "";

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);

	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, word, sizeof(word) - 1) > 0 && strncmp(word, "deny", 4) == 0;
}

int nk_exec_open(struct nk_exec *x, struct nk_arena *a, const struct nk_state_record *r,
		 struct nk_err *e)
{
	*x = (struct nk_exec){.a = a, .container = r, .spec = *r->spec, .pidfd = -EBADF};
	x->pidfd = nk_state_pidfd(r, e);
	if (x->pidfd < 0)
		return x->pidfd;
	nk_facts_self(&x->facts);
	x->in = (struct nk_exec_input){
		.spec = &x->spec,
		.facts = &x->facts,
		.pid = r->pid,
		.cgroups = r->cgroups,
	};

	int rc = differing(x, e);

	if (rc < 0)
		return rc;
	x->in.setgroups_denied = setgroups_denied(r->pid);
	return lives(x) ? 0 : ended(x, e);
}

void nk_exec_close(struct nk_exec *x)
{
	nk_cleanup_close(&x->pidfd);
	x->pidfd = -EBADF;
}

static int resolve(struct nk_exec *x, const char *user, struct nk_user *u, struct nk_err *e)
{
	char path[32];
	struct nk_text passwd, group;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)x->container->pid);

	_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err = errno;

	if (!lives(x) || (root < 0 && (err == ENOENT || err == ESRCH)))
		return ended(x, e);
	if (root < 0)
		return nk_fail(e, err, "open the root of container \"%s\"", x->container->name);

	int rc = nk_root_text(x->a, root, "etc/passwd", &passwd, e);

	if (rc >= 0)
		rc = nk_root_text(x->a, root, "etc/group", &group, e);
	if (rc >= 0)
		rc = nk_user_resolve(u, x->a, passwd, group, user, NULL, e);
	return rc;
}

int nk_exec_user(struct nk_exec *x, const char *user, const char **home, struct nk_err *e)
{
	struct nk_spec *s = &x->spec;

	*home = NULL;
	if (user) {
		struct nk_user u;
		int rc = resolve(x, user, &u, e);

		if (rc < 0)
			return rc;
		s->uid = u.uid;
		s->gid = u.gid;
		s->groups.v = u.groups.v;
		s->groups.n = u.groups.n;
		s->groups.cap = u.groups.cap;
		*home = u.home;

		/* As for `run`: root has what the container may have, others nothing. */
		uint64_t may = u.uid == 0 ? s->caps.bounding : 0;

		s->caps = (struct nk_caps){
			.bounding = s->caps.bounding, .effective = may, .permitted = may};
	}
	return 0;
}

int nk_exec_plan(struct nk_exec *x, struct nk_plan *p, const char *cache_dir, struct nk_err *e)
{
	int rc = nk_seccomp_filter(x->a, &x->spec, cache_dir, &x->in.filter, e);

	return rc < 0 ? rc : nk_plan_exec(p, &x->in, e);
}

/*
 * The plan names init by its number. It was ours when x was opened and is alive
 * now, so the number has meant the same process all the time.
 */
int nk_exec_started(void *arg, pid_t pid, struct nk_err *e)
{
	const struct nk_exec *x = arg;

	(void)pid;
	return lives(x) ? 0 : ended(x, e);
}
