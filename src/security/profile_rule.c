/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a profile's "syscalls": its names, conditions and arguments. */
#include <stdio.h>
#include <string.h>

#include "security/caps.h"
#include "security/profile_reader.h"

enum { MAX_NAMES = 2048 };

/* Everything of a list is a known word, and *match is whether one of them is ours. */
static int read_machines(struct nk_reader *r, const char *at, json_object *list, bool *match)
{
	int n = nk_pr_list_size(r, at, list, NK_PROFILE_MAX_RULES);

	*match = false;
	for (int i = 0; i < n; i++) {
		uint32_t arch;
		int rc = nk_pr_word(r, AT(r, "%s[%d]", at, i),
				    json_object_array_get_idx(list, (size_t)i), &nk_pr_machines,
				    &arch);
		if (rc < 0)
			return rc;
		*match |= arch == r->host->arch;
	}
	return n;
}

/* A list of capabilities as a mask. */
static int read_caps(struct nk_reader *r, const char *at, json_object *list, uint64_t *mask)
{
	int n = nk_pr_list_size(r, at, list, NK_PROFILE_MAX_RULES);

	*mask = 0;
	for (int i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(list, (size_t)i);
		const char *where = AT(r, "%s[%d]", at, i);
		int rc = nk_pr_want(r, where, o, json_type_string);
		if (rc < 0)
			return rc;
		int cap = nk_cap_by_name(json_object_get_string(o));
		if (cap < 0)
			return nk_pr_bad(r, where, "unknown capability \"%.60s\"",
					 json_object_get_string(o));
		*mask |= UINT64_C(1) << cap;
	}
	return n;
}

static int read_kernel(struct nk_reader *r, const char *at, json_object *o, bool *reached)
{
	unsigned major, minor;
	char end;

	if (sscanf(json_object_get_string(o), "%4u.%4u%c", &major, &minor, &end) != 2)
		return nk_pr_bad(r, at, "a kernel version such as \"4.8\" expected");
	*reached = r->host->kernel_major > major ||
		   (r->host->kernel_major == major && r->host->kernel_minor >= minor);
	return 0;
}

/*
 * includes: all of what it names must hold (each capability, one architecture,
 * the kernel); excludes: none may. *applies is set to false where it does not.
 */
static int read_condition(struct nk_reader *r, const char *at, json_object *rule, const char *key,
			  bool including, bool *applies)
{
	static const char *const keys[] = {"caps", "arches", "minKernel", NULL};
	const char *in = AT(r, "%s%s.", at, key);
	json_object *o, *caps, *arches, *kernel;
	uint64_t mask = 0;
	bool match = false;
	int rc;

	if ((rc = nk_pr_member(r, at, rule, key, json_type_object, &o)) < 0 || !o)
		return rc;
	if ((rc = nk_pr_only_keys(r, in, o, keys)) < 0 ||
	    (rc = nk_pr_member(r, in, o, "caps", json_type_array, &caps)) < 0 ||
	    (rc = nk_pr_member(r, in, o, "arches", json_type_array, &arches)) < 0 ||
	    (rc = nk_pr_member(r, in, o, "minKernel", json_type_string, &kernel)) < 0)
		return rc;
	if (caps) {
		rc = read_caps(r, AT(r, "%scaps", in), caps, &mask);
		if (rc < 0)
			return rc;
		if (including ? (mask & ~r->host->caps) : (mask & r->host->caps))
			*applies = false;
	}
	if (arches) {
		rc = read_machines(r, AT(r, "%sarches", in), arches, &match);
		if (rc < 0)
			return rc;
		if (rc > 0 && match != including)
			*applies = false;
	}
	if (kernel) {
		rc = read_kernel(r, AT(r, "%sminKernel", in), kernel, &match);
		if (rc < 0)
			return rc;
		if (match != including)
			*applies = false;
	}
	return 0;
}

static int read_arg(struct nk_reader *r, const char *at, json_object *o, struct nk_rule *rule)
{
	static const char *const keys[] = {"index", "value", "valueTwo", "op", NULL};
	const char *in = AT(r, "%s.", at);
	json_object *index, *value, *two, *op_name;
	uint64_t i, a, b = 0;
	uint32_t op;
	int rc;

	if ((rc = nk_pr_want(r, at, o, json_type_object)) < 0 ||
	    (rc = nk_pr_only_keys(r, in, o, keys)) < 0)
		return rc;
	index = json_object_object_get(o, "index");
	value = json_object_object_get(o, "value");
	two = json_object_object_get(o, "valueTwo");
	op_name = json_object_object_get(o, "op");
	if (!index || !value || !op_name)
		return nk_pr_bad(r,
				 AT(r, "%s%s", in,
				    !index   ? "index"
				    : !value ? "value"
					     : "op"),
				 "missing");
	if ((rc = nk_pr_number(r, AT(r, "%sindex", in), index, 5, &i)) < 0 ||
	    (rc = nk_pr_number(r, AT(r, "%svalue", in), value, UINT64_MAX, &a)) < 0 ||
	    (two && (rc = nk_pr_number(r, AT(r, "%svalueTwo", in), two, UINT64_MAX, &b)) < 0) ||
	    (rc = nk_pr_word(r, AT(r, "%sop", in), op_name, &nk_pr_operators, &op)) < 0)
		return rc;
	for (unsigned k = 0; k < rule->n_args; k++)
		if (rule->args[k].arg == i) {
			nk_pr_bad(r, AT(r, "%sindex", in), "argument %u is compared twice",
				  (unsigned)i);
			return nk_hint(r->e, "one rule is one comparison for each argument; "
					     "what may be either goes into rules of their own");
		}
	rule->args[rule->n_args++] = (struct scmp_arg_cmp){(unsigned)i, (int)op, a, b};
	return 0;
}

static int check_name(struct nk_reader *r, const char *at, json_object *o)
{
	int rc = nk_pr_want(r, at, o, json_type_string);

	if (rc < 0)
		return rc;
	const char *name = json_object_get_string(o);
	size_t len = strlen(name);
	if (!len || len > 64 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
		return nk_pr_bad(r, at, "\"%.64s\" is no name of a system call", name);
	return 0;
}

static int read_names(struct nk_reader *r, const char *at, json_object *rule, json_object **names)
{
	json_object *one;
	int rc;

	if ((rc = nk_pr_member(r, at, rule, "name", json_type_string, &one)) < 0 ||
	    (rc = nk_pr_member(r, at, rule, "names", json_type_array, names)) < 0)
		return rc;
	if (one && *names)
		return nk_pr_bad(r, AT(r, "%snames", at), "given together with name");
	if (!one && !*names)
		return nk_pr_bad(r, AT(r, "%snames", at), "missing");
	int n = *names ? nk_pr_list_size(r, AT(r, "%snames", at), *names, MAX_NAMES) : 1;
	for (int i = 0; *names && i < n; i++) {
		rc = check_name(r, AT(r, "%snames[%d]", at, i),
				json_object_array_get_idx(*names, (size_t)i));
		if (rc < 0)
			return rc;
	}
	if (one) {
		*names = one;
		rc = check_name(r, AT(r, "%sname", at), one);
	}
	return rc < 0 ? rc : n;
}

static void add_rules(struct nk_reader *r, json_object *names, int n, const struct nk_rule *rule)
{
	bool one = json_object_get_type(names) == json_type_string;

	for (int i = 0; i < n; i++) {
		json_object *o = one ? names : json_object_array_get_idx(names, (size_t)i);
		struct nk_rule *new = nk_rules_add(r->a, r->out, NULL);
		if (!new)
			return;
		*new = *rule;
		new->call = nk_strdup(r->a, json_object_get_string(o));
	}
}

int nk_pr_rule(struct nk_reader *r, int index, json_object *o)
{
	static const char *const keys[] = {"name", "names",   "action",	  "errnoRet", "errno",
					   "args", "comment", "includes", "excludes", NULL};
	const char *at = AT(r, "syscalls[%d]", index), *in = AT(r, "%s.", at);
	struct nk_rule rule = {0};
	json_object *names, *args;
	bool applies = true;
	int rc, n;

	if ((rc = nk_pr_want(r, at, o, json_type_object)) < 0 ||
	    (rc = nk_pr_only_keys(r, in, o, keys)) < 0 ||
	    (n = rc = read_names(r, in, o, &names)) < 0 ||
	    (rc = nk_pr_action(r, in, o, &nk_pr_of_rule, &rule.action)) < 0 ||
	    (rc = nk_pr_member(r, in, o, "args", json_type_array, &args)) < 0 ||
	    (rc = read_condition(r, in, o, "includes", true, &applies)) < 0 ||
	    (rc = read_condition(r, in, o, "excludes", false, &applies)) < 0)
		return rc;
	int n_args = args ? nk_pr_list_size(r, AT(r, "%sargs", in), args, 6) : 0;
	for (int i = 0; i < n_args; i++) {
		rc = read_arg(r, AT(r, "%sargs[%d]", in, i),
			      json_object_array_get_idx(args, (size_t)i), &rule);
		if (rc < 0)
			return rc;
	}
	if (n_args < 0)
		return n_args;
	if (r->out->list.n + (size_t)n > NK_PROFILE_MAX_RULES)
		return nk_pr_bad(r, at, "more than %d names in all", NK_PROFILE_MAX_RULES);
	if (applies)
		add_rules(r, names, n, &rule);
	return 0;
}
