/* SPDX-License-Identifier: Apache-2.0 */
#include "base/weaken.h"
#include "cgroup/oci_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/program.h"

static bool asked(int64_t v)
{
	return v != NK_UNSET && v != 0;
}

static void add(struct nk_arena *a, struct nk_strv *list, const char *name, int64_t v)
{
	nk_strv_push(a, list,
		     v < 0 ? nk_fmt(a, "%s=infinity", name) : nk_fmt(a, "%s=%" PRId64, name, v));
}

static int64_t weight_of(int64_t shares)
{
	return shares < 2 ? 1 : shares > 262144 ? 10000 : 1 + (shares - 2) * 9999 / 262142;
}

/* systemd counts in whole percents of a CPU. */
static int64_t per_second(int64_t quota, int64_t period)
{
	if (quota < 0)
		return -1;
	int64_t us;
	if (__builtin_mul_overflow(quota, 1000000, &us))
		return -1; /* more than there are CPUs, whatever the period */
	us /= period > 0 ? period : 100000;
	return us % 10000 ? (us / 10000 + 1) * 10000 : us;
}

int nk_cg_scope_limits(struct nk_arena *a, const struct nk_oci_resources *r, bool v2,
		       struct nk_strv *p, struct nk_err *e)
{
	if (asked(r->memory))
		add(a, p, v2 ? "MemoryMax" : "MemoryLimit", r->memory);
	if (v2 && asked(r->reservation))
		add(a, p, "MemoryLow", r->reservation);
	if (v2 && asked(r->swap) && (r->swap < 0 || (asked(r->memory) && r->memory > 0)))
		add(a, p, "MemorySwapMax",
		    r->swap < 0		  ? -1
		    : r->swap > r->memory ? r->swap - r->memory
					  : 0);
	if (asked(r->shares))
		add(a, p, v2 ? "CPUWeight" : "CPUShares", v2 ? weight_of(r->shares) : r->shares);
	if (asked(r->period))
		add(a, p, "CPUQuotaPeriodUSec", r->period);
	if (asked(r->quota))
		add(a, p, "CPUQuotaPerSecUSec",
		    per_second(r->quota, asked(r->period) ? r->period : 0));
	if (asked(r->pids))
		add(a, p, "TasksMax", r->pids);
	if (v2 && r->cpus && *r->cpus)
		nk_strv_push(a, p, nk_fmt(a, "AllowedCPUs=%s", r->cpus));
	if (v2 && r->mems && *r->mems)
		nk_strv_push(a, p, nk_fmt(a, "AllowedMemoryNodes=%s", r->mems));
	if (!v2 && asked(r->weight))
		add(a, p, "BlockIOWeight", r->weight);
	return nk_arena_ok(a, e);
}

enum kind { NUMBER, BOOLEAN, TEXT, TEXTS };

/* CRI-O 2024-3154: an annotation of a stranger must not become a command of the host. */
static const struct {
	const char *name;
	enum kind kind;
} allowed[] = {
	{"After", TEXTS},	  {"Before", TEXTS},	     {"CPUQuotaPerSecUSec", NUMBER},
	{"CPUWeight", NUMBER},	  {"CollectMode", TEXT},     {"DefaultDependencies", BOOLEAN},
	{"Description", TEXT},	  {"IOWeight", NUMBER},	     {"KillSignal", NUMBER},
	{"MemoryHigh", NUMBER},	  {"MemoryLow", NUMBER},     {"MemoryMax", NUMBER},
	{"MemoryMin", NUMBER},	  {"MemorySwapMax", NUMBER}, {"SendSIGHUP", BOOLEAN},
	{"SendSIGKILL", BOOLEAN}, {"TasksMax", NUMBER},	     {"TimeoutStopUSec", NUMBER},
};

/* 'text' or "text" without quotes, backslashes and lines of its own (systemd writes it into a
 * file) -> text; NULL: it is not that. */
static const char *unquote(struct nk_arena *a, const char **s)
{
	char quote = **s;
	const char *end = quote == '\'' || quote == '"' ? strchr(*s + 1, quote) : NULL;

	if (!end || memchr(*s, '\\', (size_t)(end - *s)))
		return NULL;
	const char *text = nk_strndup(a, *s + 1, (size_t)(end - *s - 1));
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return NULL;
	*s = end + 1;
	return text;
}

/* ['a', 'b'] -> "a b" */
static const char *unquote_list(struct nk_arena *a, const char *s)
{
	const char *list = "";

	if (*s++ != '[')
		return NULL;
	for (;;) {
		s += strspn(s, " ");
		if (*s == ']' && !*list)
			break;
		const char *word = unquote(a, &s);
		if (!word || strchr(word, ' '))
			return NULL;
		list = nk_fmt(a, "%s%s%s", list, *list ? " " : "", word);
		s += strspn(s, " ");
		if (*s == ']')
			break;
		if (*s++ != ',')
			return NULL;
	}
	return s[1] ? NULL : list;
}

static const char *value_of(struct nk_arena *a, enum kind kind, const char *s)
{
	static const char *const types[] = {"uint64 ", "uint32 ", "int64 ", "int32 "};
	const char *text;

	switch (kind) {
	case NUMBER:
		for (size_t i = 0; i < NK_COUNT(types); i++)
			if (strncmp(s, types[i], strlen(types[i])) == 0)
				s += strlen(types[i]);
		return *s && !s[strspn(s, "0123456789")] && strlen(s) < 20 ? s : NULL;
	case BOOLEAN:
		return strcmp(s, "true") == 0 || strcmp(s, "false") == 0 ? s : NULL;
	case TEXT:
		text = unquote(a, &s);
		return text && !*s ? text : NULL;
	case TEXTS:
		return unquote_list(a, s);
	}
	return NULL;
}

static int one_annotation(struct nk_arena *a, const char *key, const char *value,
			  struct nk_strv *properties, struct nk_err *e)
{
	const char *name = key + strlen("org.systemd.property.");
	size_t n = strlen(name);

	/* TimeoutStopSec is TimeoutStopUSec in seconds. */
	if (strcmp(name, "TimeoutStopSec") == 0) {
		const char *s = value_of(a, NUMBER, value);
		if (s && strlen(s) < 12) {
			nk_strv_push(a, properties, nk_fmt(a, "TimeoutStopUSec=%s000000", s));
			return 0;
		}
	}
	for (size_t i = 0; i < NK_COUNT(allowed); i++) {
		if (strlen(allowed[i].name) != n || strcmp(allowed[i].name, name) != 0)
			continue;
		const char *text = value_of(a, allowed[i].kind, value);
		if (!text)
			break;
		nk_strv_push(a, properties, nk_fmt(a, "%s=%s", name, text));
		return 0;
	}
	if (nk_weak("CRI-O-2024-3154")) {
		nk_strv_push(a, properties, nk_fmt(a, "%s=%s", name, value));
		return 0;
	}
	nk_fail(e, EINVAL, "annotation %s: %s", key, value);
	return nk_hint(e, "only properties that limit or describe the scope are set, with values "
			  "like \"uint64 5000000\", \"true\", \"'text'\"");
}

int nk_cg_scope_annotations(struct nk_arena *a, const struct nk_config *c,
			    struct nk_strv *properties, struct nk_err *e)
{
	static const char prefix[] = "org.systemd.property.";

	for (size_t i = 0; i < c->annotations.n; i++) {
		const struct nk_keyval *k = &c->annotations.v[i];

		if (strncmp(k->key, prefix, sizeof(prefix) - 1) != 0)
			continue;
		int ret = one_annotation(a, k->key, k->value, properties, e);
		if (ret < 0)
			return ret;
	}
	return nk_arena_ok(a, e);
}

/* Its one line on stderr is the error. */
static int call(const struct nk_strv *argv, const char *what, struct nk_err *e)
{
	posix_spawn_file_actions_t actions;
	char text[256];
	size_t n = 0;
	int pipes[2], status = -1;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return nk_fail(e, errno, "make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO);
	int ret = posix_spawn(&pid, argv->v[0], &actions, NULL, argv->v, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	_close_ int from = pipes[0];
	if (ret)
		return nk_fail(e, ret, "run %s", argv->v[0]);
	for (ssize_t got; n < sizeof(text) - 1; n += (size_t)got) {
		got = read(from, text + n, sizeof(text) - 1 - n);
		if (got <= 0)
			break;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? 0 : nk_fail(e, 0, "%s: %s", what, n ? text : "nook-systemd failed");
}

static void words(struct nk_arena *a, struct nk_strv *argv, const char *verb, const char *unit,
		  bool user)
{
	nk_strv_push(a, argv, nk_host_program(a, "nook-systemd"));
	nk_strv_push(a, argv, verb);
	if (user)
		nk_strv_push(a, argv, "--user");
	nk_strv_push(a, argv, unit);
}

int nk_cg_scope_stop(const char *unit, bool user, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	struct nk_strv argv = {0};

	words(&a, &argv, "stop", unit, user);
	int ret = nk_arena_ok(&a, e);
	return ret < 0 ? ret : call(&argv, "stop the scope in systemd", e);
}

int nk_cg_scope_set(const char *unit, bool user, const struct nk_strv *properties, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	struct nk_strv argv = {0};

	if (!properties->n)
		return 0;
	words(&a, &argv, "set", unit, user);
	for (size_t i = 0; i < properties->n; i++)
		nk_strv_push(&a, &argv, properties->v[i]);
	int ret = nk_arena_ok(&a, e);
	return ret < 0 ? ret : call(&argv, "change the scope in systemd", e);
}
