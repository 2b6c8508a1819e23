/* SPDX-License-Identifier: Apache-2.0 */
/* The names of capabilities(7). */
#ifndef NK_OCI_CAP_NAMES_H
#define NK_OCI_CAP_NAMES_H

/* "NET_ADMIN", "net_admin", "CAP_NET_ADMIN" -> 12; -1 if there is none of that name. */
int nk_cap_by_name(const char *name);
/* 12 -> "CAP_NET_ADMIN"; NULL beyond the known ones. */
const char *nk_cap_name(unsigned cap);

#endif
