/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of the command: defaults, then files, then -e, as Docker does. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/run_set.h"

/* A file of settings is written by a person: a megabyte is a mistake. */
#define LARGEST_FILE (1024 * 1024)

void nk_env_put(struct nk_arena *a, struct nk_strv *env, const char *pair)
{
	size_t key = strcspn(pair, "=");

	for (size_t i = 0; i < env->n; i++)
		if (!strncmp(env->v[i], pair, key) && env->v[i][key] == '=') {
			env->v[i] = (char *)pair;
			return;
		}
	nk_strv_push(a, env, pair);
}

/* "KEY=VALUE", or "KEY" for the caller's own value (nothing when it has none). */
static void put_word(struct nk_arena *a, struct nk_strv *env, const char *word)
{
	const char *own = strchr(word, '=') ? NULL : getenv(word);

	if (strchr(word, '='))
		nk_env_put(a, env, word);
	else if (own)
		nk_env_put(a, env, nk_fmt(a, "%s=%s", word, own));
}

NK_SETTER(env)
{
	struct nk_run_request *r = use->target;

	if (!value[0] || value[0] == '=') {
		nk_fail(e, 0, "a variable has a name");
		return nk_hint(e, "NAME=VALUE, or NAME to hand on your own value");
	}
	nk_strv_push(use->arena, &r->env_words, value);
	return 0;
}

static char *read_file(struct nk_arena *a, const char *path, size_t *len, struct nk_err *e)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		nk_fail(e, errno, "--env-file %s", path);
		return NULL;
	}
	if (st.st_size > LARGEST_FILE) {
		nk_fail(e, EFBIG, "--env-file %s", path);
		return NULL;
	}
	/* A pipe says size 0, so the size is only a limit, not a fact. */
	char *buf = nk_alloc(a, LARGEST_FILE + 1);
	for (*len = 0; buf && *len <= LARGEST_FILE;) {
		ssize_t n = read(fd, buf + *len, LARGEST_FILE + 1 - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n < 0)
				nk_fail(e, errno, "--env-file %s", path);
			return n < 0 ? NULL : buf;
		}
		*len += (size_t)n;
	}
	nk_fail(e, buf ? EFBIG : ENOMEM, "--env-file %s", path);
	return NULL;
}

static int file_line(struct nk_arena *a, struct nk_strv *env, const char *line, struct nk_err *e)
{
	line += strspn(line, " \t");
	if (!line[0] || line[0] == '#')
		return 0;
	size_t key = strcspn(line, "=");
	if (!key || strcspn(line, " \t") < key) {
		nk_fail(e, 0,
			!key ? "a variable has a name" : "white space in the name of a variable");
		return nk_hint(e, "each line is NAME=VALUE, NAME, or begins with #");
	}
	put_word(a, env, line);
	return 0;
}

static int put_file(struct nk_arena *a, struct nk_strv *env, const char *path, struct nk_err *e)
{
	size_t len = 0;
	char *text = read_file(a, path, &len, e);
	unsigned number = 1;

	if (!text) {
		nk_hint(e, "a file with lines NAME=VALUE");
		return e->err ? -e->err : -EINVAL;
	}
	if (memchr(text, 0, len)) {
		nk_fail(e, 0, "--env-file %s: not a text file", path);
		return nk_hint(e, "a file with lines NAME=VALUE");
	}
	for (char *line = text, *end; line; line = end, number++) {
		end = strchr(line, '\n');
		if (end)
			*end++ = 0;
		if (file_line(a, env, line, e) < 0)
			return nk_ctx(e, "--env-file %s, line %u", path, number);
	}
	return 0;
}

int nk_env_put_given(struct nk_arena *a, struct nk_strv *env, const struct nk_strv *files,
		     const struct nk_strv *words, struct nk_err *e)
{
	for (size_t i = 0; i < files->n; i++) {
		int rc = put_file(a, env, files->v[i], e);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < words->n; i++)
		put_word(a, env, words->v[i]);
	return 0;
}

/*
 * Elsewhere than in host, xterm is what the tree of files most surely knows. In host the shell says
 * where one is: bash on Debian makes its own prompt, which begins with debian_chroot (and would
 * export a PS1 that other shells cannot read); others take PS1.
 */
void nk_env_put_terminal(struct nk_arena *a, struct nk_strv *env, const struct nk_spec *s,
			 const char *term)
{
	bool host = s->rootfs_host;
	const char *program = s->args.v[0], *slash = strrchr(program, '/');

	nk_env_put(a, env, nk_fmt(a, "TERM=%s", host && term && term[0] ? term : "xterm"));
	if (!host)
		return;
	nk_env_put(a, env, "debian_chroot=nook");
	if (strcmp(slash ? slash + 1 : program, "bash") != 0)
		nk_env_put(a, env, "PS1=(nook) \\$ ");
}

int nk_run_finish_env(struct nk_run_request *r, struct nk_arena *a, const char *hostname,
		      const char *term, struct nk_err *e)
{
	struct nk_strv *env = &r->spec.env;

	nk_env_put(a, env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (hostname)
		nk_env_put(a, env, nk_fmt(a, "HOSTNAME=%s", hostname));
	if (r->spec.terminal)
		nk_env_put_terminal(a, env, &r->spec, term);
	/* What systemd and others look at to know that they are in a container. */
	nk_env_put(a, env, "container=nook");
	return nk_env_put_given(a, env, &r->env_files, &r->env_words, e);
}
