/* SPDX-License-Identifier: Apache-2.0 */
#include "security/profile_reader.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

enum { MAX_ERRNO = 4095 /* the kernel's own */ };

/* Docker's names in includes.arches: those of Go, and its own for ABIs. */
static const struct nk_word machines[] = {
	{"amd64", SCMP_ARCH_X86_64},
	{"x86_64", SCMP_ARCH_X86_64},
	{"arm64", SCMP_ARCH_AARCH64},
	{"aarch64", SCMP_ARCH_AARCH64},
	{"x86", SCMP_ARCH_X86},
	{"386", SCMP_ARCH_X86},
	{"x32", SCMP_ARCH_X32},
	{"arm", SCMP_ARCH_ARM},
	{"mips", 0},
	{"mipsle", 0},
	{"mips64", 0},
	{"mips64le", 0},
	{"mips64n32", 0},
	{"mips64p32", 0},
	{"mips64p32le", 0},
	{"mipsel", 0},
	{"mipsel64", 0},
	{"mipsel64n32", 0},
	{"ppc", 0},
	{"ppc64", 0},
	{"ppc64le", 0},
	{"s390", 0},
	{"s390x", 0},
	{"riscv64", 0},
	{"loong64", 0},
	{"loongarch64", 0},
	{},
};

const struct nk_words nk_pr_actions = {"action", nk_seccomp_actions};
const struct nk_words nk_pr_operators = {"operator", nk_seccomp_operators};
const struct nk_words nk_pr_architectures = {"architecture", nk_seccomp_archs};
const struct nk_words nk_pr_machines = {"architecture", machines};
const struct nk_words nk_pr_flags = {"flag", nk_seccomp_flags};

int nk_pr_bad(struct nk_reader *r, const char *at, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	nk_fail(r->e, 0, "%s: %s", at, text);
	/* What a foreign file says must not steer the terminal. */
	for (char *c = r->e->msg; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return -EINVAL;
}

int nk_pr_want(struct nk_reader *r, const char *at, json_object *o, enum json_type type)
{
	/* A NUL inside would make the rest of a name invisible to everything below. */
	if (type == json_type_string && json_object_get_type(o) == type &&
	    strlen(json_object_get_string(o)) != (size_t)json_object_get_string_len(o))
		return nk_pr_bad(r, at, "a zero byte in the string");
	if (json_object_get_type(o) == type)
		return 0;
	return nk_pr_bad(r, at, "%s expected, found %s", json_type_to_name(type),
			 json_type_to_name(json_object_get_type(o)));
}

int nk_pr_member(struct nk_reader *r, const char *at, json_object *o, const char *key,
		 enum json_type type, json_object **out)
{
	*out = json_object_object_get(o, key);
	return *out ? nk_pr_want(r, AT(r, "%s%s", at, key), *out, type) : 0;
}

int nk_pr_only_keys(struct nk_reader *r, const char *at, json_object *o, const char *const *keys)
{
	json_object_object_foreach(o, name, value)
	{
		size_t i = 0;

		(void)value;
		while (keys[i] && strcmp(keys[i], name) != 0)
			i++;
		if (!keys[i])
			return nk_pr_bad(r, AT(r, "%s%.60s", at, name), "unknown key");
	}
	return 0;
}

int nk_pr_list_size(struct nk_reader *r, const char *at, json_object *list, size_t max)
{
	size_t n = json_object_array_length(list);

	if (n > max)
		return nk_pr_bad(r, at, "%zu entries, more than %zu", n, max);
	return (int)n;
}

int nk_pr_word(struct nk_reader *r, const char *at, json_object *o, const struct nk_words *words,
	       uint32_t *value)
{
	int rc = nk_pr_want(r, at, o, json_type_string);

	if (rc < 0)
		return rc;

	uint64_t found;

	if (nk_word_find(words->v, json_object_get_string(o), &found)) {
		*value = (uint32_t)found;
		return 0;
	}
	return nk_pr_bad(r, at, "unknown %s \"%.60s\"", words->what, json_object_get_string(o));
}

int nk_pr_number(struct nk_reader *r, const char *at, json_object *o, uint64_t max, uint64_t *value)
{
	int rc = nk_pr_want(r, at, o, json_type_int);

	if (rc < 0)
		return rc;
	*value = json_object_get_uint64(o);
	if (json_object_get_int64(o) < 0 || *value > max)
		return nk_pr_bad(r, at, "%s is not a number from 0 to %llu",
				 json_object_to_json_string(o), (unsigned long long)max);
	return 0;
}

static int errno_by_name(const char *name)
{
	for (int i = 1; i < 200; i++) {
		const char *known = strerrorname_np(i);
		if (known && strcmp(known, name) == 0)
			return i;
	}
	return -1;
}

/* The errno of an action: Docker's errnoRet (a number), Podman's errno (a name), or EPERM. */
static int read_errno(struct nk_reader *r, const char *at, json_object *o, const char *number_key,
		      const char *name_key, bool *given, uint32_t *out)
{
	json_object *num, *name;
	uint64_t value = EPERM;
	int rc;

	if ((rc = nk_pr_member(r, at, o, number_key, json_type_int, &num)) < 0 ||
	    (rc = nk_pr_member(r, at, o, name_key, json_type_string, &name)) < 0)
		return rc;
	if (num &&
	    (rc = nk_pr_number(r, AT(r, "%s%s", at, number_key), num, MAX_ERRNO, &value)) < 0)
		return rc;
	if (name) {
		int named = errno_by_name(json_object_get_string(name));
		if (named < 0)
			return nk_pr_bad(r, AT(r, "%s%s", at, name_key), "unknown errno \"%.60s\"",
					 json_object_get_string(name));
		if (num && (uint64_t)named != value)
			return nk_pr_bad(r, AT(r, "%s%s", at, name_key), "differs from %s",
					 number_key);
		value = (uint64_t)named;
	}
	*given = num || name;
	*out = (uint32_t)value;
	return 0;
}

const struct nk_action_keys nk_pr_of_default = {"defaultAction", "defaultErrnoRet", "defaultErrno"};
const struct nk_action_keys nk_pr_of_rule = {"action", "errnoRet", "errno"};

int nk_pr_action(struct nk_reader *r, const char *at, json_object *o,
		 const struct nk_action_keys *keys, uint32_t *out)
{
	json_object *action = json_object_object_get(o, keys->action);
	const char *where = AT(r, "%s%s", at, keys->action);
	uint32_t err = EPERM;
	bool given = false;
	int rc;

	if (!action)
		return nk_pr_bad(r, where, "missing");
	rc = nk_pr_word(r, where, action, &nk_pr_actions, out);
	if (rc < 0)
		return rc;
	if (*out == SCMP_ACT_NOTIFY)
		return nk_pr_bad(r, where,
				 "SCMP_ACT_NOTIFY needs an agent and is not supported yet");
	rc = read_errno(r, at, o, keys->errno_number, keys->errno_name, &given, &err);
	if (rc < 0)
		return rc;
	if (*out == SCMP_ACT_ERRNO(0))
		*out = SCMP_ACT_ERRNO(err);
	else if (*out == SCMP_ACT_TRACE(0))
		*out = SCMP_ACT_TRACE(err);
	else if (given)
		return nk_pr_bad(r, AT(r, "%s%s", at, keys->errno_number),
				 "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE have one");
	return 0;
}
