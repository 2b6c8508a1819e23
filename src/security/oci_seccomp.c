/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containerd, Podman and Docker send as linux.seccomp: rules for hundreds of names that
 * were already chosen for this container. runc's reading where the specification has none:
 *
 *   - a name that nobody knows is left out: profiles name calls of other kernels and machines
 *   - several comparisons of one argument are rules of their own (any of them, not all)
 *   - of rules that meet without comparisons the first one counts
 *   - a call newer than all that the profile names answers ENOSYS, unless newer calls are made
 *     anyway (ALLOW, LOG) or shown to a debugger (TRACE): programs then take their older way
 *   - without "flags" speculation stays as it is outside (SPEC_ALLOW)
 */
#include "base/weaken.h"
#include "security/oci_seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "security/cache.h"
#include "oci/words.h"

enum {
	SCHEME = 1, /* raise it when other code is made of the same settings */
	MAX_ERRNO = 4095,
};

static bool find_word(const struct nk_word *words, const char *name, uint32_t *value)
{
	uint64_t found;

	if (!name || !nk_word_find(words, name, &found))
		return false;
	*value = (uint32_t)found;
	return true;
}

/* "SCMP_ACT_…" with its errno (-1 = not given) as libseccomp's number. */
static int read_action(const char *name, int64_t ret, uint32_t *action, struct nk_err *e)
{
	int64_t value = ret < 0 ? EPERM : ret;

	if (!find_word(nk_seccomp_actions, name, action))
		return nk_fail(e, 0, "seccomp: unknown action \"%.60s\"", name ? name : "");
	if (value > MAX_ERRNO)
		return nk_fail(e, 0, "seccomp: %lld is no errno", (long long)value);
	if (*action == SCMP_ACT_ERRNO(0))
		*action = SCMP_ACT_ERRNO((uint32_t)value);
	else if (*action == SCMP_ACT_TRACE(0))
		*action = SCMP_ACT_TRACE((uint32_t)value);
	else if (ret >= 0)
		return nk_fail(e, 0,
			       "seccomp: errnoRet is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not %s",
			       name);
	return 0;
}

/*
 * init tells nook the descriptor of the agent with sendmsg(), and nook it the agent: who would
 * have to be asked before that is not there yet. write() is refused as runc does, whose init
 * uses that: a profile that runs here runs there.
 */
static int check_notify(const char *call, struct nk_err *e)
{
	static const char *const needed[] = {"write", "sendmsg"};

	for (size_t i = 0; i < NK_COUNT(needed); i++)
		if (strcmp(call, needed[i]) == 0)
			return nk_fail(e, 0, "SCMP_ACT_NOTIFY cannot be used for the %s syscall",
				       call);
	return 0;
}

static bool decided(const struct nk_rules *r, const char *call)
{
	for (size_t i = 0; i < r->list.n; i++)
		if (!r->list.v[i].n_args && strcmp(r->list.v[i].call, call) == 0)
			return true;
	return false;
}

static bool compares_twice(const struct nk_seccomp_call *call)
{
	unsigned seen = 0;

	for (size_t i = 0; i < call->args.n; i++) {
		if (seen >> call->args.v[i].index & 1)
			return true;
		seen |= 1U << call->args.v[i].index;
	}
	return false;
}

static struct scmp_arg_cmp comparison(const struct nk_seccomp_arg *arg)
{
	return (struct scmp_arg_cmp){arg->index, arg->op, arg->value, arg->value_two};
}

static void add_name(struct nk_arena *a, const char *name, const struct nk_seccomp_call *call,
		     uint32_t action, struct nk_rules *r)
{
	bool apart = compares_twice(call);
	struct nk_rule rule = {.call = name, .action = action};

	if (!call->args.n && decided(r, name))
		return;
	for (size_t i = 0; i < call->args.n; i++) {
		rule.args[apart ? 0 : i] = comparison(&call->args.v[i]);
		rule.n_args = apart ? 1 : (unsigned)i + 1;
		if (!apart && i + 1 < call->args.n)
			continue;
		struct nk_rule *new = nk_rules_add(a, r, name);
		if (new)
			*new = rule;
	}
	struct nk_rule *plain = call->args.n ? NULL : nk_rules_add(a, r, name);
	if (plain)
		*plain = rule;
}

static int add_call(struct nk_arena *a, const struct nk_seccomp_call *call, struct nk_rules *r,
		    struct nk_err *e)
{
	uint32_t action;

	int rc = read_action(call->action, call->errno_ret, &action, e);
	if (rc < 0)
		return rc;
	if (call->args.n > 6 && !compares_twice(call))
		return nk_fail(e, 0, "seccomp: more than six arguments");
	for (size_t i = 0; i < call->args.n; i++)
		if (call->args.v[i].index > 5)
			return nk_fail(e, 0, "seccomp: a call has no argument %u",
				       call->args.v[i].index);
	for (size_t i = 0; i < call->names.n; i++) {
		const char *name = call->names.v[i];
		if (action == SCMP_ACT_NOTIFY && (rc = check_notify(name, e)) < 0)
			return rc;
		nk_strv_push(a, &r->mentioned, name);
		if (action != r->default_action)
			add_name(a, name, call, action, r);
	}
	return 0;
}

/* The machine's own ABI is always there, those of other machines decide nothing here. */
static int read_architectures(const struct nk_oci_seccomp *s, struct nk_rules *r, struct nk_err *e)
{
	uint32_t runs[4];
	unsigned n_runs = nk_arch_compat(r->native, runs);
	bool native = false;

	for (size_t i = 0; i < s->architectures.n; i++) {
		uint32_t arch;
		if (!find_word(nk_seccomp_archs, s->architectures.v[i], &arch))
			return nk_fail(e, 0, "seccomp: unknown architecture \"%.60s\"",
				       s->architectures.v[i]);
		native |= arch == r->native;
		for (unsigned k = 0; k < n_runs; k++) {
			bool there = runs[k] != arch;
			for (unsigned m = 0; m < r->n_compat; m++)
				there |= r->compat[m] == arch;
			if (!there)
				r->compat[r->n_compat++] = arch;
		}
	}
	r->native_unnamed = !native;
	return 0;
}

static int read_flags(const struct nk_oci_seccomp *s, bool listener, struct nk_rules *r,
		      struct nk_err *e)
{
	uint32_t flag;

	r->flags = s->has_flags ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < s->flags.n; i++) {
		if (!find_word(nk_seccomp_flags, s->flags.v[i], &flag))
			return nk_fail(e, 0, "seccomp: unknown flag \"%.60s\"", s->flags.v[i]);
		r->flags |= flag;
	}
	/* One thread, so there is none to bring in step; the kernel wants TSYNC_ESRCH to have it
	 * together with a listener. */
	r->flags &= ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;
	if ((r->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) && !listener)
		return nk_fail(e, 0,
			       "seccomp: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is for "
			       "profiles with SCMP_ACT_NOTIFY");
	if (listener)
		r->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return 0;
}

static bool notifies(const struct nk_oci_seccomp *s)
{
	for (size_t i = 0; i < s->calls.n; i++)
		if (s->calls.v[i].names.n && s->calls.v[i].action &&
		    strcmp(s->calls.v[i].action, "SCMP_ACT_NOTIFY") == 0)
			return true;
	return false;
}

int nk_oci_seccomp_rules(struct nk_arena *a, const struct nk_oci_seccomp *s, struct nk_rules *out,
			 struct nk_err *e)
{
	*out = (struct nk_rules){
		.native = nk_arch_native(),
		.mux_guards = !nk_weak("Podman-2026-123876"),
		.ignores_unknown = true,
		.newest_is_named = true,
	};
	int rc = read_action(s->default_action, s->default_errno, &out->default_action, e);
	if (rc < 0)
		return rc;
	if (out->default_action == SCMP_ACT_NOTIFY)
		return nk_fail(e, 0, "SCMP_ACT_NOTIFY cannot be used as default action");
	for (size_t i = 0; i < s->calls.n; i++)
		if ((rc = add_call(a, &s->calls.v[i], out, e)) < 0)
			return rc;
	if ((rc = read_architectures(s, out, e)) < 0 ||
	    (rc = read_flags(s, notifies(s), out, e)) < 0)
		return rc;
	out->new_is_enosys = !nk_permissive(out->default_action) &&
			     (out->default_action & SECCOMP_RET_ACTION_FULL) != SCMP_ACT_TRACE(0);
	return nk_arena_ok(a, e);
}

static void add_strings(struct nk_sha256 *h, const struct nk_strv *sv)
{
	nk_sha256_add(h, &sv->n, sizeof(sv->n));
	for (size_t i = 0; i < sv->n; i++)
		nk_sha256_add_string(h, sv->v[i]);
}

static void make_key(const struct nk_oci_seccomp *s, uint8_t key[NK_SHA256_SIZE])
{
	const struct scmp_version *v = seccomp_version();
	uint32_t base[] = {SCHEME, v->major, v->minor, v->micro, nk_arch_native(), s->has_flags};
	struct nk_sha256 h;

	nk_sha256_init(&h);
	nk_sha256_add_string(&h, "oci");
	nk_sha256_add(&h, base, sizeof(base));
	nk_sha256_add_string(&h, s->default_action);
	nk_sha256_add(&h, &s->default_errno, sizeof(s->default_errno));
	add_strings(&h, &s->architectures);
	add_strings(&h, &s->flags);
	nk_sha256_add(&h, &s->calls.n, sizeof(s->calls.n));
	for (size_t i = 0; i < s->calls.n; i++) {
		const struct nk_seccomp_call *call = &s->calls.v[i];
		nk_sha256_add_string(&h, call->action);
		nk_sha256_add(&h, &call->errno_ret, sizeof(call->errno_ret));
		add_strings(&h, &call->names);
		nk_sha256_add(&h, &call->args.n, sizeof(call->args.n));
		for (size_t k = 0; k < call->args.n; k++) {
			const struct nk_seccomp_arg *arg = &call->args.v[k];
			uint64_t words[] = {arg->index, arg->value, arg->value_two,
					    (uint64_t)arg->op};
			nk_sha256_add(&h, words, sizeof(words));
		}
	}
	nk_sha256_done(&h, key);
}

int nk_oci_seccomp_filter(struct nk_arena *a, const struct nk_config *c, const char *cache_dir,
			  struct nk_bpf *out, bool *listener, struct nk_err *e)
{
	const struct nk_oci_seccomp *s = &c->seccomp;
	uint8_t key[NK_SHA256_SIZE];
	struct nk_rules rules;

	*out = (struct nk_bpf){0};
	*listener = s->given && notifies(s);
	if (!s->given)
		return 0;
	if (*listener && (!s->listener_path || !*s->listener_path))
		return nk_fail(e, 0,
			       "seccomp: SCMP_ACT_NOTIFY needs listenerPath, the socket of "
			       "who answers");
	if (!s->default_action)
		return nk_fail(e, 0, "seccomp: defaultAction is missing");
	make_key(s, key);
	if (cache_dir && nk_filter_cache_load(a, cache_dir, key, out))
		return 0;
	int rc = nk_oci_seccomp_rules(a, s, &rules, e);
	if (rc >= 0)
		rc = nk_rules_compile(a, &rules, out, e);
	if (rc >= 0 && cache_dir)
		nk_filter_cache_store(cache_dir, key, out);
	return rc < 0 ? rc : 0;
}
