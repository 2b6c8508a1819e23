/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor profiles and SELinux labels: is what is asked for to be had here? */
#ifndef NK_SECURITY_LSM_H
#define NK_SECURITY_LSM_H

#include "oci/config.h"

struct nk_lsm {
	const char *apparmor; /* profile for execve, or NULL */
	const char *selinux;  /* label of the process, or NULL */
	const char *mount;    /* label of its mounts (context=), or NULL */
};

/*
 * What c->process and c->mount_label ask for, "" being nothing. -EINVAL, in runc's words, where
 * the machine has no such thing: a container that was to be confined does not run unconfined.
 */
int nk_lsm_check(const struct nk_config *c, struct nk_lsm *out, struct nk_err *e);

/* For `features`. */
bool nk_lsm_has_apparmor(void);
bool nk_lsm_has_selinux(void);

#endif
