/* SPDX-License-Identifier: Apache-2.0 */
/* Words of config.json that the document of `features` lists as well. */
#ifndef NK_OCI_WORDS_H
#define NK_OCI_WORDS_H

#include <stdint.h>

struct nk_word {
	const char *name;
	uint64_t value;
};

/* Each ends with {}. */
extern const struct nk_word nk_seccomp_actions[], nk_seccomp_operators[], nk_seccomp_flags[],
	nk_seccomp_archs[];

#endif
