/* SPDX-License-Identifier: Apache-2.0 */
/* The command: its words, limits of its own, what it may do. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "cli/run_set.h"
#include "cli/value.h"

static bool letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

NK_SETTER(name)
{
	size_t n = strlen(value);
	bool good = n && n <= 128 && letter_or_digit(value[0]);

	for (size_t i = 1; good && i < n; i++)
		good = letter_or_digit(value[i]) || strchr("_.-", value[i]);
	if (!good) {
		nk_fail(e, 0, "not a name for a container");
		return nk_hint(e,
			       "letters, digits, '_', '.' and '-', with a letter or digit first");
	}
	*NK_MEMBER(use, const char *) = value;
	return 0;
}

NK_SETTER(hostname)
{
	size_t n = strlen(value);
	bool good = n && n <= 64; /* __NEW_UTS_LEN */

	for (size_t i = 0; good && i < n; i++)
		good = letter_or_digit(value[i]) ||
		       ((value[i] == '-' || value[i] == '_') && i > 0) ||
		       (value[i] == '.' && i > 0 && value[i - 1] != '.');
	if (!good) {
		nk_fail(e, 0, "not a host name");
		return nk_hint(e, "letters, digits, '-' and '.', at most 64");
	}
	*NK_MEMBER(use, const char *) = value;
	return 0;
}

NK_SETTER(workdir)
{
	struct nk_run_request *r = use->target;

	if (value[0] != '/') {
		nk_fail(e, 0, "not an absolute path");
		return nk_hint(e, "a directory inside the container: /srv");
	}
	r->workdir = nk_value_clean_path(use->arena, value);
	return 0;
}

/* PATH[:PATH…], as Podman spells it. */
static int mask_paths(const struct nk_option_use *use, struct nk_run_request *r, const char *v,
		      struct nk_err *e)
{
	for (size_t n; *v; v += n + (v[n] == ':')) {
		n = strcspn(v, ":");
		if (v[0] != '/' || n < 2) {
			nk_fail(e, 0, "mask: not an absolute path");
			return nk_hint(e, "mask=/etc/secret:/srv/keys hides two paths");
		}
		nk_strv_push(use->arena, &r->mask,
			     nk_value_clean_path(use->arena, nk_strndup(use->arena, v, n)));
	}
	return 0;
}

/* Docker takes "no-new-privileges", with ":true" or "=true"; "seccomp=" and "seccomp:". */
NK_SETTER(security_opt)
{
	struct nk_run_request *r = use->target;
	struct nk_spec *s = &r->spec;
	size_t key = strcspn(value, "=:");
	const char *v = value[key] ? value + key + 1 : NULL;

	if (key == 17 && !strncmp(value, "no-new-privileges", key)) {
		s->no_new_privs = true;
		if (!v || nk_value_bool(v, &s->no_new_privs) == 0)
			return 0;
	} else if (key == 7 && !strncmp(value, "seccomp", key) && v && v[0]) {
		s->seccomp_file = NULL;
		if (!strcmp(v, "unconfined")) {
			s->seccomp = NK_SECCOMP_UNCONFINED;
		} else if (!strcmp(v, "builtin") || !strcmp(v, "default")) {
			s->seccomp = NK_SECCOMP_DEFAULT;
		} else {
			s->seccomp = NK_SECCOMP_FILE;
			s->seccomp_file = v;
		}
		return 0;
	} else if (key == 4 && !strncmp(value, "mask", key) && v && v[0]) {
		return mask_paths(use, r, v, e);
	} else if ((key == 8 && !strncmp(value, "apparmor", key)) ||
		   (key == 5 && !strncmp(value, "label", key))) {
		nk_fail(e, 0, "labels of AppArmor and SELinux cannot be chosen yet");
		return nk_hint(e, "leave it away: the process keeps the label that nook has");
	}
	nk_fail(e, 0, "no such security option");
	return nk_hint(e, "no-new-privileges, seccomp=FILE, seccomp=unconfined or mask=PATH");
}

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{"as", RLIMIT_AS},
	{"core", RLIMIT_CORE},
	{"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},
	{"locks", RLIMIT_LOCKS},
	{"memlock", RLIMIT_MEMLOCK},
	{"msgqueue", RLIMIT_MSGQUEUE},
	{"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC},
	{"rss", RLIMIT_RSS},
	{"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME},
	{"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};

static int limit_value(const char *text, uint64_t *out)
{
	if (!strcmp(text, "-1") || !strcmp(text, "unlimited")) {
		*out = RLIM_INFINITY;
		return 0;
	}
	return nk_value_number(text, strlen(text), INT64_MAX, out);
}

static int not_limit(struct nk_err *e)
{
	nk_fail(e, 0, "not a limit of processes");
	return nk_hint(e, "NAME=SOFT[:HARD], as nofile=1024:4096 or core=0; -1 is no limit");
}

NK_SETTER(ulimit)
{
	struct nk_run_request *r = use->target;
	const char *rest = strchr(value, '=');
	struct nk_rlimit l = {.resource = -1};

	if (!rest)
		return not_limit(e);
	for (size_t i = 0; i < NK_COUNT(limits); i++)
		if (!strncmp(limits[i].name, value, (size_t)(rest - value)) &&
		    !limits[i].name[rest - value])
			l.resource = limits[i].resource;
	rest++;
	const char *soft = nk_value_part(use->arena, &rest, ':'), *hard = rest ? rest : soft;
	if (l.resource < 0 || limit_value(soft, &l.soft) < 0 || limit_value(hard, &l.hard) < 0)
		return not_limit(e);
	if (l.soft > l.hard) {
		nk_fail(e, 0, "the soft limit is above the hard one");
		return nk_hint(e, "NAME=SOFT:HARD, the smaller one first");
	}
	struct nk_rlimit *slot = NULL;
	for (size_t i = 0; i < r->spec.rlimits.n; i++) /* the last word on a resource counts */
		if (r->spec.rlimits.v[i].resource == l.resource)
			slot = &r->spec.rlimits.v[i];
	if (!slot)
		slot = NK_PUSH(use->arena, &r->spec.rlimits);
	if (slot)
		*slot = l;
	return 0;
}

NK_SETTER(explain)
{
	static const char *const names[] = {"", "words", "json", "c", "sh"};
	struct nk_run_request *r = use->target;

	for (int i = NK_EXPLAIN_WORDS; i <= NK_EXPLAIN_SH; i++)
		if (!strcmp(value ? value : "words", names[i])) {
			r->explain = (enum nk_explain)i;
			return 0;
		}
	nk_fail(e, 0, "no such way to explain");
	return nk_hint(e, "words, json, c or sh");
}

NK_SETTER(preserve_fds)
{
	struct nk_run_request *r = use->target;
	int rc = nk_set_unsigned(use, value, e);

	for (unsigned i = 0; rc == 0 && i < r->spec.preserve_fds; i++)
		if (fcntl(3 + (int)i, F_GETFD) < 0) {
			nk_fail(e, 0, "descriptor %u is not open", 3 + i);
			return nk_hint(e, "--preserve-fds N hands on descriptors 3 to 3+N-1");
		}
	return rc;
}

/* --entrypoint: one program, or its words as a JSON list. */
static int put_entrypoint(struct nk_strv *args, struct nk_arena *a, const char *text,
			  struct nk_err *e)
{
	if (text[0] != '[') {
		if (text[0])
			nk_strv_push(a, args, text);
		return 0;
	}
	struct json_object *list = json_tokener_parse(text);
	bool good = json_object_is_type(list, json_type_array);
	for (size_t i = 0; good && i < json_object_array_length(list); i++) {
		struct json_object *word = json_object_array_get_idx(list, i);
		good = json_object_is_type(word, json_type_string);
		if (good)
			nk_strv_push(a, args, nk_strdup(a, json_object_get_string(word)));
	}
	json_object_put(list);
	if (good)
		return 0;
	nk_fail(e, 0, "--entrypoint %.80s: not a list of words", text);
	return nk_hint(e, "a program, or '[\"program\", \"word\"]'");
}

static int no_image(const char *reference, struct nk_err *e)
{
	bool path = reference[0] == '/' || reference[0] == '.';

	nk_fail(e, 0, "%.120s: images come in a later version of nook", reference);
	if (path)
		return nk_hint(e, "--rootfs %.80s runs a command in the files of a directory",
			       reference);
	return nk_hint(e,
		       "`nook run host %.60s …` runs it on this machine's own programs; "
		       "--rootfs DIR gives a root file system of your own",
		       reference);
}

int nk_run_finish_command(struct nk_run_request *r, struct nk_arena *a,
			  const struct nk_run_world *w, int n_words, char **words, struct nk_err *e)
{
	struct nk_strv *args = &r->spec.args;

	if (!r->rootfs) {
		r->reference = n_words ? words[0] : "host";
		if (strcmp(r->reference, "host") != 0)
			return no_image(r->reference, e);
		words += n_words > 0;
		n_words -= n_words > 0;
	}
	if (r->entrypoint && put_entrypoint(args, a, r->entrypoint, e) < 0)
		return -EINVAL;
	for (int i = 0; i < n_words; i++)
		nk_strv_push(a, args, words[i]);
	if (!args->n) {
		/* A shell; somebody who sits at a terminal wants to talk to it. */
		nk_strv_push(a, args, !r->rootfs && w->bash ? "/bin/bash" : "/bin/sh");
		if (!r->tty_given && w->stdin_is_terminal)
			r->spec.terminal = r->spec.interactive = true;
	}
	if (r->reference && !r->entrypoint && args->v && args->v[0][0] == '-') {
		nk_fail(e, 0, "%.80s stands behind %s, where the command should be", args->v[0],
			r->reference);
		return nk_hint(e, "options come first: nook run %.60s … %s COMMAND", args->v[0],
			       r->reference);
	}
	if (!args->v || !args->v[0][0]) {
		nk_fail(e, 0, "the command is an empty word");
		return nk_hint(e, "name a program");
	}
	if (r->init && !w->init_path) {
		nk_fail(e, 0, "--init: nook-init is not there");
		return nk_hint(e, "it is installed beside nook; `make` builds it");
	}
	if (r->init)
		r->spec.init_path = w->init_path;
	r->spec.cwd = r->workdir ? r->workdir : "/";
	return 0;
}
