/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A classic BPF machine for tests, as seccomp's filters use it. It also refuses
 * what the kernel would refuse: unknown instructions, jumps out of the program.
 */
#ifndef NK_TEST_CBPF_H
#define NK_TEST_CBPF_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

#include "security/seccomp.h"

#define BROKEN 0xdeadbeefu /* no action of seccomp */

static inline uint32_t cbpf_jump(const struct sock_filter *f, uint32_t a)
{
	switch (BPF_OP(f->code)) {
	case BPF_JA:
		return f->k;
	case BPF_JEQ:
		return a == f->k ? f->jt : f->jf;
	case BPF_JGT:
		return a > f->k ? f->jt : f->jf;
	case BPF_JGE:
		return a >= f->k ? f->jt : f->jf;
	case BPF_JSET:
		return a & f->k ? f->jt : f->jf;
	default:
		return UINT32_MAX / 2;
	}
}

static inline uint32_t cbpf_run(const struct nk_bpf *bpf, const struct seccomp_data *data)
{
	uint32_t a = 0, memory[16] = {0};

	for (uint64_t pc = 0; pc < bpf->n; pc++) {
		const struct sock_filter *f = &bpf->insns[pc];

		if (BPF_CLASS(f->code) == BPF_JMP) {
			pc += cbpf_jump(f, a);
			continue;
		}
		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k > sizeof(*data) - 4 || f->k % 4)
				return BROKEN;
			memcpy(&a, (const char *)data + f->k, 4);
			break;
		case BPF_LD | BPF_MEM:
			a = memory[f->k % 16];
			break;
		case BPF_ST:
			memory[f->k % 16] = a;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			return BROKEN;
		}
	}
	return BROKEN;
}

/* The decision for a call with up to three arguments. */
static inline uint32_t cbpf_ask(const struct nk_bpf *bpf, uint32_t arch, uint32_t nr, uint64_t a0,
				uint64_t a1, uint64_t a2)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch, .args = {a0, a1, a2}};

	return cbpf_run(bpf, &data);
}

#endif
