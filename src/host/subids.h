/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subordinate ids (subuid(5), subgid(5)), read by hand: a static program must
 * not call glibc's getpwnam, which loads shared libraries of another glibc.
 */
#ifndef NK_HOST_SUBIDS_H
#define NK_HOST_SUBIDS_H

#include <sys/types.h>

#include "base/arena.h"
#include "oci/spec.h"

/*
 * Append the ranges in text (a whole /etc/subuid or /etc/subgid) that belong to
 * name (may be NULL) or to the number uid, in the file's order. A line that is
 * not NAME:FIRST:COUNT in plain decimal, or whose range leaves the 32-bit ids,
 * is not ours: newuidmap would not honour it. Answers how many lines of this
 * user were malformed.
 */
unsigned nk_subids_parse(struct nk_arena *a, const char *text, const char *name, uid_t uid,
			 struct nk_idmaps *out);

/* The same from a file; a missing file gives no ranges. */
unsigned nk_subids_read(struct nk_arena *a, const char *path, const char *name, uid_t uid,
			struct nk_idmaps *out);

/* How many ids all ranges give together. */
uint64_t nk_subids_total(const struct nk_idmaps *m);

/* Name of uid in the text of a passwd file, or NULL. */
const char *nk_passwd_name(struct nk_arena *a, const char *text, uid_t uid);
/* Number of name in the text of a passwd file: 0, or -ENOENT. */
int nk_passwd_uid(const char *text, const char *name, uid_t *uid);

#endif
