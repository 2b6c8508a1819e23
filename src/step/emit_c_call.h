/* SPDX-License-Identifier: Apache-2.0 */
/* Inside --explain=c: one call that is being written, and the words of its arguments. */
#ifndef NK_STEP_EMIT_C_CALL_H
#define NK_STEP_EMIT_C_CALL_H

#include "step/emit_c.h"

struct nk_c_call {
	FILE *out;
	const struct nk_plan *p;
	const struct nk_step *s;
};

/* The variable of a slot, a string or NULL, flags by name, one of a list by name. */
void nk_c_put_var(const struct nk_c_call *c, int slot);
void nk_c_put_str(const struct nk_c_call *c, const char *s);
void nk_c_put_flags(const struct nk_c_call *c, const struct nk_flag *table, uint64_t value);
void nk_c_put_word(const struct nk_c_call *c, const struct nk_flag *table, uint64_t value);
/* A string whose "%d" is the number in a slot, as a call of the program's line(). */
void nk_c_put_formatted(const struct nk_c_call *c, const char *fmt, int slot);

/* emit_c_odd.c: calls whose arguments depend on each other; up to the last bracket. */
void nk_c_odd_openat2(const struct nk_c_call *c);
void nk_c_odd_write(const struct nk_c_call *c);
void nk_c_odd_fsconfig(const struct nk_c_call *c);
void nk_c_odd_setattr(const struct nk_c_call *c);
void nk_c_odd_prctl(const struct nk_c_call *c);
void nk_c_odd_setgroups(const struct nk_c_call *c);
void nk_c_odd_helper(const struct nk_c_call *c);
void nk_c_odd_companion(const struct nk_c_call *c);
void nk_c_odd_clone3(const struct nk_c_call *c);
void nk_c_odd_pidfd_open(const struct nk_c_call *c);
void nk_c_odd_fchmodat(const struct nk_c_call *c);
void nk_c_odd_mempolicy(const struct nk_c_call *c);

/* emit_c_net.c: the same for netlink messages, and the function that the program sends them by. */
void nk_c_odd_netlink(const struct nk_c_call *c);

#endif
