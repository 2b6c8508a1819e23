/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/cgroup only: the few BPF instructions of a program for BPF_PROG_TYPE_CGROUP_DEVICE,
 * and where it keeps what is asked for. A SKIP is mended to its distance by who puts it down.
 */
#ifndef NK_CGROUP_DEVICE_BPF_H
#define NK_CGROUP_DEVICE_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define LOAD(dst, offset)                                                                  \
	{                                                                                  \
		.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (dst), .src_reg = BPF_REG_1, \
		.off = (offset)                                                            \
	}
#define AND(dst, value)                                                             \
	{                                                                           \
		.code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = (dst), .imm = (value) \
	}
#define SHR(dst, value)                                                             \
	{                                                                           \
		.code = BPF_ALU | BPF_RSH | BPF_K, .dst_reg = (dst), .imm = (value) \
	}
#define MOV(dst, src)                                                                 \
	{                                                                             \
		.code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = (dst), .src_reg = (src) \
	}
#define SET(dst, value)                                                               \
	{                                                                             \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (dst), .imm = (value) \
	}
#define SKIP_UNLESS(reg, value)                                                     \
	{                                                                           \
		.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (reg), .imm = (value) \
	}
#define SKIP_IF(reg, value)                                                         \
	{                                                                           \
		.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = (reg), .imm = (value) \
	}
#define EXIT                               \
	{                                  \
		.code = BPF_JMP | BPF_EXIT \
	}

enum {
	TYPE = BPF_REG_2,
	ACCESS = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
	REST = BPF_REG_1
};

/* struct bpf_cgroup_dev_ctx: access << 16 | type, major, minor. */
static const struct bpf_insn nk_device_bpf_head[] = {
	LOAD(TYPE, 0),	 MOV(ACCESS, TYPE), AND(TYPE, 0xffff),
	SHR(ACCESS, 16), LOAD(MAJOR, 4),    LOAD(MINOR, 8),
};

/* Is it this device? -1: any number. Answers how many instructions, 3 at most. */
size_t nk_device_bpf_match(struct bpf_insn *out, char type, int64_t major, int64_t minor);

/* BPF_DEVCG_ACC_… */
int nk_device_bpf_access(bool read, bool write, bool make);

/* Gives all SKIPs among these their distance: behind the last of them. */
void nk_device_bpf_mend(struct bpf_insn *out, size_t n);

/* A number of a line for devices.allow: "*" for -1. */
const char *nk_device_number(struct nk_arena *a, int64_t n);

#endif
