/* SPDX-License-Identifier: Apache-2.0 */
/* The words behind -v SRC:DST: and in --mount and --tmpfs. */
#ifndef NK_CLI_MOUNT_OPTIONS_H
#define NK_CLI_MOUNT_OPTIONS_H

#include "oci/spec.h"

/*
 * Put one word ("ro", "noexec", "rslave", "size=64m", …) into *m. Whatever does
 * not fit the kind of mount is an error, never ignored.
 */
int nk_mount_option(struct nk_mount_spec *m, struct nk_arena *a, const char *word,
		    struct nk_err *e);

/* The same for a list with commas; "" has no words. */
int nk_mount_option_list(struct nk_mount_spec *m, struct nk_arena *a, const char *words,
			 struct nk_err *e);

#endif
