/* SPDX-License-Identifier: Apache-2.0 */
/* process: what runs, as whom, with which rights and limits. */
#include <string.h>

#include "oci/cap_names.h"
#include "oci/config_read.h"
#include "oci/spec_words.h"

static void read_user(struct nk_json_in *in, struct json_object *p, struct nk_config *c)
{
	_json_at_ struct nk_json_at user = nk_json_enter(in, p, "user", json_type_object);
	struct nk_spec *s = &c->spec;

	/* The highest number is "no id" to the kernel. */
	s->uid = (uint32_t)nk_json_get_uint(in, user.o, "uid", UINT32_MAX - 1, 0);
	s->gid = (uint32_t)nk_json_get_uint(in, user.o, "gid", UINT32_MAX - 1, 0);
	c->process.umask = nk_json_get_int(in, user.o, "umask", 0, 0777, -1);
	nk_json_get_str(in, user.o, "username", NULL); /* Windows: checked, not for us */

	_json_at_ struct nk_json_at groups =
		nk_json_enter(in, user.o, "additionalGids", json_type_array);

	for (size_t i = 0; i < nk_json_count(&groups); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&groups, i, json_type_int);
		int64_t id = item.o ? json_object_get_int64(item.o) : 0;
		gid_t *to = NK_PUSH(in->a, &s->groups);

		if (id < 0 || id >= UINT32_MAX)
			nk_json_bad(in, NULL, "out of range");
		else if (to)
			*to = (gid_t)id;
	}
}

static void read_env(struct nk_json_in *in, struct json_object *p, struct nk_strv *env)
{
	nk_json_get_strv(in, p, "env", env);
	for (size_t i = 0; i < env->n && !in->rc; i++)
		if (!strchr(env->v[i], '=') || env->v[i][0] == '=')
			nk_json_badf(in, nk_fmt(in->a, "env[%zu]", i), "\"%.60s\" is not KEY=VALUE",
				     env->v[i]);
	nk_env_last_wins(env);
}

void nk_env_last_wins(struct nk_strv *env)
{
	size_t n = 0;

	for (size_t i = 0; i < env->n; i++) {
		size_t key = strcspn(env->v[i], "=") + 1, k = 0;

		while (k < n && strncmp(env->v[k], env->v[i], key) != 0)
			k++;
		env->v[k] = env->v[i];
		n += k == n;
	}
	if (env->v)
		env->v[n] = NULL;
	env->n = n;
}

/* As runc: a name that is not known (of a newer kernel, perhaps) is left out, and told. */
static void read_cap_set(struct nk_json_in *in, struct json_object *caps, const char *key,
			 uint64_t *mask, struct nk_config *c)
{
	struct nk_strv names = {0};

	*mask = 0;
	nk_json_get_strv(in, caps, key, &names);
	for (size_t i = 0; i < names.n; i++) {
		int cap = strncmp(names.v[i], "CAP_", 4) ? -1 : nk_cap_by_name(names.v[i]);

		if (cap >= 0)
			*mask |= UINT64_C(1) << cap;
		else
			nk_config_warn(in, c,
				       "process.capabilities.%s: ignoring the unknown "
				       "capability \"%.60s\"",
				       key, names.v[i]);
	}
}

void nk_config_limit_caps(struct nk_arena *a, struct nk_config *c, uint64_t have)
{
	struct nk_caps *s = &c->spec.caps;
	uint64_t *sets[] = {&s->bounding, &s->effective, &s->permitted, &s->inheritable,
			    &s->ambient};
	uint64_t asked = 0;

	for (size_t i = 0; i < NK_COUNT(sets); i++) {
		asked |= *sets[i];
		*sets[i] &= have;
	}
	for (unsigned cap = 0; cap < 64; cap++)
		if ((asked & ~have) >> cap & 1)
			nk_strv_push(a, &c->warnings,
				     nk_fmt(a,
					    "process.capabilities: %s cannot be granted, since "
					    "nook-runtime itself does not have it",
					    nk_cap_name(cap)));
}

static void read_caps(struct nk_json_in *in, struct json_object *p, struct nk_config *c)
{
	_json_at_ struct nk_json_at caps = nk_json_enter(in, p, "capabilities", json_type_object);
	struct nk_caps *to = &c->spec.caps;

	if (!caps.o)
		return;
	read_cap_set(in, caps.o, "bounding", &to->bounding, c);
	read_cap_set(in, caps.o, "effective", &to->effective, c);
	read_cap_set(in, caps.o, "permitted", &to->permitted, c);
	read_cap_set(in, caps.o, "inheritable", &to->inheritable, c);
	read_cap_set(in, caps.o, "ambient", &to->ambient, c);
	if (to->effective & ~to->permitted)
		nk_json_bad(in, "effective", "has capabilities that are not in permitted");
	/* `runc spec` wrote such documents for years, and runc went on without a word. */
	if (to->ambient & ~(to->permitted & to->inheritable))
		nk_config_warn(in, c,
			       "process.capabilities.ambient: only those that are in permitted and "
			       "inheritable can be set");
	to->ambient &= to->permitted & to->inheritable;
}

static void read_limit(struct nk_json_in *in, struct json_object *o, struct nk_spec *s)
{
	const char *type = nk_json_get_str(in, o, "type", NULL);
	struct nk_rlimit limit = {.resource = -1};

	nk_json_need(in, o, "type", json_type_string);
	nk_json_need(in, o, "soft", json_type_int);
	nk_json_need(in, o, "hard", json_type_int);
	limit.soft = nk_json_get_uint(in, o, "soft", UINT64_MAX, 0);
	limit.hard = nk_json_get_uint(in, o, "hard", UINT64_MAX, 0);
	if (in->rc || !type)
		return;
	for (int i = 0; i < NK_RLIMIT_COUNT; i++)
		if (nk_rlimit_words[i] && !strcmp(nk_rlimit_words[i], type))
			limit.resource = i;
	if (limit.resource < 0)
		nk_json_badf(in, "type", "unknown value \"%.60s\"", type);
	if (limit.soft > limit.hard)
		nk_json_bad(in, "soft", "above the hard limit");
	for (size_t i = 0; i < s->rlimits.n; i++)
		if (s->rlimits.v[i].resource == limit.resource)
			nk_json_badf(in, "type", "%s is there twice", type);

	struct nk_rlimit *to = NK_PUSH(in->a, &s->rlimits);

	if (to)
		*to = limit;
}

static void read_console(struct nk_json_in *in, struct json_object *p, struct nk_config *c)
{
	_json_at_ struct nk_json_at size = nk_json_enter(in, p, "consoleSize", json_type_object);

	if (!size.o)
		return;
	c->process.height = (unsigned)nk_config_need_int(in, size.o, "height", 0, UINT16_MAX);
	c->process.width = (unsigned)nk_config_need_int(in, size.o, "width", 0, UINT16_MAX);
}

void nk_config_process(struct nk_json_in *in, struct json_object *p, struct nk_config *c)
{
	struct nk_spec *s = &c->spec;
	struct nk_oci_process *to = &c->process;

	s->terminal = nk_json_get_bool(in, p, "terminal", false);
	read_console(in, p, c);
	read_user(in, p, c);
	nk_json_get_strv(in, p, "args", &s->args);
	if (!s->args.n)
		nk_json_bad(in, "args", "missing");
	nk_json_get_str(in, p, "commandLine", NULL); /* Windows: checked, not for us */
	read_env(in, p, &s->env);
	s->cwd = nk_config_path(in, p, "cwd");
	if (!s->cwd)
		nk_json_bad(in, "cwd", "missing");
	read_caps(in, p, c);
	{
		_json_at_ struct nk_json_at list = nk_json_enter(in, p, "rlimits", json_type_array);

		for (size_t i = 0; i < nk_json_count(&list); i++) {
			_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
			read_limit(in, item.o, s);
		}
	}
	s->no_new_privs = nk_json_get_bool(in, p, "noNewPrivileges", false);
	to->apparmor = nk_config_text(in, p, "apparmorProfile");
	to->selinux = nk_config_text(in, p, "selinuxLabel");
	to->has_oom_score_adj = nk_json_get(in, p, "oomScoreAdj", json_type_int) != NULL;
	to->oom_score_adj = (int)nk_json_get_int(in, p, "oomScoreAdj", -1000, 1000, 0);
	nk_config_sched(in, p, c);
}
