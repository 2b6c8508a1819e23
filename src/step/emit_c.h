/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of --explain=c. emit_c.c is the outline, read it first. */
#ifndef NK_STEP_EMIT_C_H
#define NK_STEP_EMIT_C_H

#include "step/ops.h"

/* Name of the variable that holds a slot: "rootfs_fd", "init_pid". */
const char *nk_c_var(const struct nk_plan *p, int slot, char buf[NK_LABEL_MAX + 4]);

/* emit_c_calls.c: the expression that makes the call of a step, without its check. 0 or -ENOSYS. */
int nk_c_call(FILE *out, const struct nk_plan *p, size_t index);

/* Index of the first step whose block p[i] is this one: the array is named after it. */
size_t nk_c_block_owner(const struct nk_plan *p, const void *block);

/* emit_c_parts.c: what the program needs besides its steps. */
void nk_c_head(FILE *out, const struct nk_plan *p);
void nk_c_support(FILE *out, const struct nk_plan *p);
void nk_c_arrays(FILE *out, const struct nk_plan *p);
bool nk_c_has_op(const struct nk_plan *p, enum nk_op op, int actor); /* actor -1: any */
bool nk_c_has_terminal(const struct nk_plan *p);

/* emit_c_net.c: the array of a step's messages or address; the support of NK_OP_NETLINK. */
void nk_c_bytes(FILE *out, size_t index, const struct nk_step *s);
extern const char nk_c_netlink_text[];

#endif
