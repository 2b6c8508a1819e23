/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May a new procfs or sysfs be mounted from inside a user namespace? The kernel
 * says yes only while one of that kind is already fully visible, because a new
 * one would reveal what somebody covered on purpose (mnt_already_visible() in
 * the kernel's fs/namespace.c).
 */
#ifndef NK_HOST_VISIBLE_H
#define NK_HOST_VISIBLE_H

#include <stdbool.h>

#include "base/arena.h"

/*
 * Judge the text of a mountinfo file: true when no mount of this type ("proc",
 * "sysfs") is fully visible. *by (may be NULL) is set to what stands in the way
 * ("/proc/kcore is covered by another mount", …) or NULL.
 */
bool nk_mounts_cover(struct nk_arena *a, const char *mountinfo, const char *fstype,
		     const char **by);

#endif
