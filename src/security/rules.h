/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp profile after it was decided what applies: plain rules, which
 * nk_rules_compile() turns into BPF. Made by profile.c (the built-in profile)
 * and by profile_json.c (a file).
 */
#ifndef NK_SECURITY_RULES_H
#define NK_SECURITY_RULES_H

#include <seccomp.h>

#include "base/arena.h"
#include "security/seccomp.h"

/* Where the rules are too many for the kernel: BPF_MAXINSNS. */
#define NK_BPF_MAX 4096

struct nk_rule {
	const char *call;
	uint32_t action;	     /* SCMP_ACT_… */
	struct scmp_arg_cmp args[6]; /* all must hold; no index twice */
	unsigned n_args;
};

/*
 * "Refuse call when the low 32 bits of argument arg are value", whatever the
 * rules say. Beside libseccomp, because it compares all 64 bits of an argument
 * (the kernel reads 32 of a socket family or an ioctl command: a set bit 32
 * would pass by), and because it opens socketcall() for each rule on socket().
 */
struct nk_guard {
	const char *call;
	unsigned arg;
	uint32_t value;
};

struct nk_rules {
	uint32_t default_action;
	uint32_t native;    /* SCMP_ARCH_… of the machine */
	uint32_t compat[4]; /* its further ABIs */
	unsigned n_compat;
	unsigned flags;	    /* SECCOMP_FILTER_FLAG_… */
	bool new_is_enosys; /* calls newer than all rules: ENOSYS, not the default */
	bool mux_guards;    /* derive guards of socketcall and ipc from argument rules */
	/* config.json's reading, which is runc's (oci_seccomp.c) */
	bool ignores_unknown;	  /* a name that nobody knows is left out of any rule */
	bool newest_is_named;	  /* new calls are those above `mentioned`, however few these are */
	bool native_unnamed;	  /* new calls of the machine's own ABI get the default action */
	struct nk_strv mentioned; /* names of calls, with or without a rule in the list */
	NK_VEC(struct nk_rule) list;
	NK_VEC(struct nk_guard) guards;
};

/* Append an ALLOW rule without arguments; the caller fills in the rest. NULL: no memory. */
struct nk_rule *nk_rules_add(struct nk_arena *a, struct nk_rules *r, const char *call);

/*
 * Compile (tree.c). A name that nobody knows is skipped in a rule that is no
 * stricter than the default (profiles name calls of other machines and newer
 * kernels), and an error in one that is: a misspelt prohibition must not pass.
 */
int nk_rules_compile(struct nk_arena *a, const struct nk_rules *r, struct nk_bpf *out,
		     struct nk_err *e);

/*
 * The same by libseccomp alone, without guards and calls newer than it: compiles
 * the rules on arguments, and is what tests hold nk_rules_compile() against.
 * optimize: SCMP_FLTATR_CTL_OPTIMIZE, 1 list, 2 binary tree.
 */
int nk_rules_libseccomp(struct nk_arena *a, const struct nk_rules *r, int optimize,
			struct nk_bpf *out, struct nk_err *e);

/* Are all names known that have to be? */
int nk_rules_check(const struct nk_rules *r, struct nk_err *e);

/* ALLOW or LOG: the call is made. */
bool nk_permissive(uint32_t action);

/* x32 is x86_64 with this bit in the number of the call. */
#define NK_X32_BIT 0x40000000

/* The call's own number as the kernel sees it, -1 = it has none in this ABI. */
int64_t nk_call_number(const char *call, uint32_t arch);

/* "socketcall" or "ipc" (and the number there) where i386 has a second way, or NULL. */
const char *nk_call_mux(const char *call, unsigned *sub);

/* The number of a call that libseccomp may not know yet; -1 = none of that name. */
int nk_new_call(const char *name, uint32_t arch);

/* SCMP_ARCH_ of this build, and the further ABIs that such a machine runs. */
uint32_t nk_arch_native(void);
unsigned nk_arch_compat(uint32_t native, uint32_t compat[4]);

#endif
