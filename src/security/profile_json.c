/* SPDX-License-Identifier: Apache-2.0 */
#include "security/profile_json.h"

#include <errno.h>
#include <string.h>

#include "security/profile_reader.h"

enum { MAX_DEPTH = 12 };

/*
 * One machine's ABIs into the rules. Those of other machines are read and left
 * out: this kernel never reports them, so a rule for them would decide nothing.
 */
static int add_arch(struct nk_reader *r, const char *at, json_object *o, uint32_t *arch)
{
	uint32_t runs[4];
	unsigned n = nk_arch_compat(r->host->arch, runs);

	int rc = nk_pr_word(r, at, o, &nk_pr_architectures, arch);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < n; i++) {
		bool there = runs[i] != *arch;
		for (unsigned k = 0; k < r->out->n_compat; k++)
			there |= r->out->compat[k] == *arch;
		if (!there)
			r->out->compat[r->out->n_compat++] = *arch;
	}
	return 0;
}

static int read_archmap(struct nk_reader *r, json_object *map)
{
	static const char *const keys[] = {"architecture", "subArchitectures", NULL};
	int n = nk_pr_list_size(r, "archMap", map, NK_PROFILE_MAX_RULES);

	for (int i = 0; i < n; i++) {
		json_object *entry = json_object_array_get_idx(map, (size_t)i), *name, *subs;
		const char *at = AT(r, "archMap[%d]", i), *in = AT(r, "%s.", at);
		uint32_t arch, sub;
		int rc, n_subs = 0;

		if ((rc = nk_pr_want(r, at, entry, json_type_object)) < 0 ||
		    (rc = nk_pr_only_keys(r, in, entry, keys)) < 0 ||
		    (rc = nk_pr_member(r, in, entry, "architecture", json_type_string, &name)) <
			    0 ||
		    (rc = nk_pr_member(r, in, entry, "subArchitectures", json_type_array, &subs)) <
			    0)
			return rc;
		if (!name)
			return nk_pr_bad(r, AT(r, "%sarchitecture", in), "missing");
		rc = nk_pr_word(r, AT(r, "%sarchitecture", in), name, &nk_pr_architectures, &arch);
		if (rc < 0)
			return rc;
		if (subs)
			n_subs = nk_pr_list_size(r, AT(r, "%ssubArchitectures", in), subs, 64);
		for (int k = 0; k < n_subs; k++) {
			json_object *o = json_object_array_get_idx(subs, (size_t)k);
			const char *where = AT(r, "%ssubArchitectures[%d]", in, k);
			rc = arch == r->host->arch
				     ? add_arch(r, where, o, &sub)
				     : nk_pr_word(r, where, o, &nk_pr_architectures, &sub);
			if (rc < 0)
				return rc;
		}
		if (n_subs < 0)
			return n_subs;
	}
	return n;
}

static int read_arches(struct nk_reader *r, json_object *root)
{
	json_object *map, *list;
	uint32_t arch;
	int rc;

	if ((rc = nk_pr_member(r, "", root, "archMap", json_type_array, &map)) < 0 ||
	    (rc = nk_pr_member(r, "", root, "architectures", json_type_array, &list)) < 0)
		return rc;
	if (map && json_object_array_length(map) && list && json_object_array_length(list))
		return nk_pr_bad(r, "architectures", "given together with archMap");
	if (map && (rc = read_archmap(r, map)) < 0)
		return rc;
	int n = list ? nk_pr_list_size(r, "architectures", list, 64) : 0;
	for (int i = 0; i < n; i++) {
		rc = add_arch(r, AT(r, "architectures[%d]", i),
			      json_object_array_get_idx(list, (size_t)i), &arch);
		if (rc < 0)
			return rc;
	}
	return n < 0 ? n : 0;
}

static int read_flags(struct nk_reader *r, json_object *root)
{
	json_object *list;
	uint32_t flag;
	int rc = nk_pr_member(r, "", root, "flags", json_type_array, &list);

	if (rc < 0 || !list)
		return rc;
	int n = nk_pr_list_size(r, "flags", list, 16);
	for (int i = 0; i < n; i++) {
		rc = nk_pr_word(r, AT(r, "flags[%d]", i),
				json_object_array_get_idx(list, (size_t)i), &nk_pr_flags, &flag);
		if (rc < 0)
			return rc;
		if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
			return nk_pr_bad(r, AT(r, "flags[%d]", i), "there is nobody to wait for");
		r->out->flags |= flag;
	}
	return n < 0 ? n : 0;
}

static int read_root(struct nk_reader *r, json_object *root)
{
	static const char *const keys[] = {"defaultAction", "defaultErrnoRet", "defaultErrno",
					   "archMap",	    "architectures",   "flags",
					   "syscalls",	    "comment",	       NULL};
	json_object *list;
	int rc;

	if ((rc = nk_pr_want(r, "profile", root, json_type_object)) < 0)
		return rc;
	if (json_object_object_get(root, "listenerPath"))
		return nk_pr_bad(r, "listenerPath", "needs an agent and is not supported yet");
	if ((rc = nk_pr_only_keys(r, "", root, keys)) < 0 ||
	    (rc = nk_pr_action(r, "", root, &nk_pr_of_default, &r->out->default_action)) < 0 ||
	    (rc = read_arches(r, root)) < 0 || (rc = read_flags(r, root)) < 0 ||
	    (rc = nk_pr_member(r, "", root, "syscalls", json_type_array, &list)) < 0)
		return rc;
	int n = list ? nk_pr_list_size(r, "syscalls", list, NK_PROFILE_MAX_RULES) : 0;
	for (int i = 0; i < n; i++) {
		rc = nk_pr_rule(r, i, json_object_array_get_idx(list, (size_t)i));
		if (rc < 0)
			return rc;
	}
	/* As runc does: programs take their older way when a call is too new to be judged. */
	r->out->new_is_enosys = (r->out->default_action & 0xffff0000) == SCMP_ACT_ERRNO(0);
	return n < 0 ? n : 0;
}

/* json-c makes numbers beyond 64 bits the largest one, without a word. */
static int check_numbers(const char *text, size_t n, struct nk_err *e)
{
	static const char max[] = "18446744073709551615";
	size_t digits = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		digits = !quoted && i < n && text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
		if (digits > strlen(max) ||
		    (digits == strlen(max) && memcmp(text + i + 1 - digits, max, digits) > 0))
			return nk_fail(e, 0, "the number at byte %zu has more than 64 bits",
				       i + 1 - digits);
	}
	return 0;
}

static void put_json(json_object **o)
{
	json_object_put(*o);
}
static void free_tokener(json_tokener **t)
{
	if (*t)
		json_tokener_free(*t);
}

int nk_profile_parse(struct nk_arena *a, const char *text, size_t n,
		     const struct nk_profile_host *host, struct nk_rules *out, struct nk_err *e)
{
	__attribute__((cleanup(free_tokener))) json_tokener *t = json_tokener_new_ex(MAX_DEPTH);
	__attribute__((cleanup(put_json))) json_object *root = NULL;
	struct nk_reader r = {.a = a, .host = host, .out = out, .e = e};

	*out = (struct nk_rules){.native = host->arch, .mux_guards = true};
	if (!t)
		return nk_fail(e, ENOMEM, "read the profile");
	if (n > NK_PROFILE_MAX_BYTES)
		return nk_fail(e, 0, "larger than 1 MiB");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(t, text, (int)n);
	if (json_tokener_get_error(t) == json_tokener_continue)
		return nk_fail(e, 0, "the JSON ends too early");
	if (json_tokener_get_error(t) != json_tokener_success)
		return nk_fail(e, 0, "not JSON at byte %zu: %s", json_tokener_get_parse_end(t),
			       json_tokener_error_desc(json_tokener_get_error(t)));
	int rc = check_numbers(text, n, e);
	if (rc >= 0)
		rc = read_root(&r, root);
	return rc < 0 ? rc : nk_arena_ok(a, e);
}
