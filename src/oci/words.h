/* SPDX-License-Identifier: Apache-2.0 */
/* Words of config.json that others read, too: the document of `features`, src/security. */
#ifndef NK_OCI_WORDS_H
#define NK_OCI_WORDS_H

#include <stdbool.h>
#include <stdint.h>

struct nk_word {
	const char *name;
	uint64_t value;
};

/* The value of a name in a table that ends with {}. */
bool nk_word_find(const struct nk_word *words, const char *name, uint64_t *value);

/* By libseccomp's and the kernel's numbers; actions without an errno, architectures that nook is
 * not built for are 0. */
extern const struct nk_word nk_seccomp_actions[], nk_seccomp_operators[], nk_seccomp_flags[],
	nk_seccomp_archs[];

#endif
