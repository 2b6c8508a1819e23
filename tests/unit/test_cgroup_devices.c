/* SPDX-License-Identifier: Apache-2.0 */
/* Rules over devices, as v1's lines and as a BPF program that is interpreted here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cgroup/devices.h"

/* The few instructions of the program; anything else, or no end, is a failure. */
static uint64_t run(const struct bpf_insn *p, size_t n, const uint32_t context[3])
{
	uint64_t r[11] = {0};

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &p[pc];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(i->src_reg, BPF_REG_1);
			assert_true(i->off >= 0 && i->off <= 8 && i->off % 4 == 0);
			r[i->dst_reg] = context[i->off / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = (uint32_t)(r[i->dst_reg] & (uint32_t)i->imm);
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] >> i->imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			r[i->dst_reg] = (uint32_t)r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint64_t)i->imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			if (r[i->dst_reg] != (uint64_t)i->imm)
				pc += (size_t)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0];
		default:
			fail_msg("instruction %zu has code %#x", pc, i->code);
		}
	}
	fail_msg("ran off the end");
	return 0;
}

enum { M = BPF_DEVCG_ACC_MKNOD, R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE };

static void answers(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_spec spec = {0};
	struct nk_cg_device_rules rules = {0};
	size_t n;

	(void)state;
	*NK_PUSH(&a, &spec.devices) =
		(struct nk_device_spec){"/dev/kmsg", "/dev/kmsg", "r", S_IFCHR, 1, 11};
	*NK_PUSH(&a, &spec.devices) =
		(struct nk_device_spec){"/dev/sda", "/dev/sda", "rw", S_IFBLK, 8, 0};
	nk_cgroup_device_rules(&a, &spec, &rules);
	const struct bpf_insn *p = nk_cgroup_device_program(&a, &rules, &n);
	static const struct {
		uint32_t access, type, major, minor;
		int allowed;
	} t[] = {
		{R, BPF_DEVCG_DEV_CHAR, 1, 11, 1},	 {W, BPF_DEVCG_DEV_CHAR, 1, 11, 0},
		{R | W, BPF_DEVCG_DEV_CHAR, 1, 11, 0},	 {M, BPF_DEVCG_DEV_CHAR, 1, 11, 1},
		{M | R, BPF_DEVCG_DEV_CHAR, 9, 9, 0},	 {M, BPF_DEVCG_DEV_BLOCK, 9, 9, 1},
		{R | W, BPF_DEVCG_DEV_BLOCK, 8, 0, 1},	 {R, BPF_DEVCG_DEV_CHAR, 8, 0, 0},
		{R, BPF_DEVCG_DEV_BLOCK, 8, 1, 0},	 {R | W, BPF_DEVCG_DEV_CHAR, 1, 3, 1},
		{R | W, BPF_DEVCG_DEV_CHAR, 136, 77, 1}, {R, BPF_DEVCG_DEV_CHAR, 10, 200, 0},
		{R, BPF_DEVCG_DEV_BLOCK, 1, 3, 0},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const uint32_t context[3] = {t[i].access << 16 | t[i].type, t[i].major, t[i].minor};

		if (run(p, n, context) != (uint64_t)t[i].allowed)
			fail_msg("case %zu is not %d", i, t[i].allowed);
	}
}

static void lines(void **state)
{
	_arena_ struct nk_arena a = {0};
	const struct nk_cg_device_rule all = {'b', -1, -1, "m"}, one = {'c', 1, 11, "rw"};

	(void)state;
	assert_string_equal(nk_cgroup_device_line(&a, &all), "b *:* m");
	assert_string_equal(nk_cgroup_device_line(&a, &one), "c 1:11 rw");
}

static void needed_only_for_less_than_rwm(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_spec spec = {0};

	(void)state;
	nk_resources_init(&spec.resources);
	assert_false(nk_cgroup_devices_needed(&spec));
	*NK_PUSH(&a, &spec.devices) =
		(struct nk_device_spec){"/dev/kmsg", "/dev/kmsg", "mrw", S_IFCHR, 1, 11};
	assert_false(nk_cgroup_devices_needed(&spec));
	spec.devices.v[0].access = "rw";
	assert_true(nk_cgroup_devices_needed(&spec));
	spec.privileged = true;
	assert_false(nk_cgroup_devices_needed(&spec));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(lines),
		cmocka_unit_test(needed_only_for_less_than_rwm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
