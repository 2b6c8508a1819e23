/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups by name, from the passwd and group files of a container.
 *
 * These files belong to whoever made the root file system: they are hostile. A
 * line that is not exactly right is skipped as a whole, never half believed;
 * numbers are plain decimal and below 2^32 - 1, which means "no id".
 */
#ifndef NK_DATA_PASSWD_H
#define NK_DATA_PASSWD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

/* Larger files are refused, longer lines are skipped. */
#define NK_PASSWD_LARGEST (1024 * 1024)
#define NK_PASSWD_LONGEST_LINE 65536

/* A file's bytes; n is 0 when there is no such file. They need no NUL at the end. */
struct nk_text {
	const char *v;
	size_t n;
};

struct nk_user {
	uint32_t uid, gid;
	const char *home;     /* "/" when the user is not in the file or has no absolute one */
	const char *name;     /* NULL when the user is not in the file */
	NK_VEC(gid_t) groups; /* additional ones: ascending, without gid, none twice */
};

/*
 * Resolve "USER[:GROUP]" (each a name or a number; NULL or "" is root) and the
 * further groups of --group-add. As Docker does: without GROUP the user's own
 * group and the groups that list the user count; with GROUP only that one.
 */
int nk_user_resolve(struct nk_user *u, struct nk_arena *a, struct nk_text passwd,
		    struct nk_text group, const char *user, const struct nk_strv *more,
		    struct nk_err *e);

#endif
