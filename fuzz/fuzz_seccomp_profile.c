/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a seccomp profile in JSON, as --security-opt seccomp=FILE reads it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/unit/cbpf.h"
#include "security/profile_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An error is one line of printable text: it goes to a terminal. */
static void check_error(const struct nk_err *e)
{
	if (!e->msg[0])
		abort();
	for (const char *c = e->msg; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

/* Whatever the profile says, each call in each ABI gets a decision. */
static void check_filter(const struct nk_bpf *bpf)
{
	static const uint32_t arches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64};

	for (uint32_t i = 0; i < 64; i++)
		for (uint32_t k = 0; k < 3; k++) {
			uint32_t nr = i * 37 % 1024 | (i & 1 ? 0x40000000u : 0);
			if (cbpf_ask(bpf, arches[k], nr, i, UINT64_MAX, i) == BROKEN)
				abort();
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct nk_arena a = {0};
	struct nk_profile_host host = {.caps = size % 2 ? UINT64_MAX : 0,
				       .arch = SCMP_ARCH_X86_64,
				       .kernel_major = 6,
				       .kernel_minor = 1};
	struct nk_rules rules;
	struct nk_bpf bpf;
	struct nk_err e = {0};

	if (nk_profile_parse(&a, (const char *)data, size, &host, &rules, &e) < 0 ||
	    nk_rules_compile(&a, &rules, &bpf, &e) < 0)
		check_error(&e);
	else
		check_filter(&bpf);
	return 0;
}
