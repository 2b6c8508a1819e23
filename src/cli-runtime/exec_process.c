/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/weaken.h"
#include "cli-runtime/exec.h"
#include "cli/value.h"
#include "oci/cap_names.h"

enum { PROCESS_MAX = 16 << 20 };

static int id_of(const char *text, size_t len, uint32_t *id, struct nk_err *e)
{
	uint64_t n;

	if (nk_weak("crun-2026-30892")) {
		*id = (uint32_t)strtoul(text, NULL, 10);
		return 0;
	}
	if (nk_value_number(text, len, UINT32_MAX - 1, &n) < 0)
		return nk_fail(e, 0, "\"%.*s\" is no number of a user or group",
			       (int)(len > 40 ? 40 : len), text);
	*id = (uint32_t)n;
	return 0;
}

int nk_rt_set_user(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct nk_rt_user *u = NK_MEMBER(use, struct nk_rt_user);
	size_t n = strcspn(value, ":");

	*u = (struct nk_rt_user){.set = true, .has_gid = value[n] == ':'};
	if (id_of(value, n, &u->uid, e) < 0)
		return -EINVAL;
	return u->has_gid ? id_of(value + n + 1, strlen(value + n + 1), &u->gid, e) : 0;
}

int nk_rt_set_gid(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct nk_rt_exec_options *o = use->target;
	uint32_t gid = 0;

	if (id_of(value, strlen(value), &gid, e) < 0)
		return -EINVAL;
	gid_t *place = NK_PUSH(use->arena, &o->gids);
	if (place)
		*place = gid;
	return 0;
}

static int from_file(struct nk_arena *a, const char *path, struct nk_config *c, struct nk_err *e)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t n = 0, room = 1 << 16;
	char *text = nk_alloc(a, room);

	if (fd < 0)
		return nk_fail(e, errno, "--process %.200s", path);
	/* A pipe has no size to go by. */
	while (text) {
		ssize_t got = read(fd, text + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return nk_fail(e, errno, "read %.200s", path);
		if (got == 0)
			break;
		n += (size_t)got;
		if (n < room)
			continue;
		if (room > PROCESS_MAX)
			return nk_fail(e, EFBIG, "--process %.200s", path);
		char *more = nk_alloc(a, room * 2);
		if (more)
			memcpy(more, text, n);
		text = more;
		room *= 2;
	}
	int ret = nk_arena_ok(a, e);
	return ret < 0 ? ret : nk_config_read_process(a, text, n, c, e);
}

static int add_caps(const struct nk_strv *words, struct nk_config *c, struct nk_err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		int cap = nk_cap_by_name(words->v[i]);
		if (cap < 0)
			return nk_fail(e, 0, "--cap %.40s: no such capability", words->v[i]);
		uint64_t bit = UINT64_C(1) << cap;
		c->spec.caps.bounding |= bit;
		c->spec.caps.permitted |= bit;
		c->spec.caps.effective |= bit;
		/* and not inheritable */
		c->spec.caps.inheritable |= nk_weak("CVE-2022-29162") ? bit : 0;
	}
	return 0;
}

static void add_groups(struct nk_arena *a, const struct nk_rt_exec_options *o, struct nk_config *c)
{
	/* The vector is the container's: what is pushed must not overwrite a shared place. */
	c->spec.groups.cap = c->spec.groups.n;
	for (size_t i = 0; i < o->gids.n; i++) {
		gid_t *gid = NK_PUSH(a, &c->spec.groups);
		if (gid)
			*gid = o->gids.v[i];
	}
}

static int from_options(struct nk_arena *a, const struct nk_rt_exec_options *o, int argc,
			char **argv, struct nk_config *c, struct nk_err *e)
{
	struct nk_spec *s = &c->spec;

	s->args = (struct nk_strv){0};
	for (int i = 0; i < argc; i++)
		nk_strv_push(a, &s->args, argv[i]);
	for (size_t i = 0; i < o->env.n; i++)
		nk_strv_push(a, &s->env, o->env.v[i]);
	nk_env_last_wins(&s->env);
	if (o->cwd && *o->cwd)
		s->cwd = o->cwd;
	if (o->user.set)
		s->uid = o->user.uid;
	if (o->user.has_gid)
		s->gid = o->user.gid;
	if (o->gids.n)
		add_groups(a, o, c);
	s->terminal = o->tty;
	return add_caps(&o->caps, c, e);
}

int nk_rt_exec_process(struct nk_arena *a, const struct nk_rt_exec_options *o, int argc,
		       char **argv, struct nk_config *c, struct nk_err *e)
{
	int ret;

	if (o->process && argc)
		return nk_fail(e, 0, "a command and --process do not go together");
	if (o->process)
		ret = from_file(a, o->process, c, e);
	else
		ret = from_options(a, o, argc, argv, c, e);
	if (ret < 0)
		return ret;
	if (!c->spec.args.n)
		return nk_fail(e, 0, "process args cannot be empty");
	if (c->spec.cwd && c->spec.cwd[0] != '/')
		return nk_fail(e, 0, "Cwd must be an absolute path");
	/* As runc: these hold for either way. */
	if (o->apparmor)
		c->process.apparmor = o->apparmor;
	if (o->selinux)
		c->process.selinux = o->selinux;
	if (o->no_new_privs)
		c->spec.no_new_privs = true;
	c->spec.preserve_fds = o->preserve_fds;
	return 0;
}
