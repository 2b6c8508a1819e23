/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the kernel refused a namespace or a mount, as far as it can be seen from
 * outside: sysctls, a seccomp filter around this process, a chroot. Asked after
 * a failure only, so a start that succeeds pays nothing for it.
 */
#ifndef NK_HOST_WHY_H
#define NK_HOST_WHY_H

#include <stdbool.h>

/* First character of a file of /proc/sys, or -1. */
int nk_why_switch(const char *path);

/* A seccomp filter, as containers have them, is in force for this process. */
bool nk_why_filtered(void);

/* "/" of this process is no mount: it was started in a chroot. */
bool nk_why_chroot(void);

/* What to do about a user namespace that was refused with this errno. Never NULL. */
const char *nk_why_userns(int err);

#endif
