/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the printers know about an op: its system call, and for each argument
 * of that call its name, where in struct nk_step it stands and how to read it.
 * One table (ops.c) serves the words, JSON and the error messages.
 */
#ifndef NK_STEP_OPS_H
#define NK_STEP_OPS_H

#include "step/step.h"

/* A name for the bits under mask when they equal value. A table ends with a NULL name. */
struct nk_flag {
	uint64_t mask, value;
	const char *name;
};

extern const struct nk_flag nk_flags_open[], nk_flags_place[], nk_flags_resolve[], nk_flags_at[],
	nk_flags_open_tree[], nk_flags_mount_attr[], nk_flags_move_mount[], nk_flags_ms[],
	nk_flags_umount[], nk_flags_clone[], nk_flags_close_range[], nk_flags_seccomp[],
	nk_flags_securebits[], nk_flags_mode[], nk_flags_socket_type[], nk_flags_bpf_attach[];
extern const struct nk_flag nk_names_fsconfig[], nk_names_prctl[], nk_names_rlimit[],
	nk_names_bpf_prog[], nk_names_bpf_attach[], nk_names_family[], nk_names_actor[],
	nk_names_msg[], nk_names_ambient[], nk_names_magic[], nk_names_sol[];

/*
 * Walk the names that make up value: answers the next name and clears its bits
 * in *value, NULL when none is left (*value then holds the bits without a name).
 * *at is the position in the table, 0 at the start.
 */
const char *nk_flag_next(const struct nk_flag *table, size_t *at, uint64_t *value);

/* The one name of a value of an enumeration, or NULL. */
const char *nk_enum_name(const struct nk_flag *table, uint64_t value);

const char *nk_flag_cap(unsigned cap);	  /* "CAP_NET_ADMIN" or NULL */
const char *nk_flag_signal(unsigned sig); /* "SIGTERM" or NULL */
const char *nk_flag_errno(int err);	  /* "EEXIST" or NULL */

enum nk_arg_kind {
	NK_A_NONE,
	NK_A_FD,     /* slot fd[i], a descriptor */
	NK_A_STR,    /* s[i] */
	NK_A_FORMAT, /* s[i]; "%d" in it stands for the number in slot fd[1] */
	NK_A_TEXT,   /* s[0], or where that is NULL the number in slot fd[1] */
	NK_A_FLAGS,  /* n[i], bits named by table */
	NK_A_ENUM,   /* n[i], one name of table */
	NK_A_OCTAL,
	NK_A_NUMBER,   /* n[i], signed */
	NK_A_DEV,      /* n[i], a device number */
	NK_A_LIMIT,    /* n[i], ~0 is RLIM_INFINITY */
	NK_A_CAPS,     /* n[i], mask of capabilities */
	NK_A_SIGSET,   /* n[i], bit N-1 is signal N */
	NK_A_PRCTL,    /* n[i], argument of the prctl option in n[0] */
	NK_A_ARGV,     /* p[i], NULL-terminated strings */
	NK_A_ENVP,     /* the same, shown as a count in words */
	NK_A_GIDS,     /* p[i], n[0] of them */
	NK_A_FILTER,   /* p[i], struct sock_fprog */
	NK_A_INSNS,    /* p[i], n[0] struct bpf_insn */
	NK_A_WORDS,    /* p[i], n[3] numbers of 64 bits */
	NK_A_HEX,      /* n[i] */
	NK_A_BATCH,    /* p[i], struct nk_batch */
	NK_A_SOCKADDR, /* p[i], n[0] bytes */
	NK_A_PAIR,     /* the two slots that a socketpair fills */
	NK_A_CONST,    /* the words in text, always the same */
};

struct nk_arg {
	const char *name;
	enum nk_arg_kind kind;
	uint8_t i;
	bool in_struct; /* neighbours with this set stand in braces */
	bool optional;	/* words leave it out where it says nothing (NULL, no slot, 0) */
	const struct nk_flag *table;
	const char *text;
};

enum { NK_ARGS_MAX = 7 };
struct nk_op_info {
	const char *name;    /* "link_up" */
	const char *syscall; /* "ioctl" */
	struct nk_arg args[NK_ARGS_MAX];
};
const struct nk_op_info *nk_op_info(unsigned op);

/*
 * The name of a slot, unique in its plan and a C identifier: "rootfs", "hosts_2".
 * buf holds it; NK_CWD is "AT_FDCWD", NK_NOFD is "-1".
 */
enum { NK_LABEL_MAX = 48 };
const char *nk_slot_label(const struct nk_plan *p, int slot, char buf[NK_LABEL_MAX]);

/* "O_PATH|O_CLOEXEC", what has no name in hex at the end; "0" for nothing. C reads it too. */
void nk_flags_put(FILE *f, const struct nk_flag *table, uint64_t value);

/* Index of the step on the other side of a TELL or AWAIT, -1 if there is none. */
long nk_step_partner(const struct nk_plan *p, size_t index);

#endif
