/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/device_bpf.h"

#include <inttypes.h>

size_t nk_device_bpf_match(struct bpf_insn *out, char type, int64_t major, int64_t minor)
{
	size_t n = 0;

	out[n++] = (struct bpf_insn)SKIP_UNLESS(TYPE, type == 'b' ? BPF_DEVCG_DEV_BLOCK
								  : BPF_DEVCG_DEV_CHAR);
	if (major >= 0)
		out[n++] = (struct bpf_insn)SKIP_UNLESS(MAJOR, (int32_t)major);
	if (minor >= 0)
		out[n++] = (struct bpf_insn)SKIP_UNLESS(MINOR, (int32_t)minor);
	return n;
}

int nk_device_bpf_access(bool read, bool write, bool make)
{
	return (make ? BPF_DEVCG_ACC_MKNOD : 0) | (read ? BPF_DEVCG_ACC_READ : 0) |
	       (write ? BPF_DEVCG_ACC_WRITE : 0);
}

void nk_device_bpf_mend(struct bpf_insn *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (BPF_CLASS(out[i].code) == BPF_JMP && BPF_OP(out[i].code) != BPF_EXIT)
			out[i].off = (int16_t)(n - i - 1);
}

const char *nk_device_number(struct nk_arena *a, int64_t n)
{
	return n < 0 ? "*" : nk_fmt(a, "%" PRId64, n);
}
