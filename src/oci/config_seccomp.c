/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp: read and checked word by word; src/security makes the filter. */
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "oci/config_read.h"

#define WORD(name)          \
	{                   \
#name, name \
	}
/* clang-format off */
const struct nk_word nk_seccomp_actions[] = {
	WORD(SCMP_ACT_KILL), WORD(SCMP_ACT_KILL_PROCESS), WORD(SCMP_ACT_KILL_THREAD),
	WORD(SCMP_ACT_TRAP), {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)}, {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
	WORD(SCMP_ACT_ALLOW), WORD(SCMP_ACT_LOG), WORD(SCMP_ACT_NOTIFY),
	{},
};
const struct nk_word nk_seccomp_operators[] = {
	WORD(SCMP_CMP_NE), WORD(SCMP_CMP_LT), WORD(SCMP_CMP_LE), WORD(SCMP_CMP_EQ),
	WORD(SCMP_CMP_GE), WORD(SCMP_CMP_GT), WORD(SCMP_CMP_MASKED_EQ),
	{},
};
const struct nk_word nk_seccomp_flags[] = {
	WORD(SECCOMP_FILTER_FLAG_TSYNC), WORD(SECCOMP_FILTER_FLAG_LOG),
	WORD(SECCOMP_FILTER_FLAG_SPEC_ALLOW), WORD(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV),
	{},
};
const struct nk_word nk_seccomp_archs[] = {
	WORD(SCMP_ARCH_X86), WORD(SCMP_ARCH_X86_64), WORD(SCMP_ARCH_X32),
	WORD(SCMP_ARCH_ARM), WORD(SCMP_ARCH_AARCH64),
	{"SCMP_ARCH_LOONGARCH64", 0}, {"SCMP_ARCH_M68K", 0}, {"SCMP_ARCH_MIPS", 0},
	{"SCMP_ARCH_MIPS64", 0}, {"SCMP_ARCH_MIPS64N32", 0}, {"SCMP_ARCH_MIPSEL", 0},
	{"SCMP_ARCH_MIPSEL64", 0}, {"SCMP_ARCH_MIPSEL64N32", 0}, {"SCMP_ARCH_PPC", 0},
	{"SCMP_ARCH_PPC64", 0}, {"SCMP_ARCH_PPC64LE", 0}, {"SCMP_ARCH_S390", 0},
	{"SCMP_ARCH_S390X", 0}, {"SCMP_ARCH_SH", 0}, {"SCMP_ARCH_SHEB", 0},
	{"SCMP_ARCH_PARISC", 0}, {"SCMP_ARCH_PARISC64", 0}, {"SCMP_ARCH_RISCV64", 0},
	{},
};
/* clang-format on */

static bool takes_errno(uint64_t action)
{
	return action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0);
}

/* An action and the errno that goes with it. */
static const char *read_action(struct nk_json_in *in, struct json_object *o, const char *key,
			       const char *errno_key, int64_t *errno_ret, uint64_t *action)
{
	nk_config_need_word(in, o, key, nk_seccomp_actions, action);
	/* The kernel has 16 bits for it. */
	*errno_ret = nk_json_get_int(in, o, errno_key, 0, UINT16_MAX, -1);
	if (*errno_ret > 0 && !takes_errno(*action))
		nk_json_badf(in, errno_key, "%s returns none", nk_json_get_str(in, o, key, ""));
	return nk_json_get_str(in, o, key, NULL);
}

static void read_arg(struct nk_json_in *in, struct json_object *o, struct nk_seccomp_call *call)
{
	struct nk_seccomp_arg *arg = o ? NK_PUSH(in->a, &call->args) : NULL;
	uint64_t op = 0;

	if (!arg)
		return;
	arg->index = (unsigned)nk_config_need_int(in, o, "index", 0, 5);
	nk_json_need(in, o, "value", json_type_int);
	arg->value = nk_json_get_uint(in, o, "value", UINT64_MAX, 0);
	arg->value_two = nk_json_get_uint(in, o, "valueTwo", UINT64_MAX, 0);
	nk_config_need_word(in, o, "op", nk_seccomp_operators, &op);
	arg->op = (int)op;
}

static void read_call(struct nk_json_in *in, struct json_object *o, struct nk_oci_seccomp *s,
		      bool *notifies)
{
	struct nk_seccomp_call *call = o ? NK_PUSH(in->a, &s->calls) : NULL;
	uint64_t action = SCMP_ACT_KILL;

	if (!call)
		return;
	nk_json_get_strv(in, o, "names", &call->names);
	if (!call->names.n)
		nk_json_bad(in, "names", "missing");
	call->action = read_action(in, o, "action", "errnoRet", &call->errno_ret, &action);
	for (size_t i = 0; i < call->names.n; i++) {
		if (!call->names.v[i][0])
			nk_json_bad(in, "names", "one is empty");
		/* The runtime itself writes to say that the filter is there. */
		if (action == SCMP_ACT_NOTIFY && !strcmp(call->names.v[i], "write"))
			nk_json_bad(in, "action",
				    "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	}
	*notifies |= action == SCMP_ACT_NOTIFY;

	_json_at_ struct nk_json_at args = nk_json_enter(in, o, "args", json_type_array);

	for (size_t i = 0; i < nk_json_count(&args); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&args, i, json_type_object);
		read_arg(in, item.o, call);
	}
}

static void read_calls(struct nk_json_in *in, struct json_object *o, struct nk_oci_seccomp *s,
		       bool *notifies)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "syscalls", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		read_call(in, item.o, s, notifies);
	}
}

void nk_config_seccomp(struct nk_json_in *in, struct json_object *linux_, struct nk_config *c)
{
	_json_at_ struct nk_json_at o = nk_json_enter(in, linux_, "seccomp", json_type_object);
	struct nk_oci_seccomp *s = &c->seccomp;
	bool notifies = false;
	uint64_t action = SCMP_ACT_KILL;

	if (!o.o)
		return;
	s->given = true;
	s->default_action = read_action(in, o.o, "defaultAction", "defaultErrnoRet",
					&s->default_errno, &action);
	if (action == SCMP_ACT_NOTIFY)
		nk_json_bad(in, "defaultAction",
			    "SCMP_ACT_NOTIFY cannot be used as default action");
	nk_config_flags(in, o.o, "architectures", nk_seccomp_archs);
	nk_json_get_strv(in, o.o, "architectures", &s->architectures);
	s->has_flags = nk_json_get(in, o.o, "flags", json_type_array) != NULL;
	nk_config_flags(in, o.o, "flags", nk_seccomp_flags);
	nk_json_get_strv(in, o.o, "flags", &s->flags);
	s->listener_path = nk_config_path(in, o.o, "listenerPath");
	s->listener_metadata = nk_config_text(in, o.o, "listenerMetadata");
	read_calls(in, o.o, s, &notifies);
	if (s->listener_metadata && !s->listener_path)
		nk_json_bad(in, "listenerMetadata", "there is no listenerPath");
	if (notifies && !s->listener_path)
		nk_json_bad(in, "listenerPath", "missing: a call has SCMP_ACT_NOTIFY");
}
