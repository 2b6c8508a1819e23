/* SPDX-License-Identifier: Apache-2.0 */
/* Podman's options of `run` that nook does not have, with the reason. */
#ifndef NK_CLI_PODMAN_H
#define NK_CLI_PODMAN_H

#include <stdbool.h>

struct nk_absent {
	const char *name;
	char letter;
	bool never; /* or later */
	const char *why;
};

extern const struct nk_absent nk_podman_absent[]; /* ended by {0} */
extern const char *const nk_not_podman[]; /* options of ours that Podman lacks, ended by NULL */

/* By long name of len letters, or by letter; NULL when Podman has none either. */
const struct nk_absent *nk_podman_find(const char *name, unsigned long len, char letter);

#endif
