/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs when nook is built: compiles the built-in profile for the capability sets
 * that people use most and prints the filters as C. The argument is meson's
 * name of the machine that nook will run on. Same input, same output.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "security/caps.h"
#include "security/profile.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static int print_filter(struct nk_arena *a, uint64_t conditions, uint32_t arch, unsigned i,
			struct nk_err *e)
{
	struct nk_rules rules;
	struct nk_bpf bpf;
	int r = nk_profile_rules(a, conditions, arch, &rules, e);

	if (r < 0)
		return r;
	r = nk_rules_compile(a, &rules, &bpf, e);
	if (r < 0)
		return r;
	printf("static const struct sock_filter filter_%u[] = {\n", i);
	for (size_t k = 0; k < bpf.n; k++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", bpf.insns[k].code, bpf.insns[k].jt,
		       bpf.insns[k].jf, bpf.insns[k].k);
	printf("};\n\n");
	return 0;
}

int main(int argc, char **argv)
{
	const uint64_t by_default = nk_profile_conditions(NK_CAPS_DEFAULT);
	const uint64_t sets[] = {
		by_default,			   /* nothing said */
		0,				   /* --cap-drop ALL */
		by_default | BIT(CAP_SYS_PTRACE),  /* debuggers */
		by_default | BIT(CAP_SYS_ADMIN),   /* containers inside */
		nk_profile_conditions(UINT64_MAX), /* --cap-add ALL */
	};
	_arena_ struct nk_arena a = {0};
	struct nk_err e = {0};
	uint32_t arch = 0;

	if (argc == 2 && strcmp(argv[1], "x86_64") == 0)
		arch = SCMP_ARCH_X86_64;
	else if (argc == 2 && strcmp(argv[1], "aarch64") == 0)
		arch = SCMP_ARCH_AARCH64;

	puts("/* Made by src/security/gen_filters.c from profile.def. */\n"
	     "#include \"security/profile.h\"\n");
	for (unsigned i = 0; arch && i < NK_COUNT(sets); i++)
		if (print_filter(&a, sets[i], arch, i, &e) < 0) {
			fprintf(stderr, "gen_filters: %s\n", e.msg);
			return 1;
		}
	/* On other machines every filter is compiled when it is needed. */
	puts("const struct nk_builtin_filter nk_builtin_filters[] = {");
	for (unsigned i = 0; arch && i < NK_COUNT(sets); i++)
		printf("\t{ UINT64_C(0x%llx), filter_%u, sizeof(filter_%u) / 8 },\n",
		       (unsigned long long)sets[i], i, i);
	puts("\t{ 0, NULL, 0 },\n};");
	printf("const size_t nk_builtin_filter_count = %zu;\n", arch ? NK_COUNT(sets) : 0);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
