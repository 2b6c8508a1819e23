/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration with mounts, but without a mount namespace: they are made where the runtime is,
 * on a copy of the rootfs that lies over the rootfs. Nobody takes them away when the container
 * ends, so delete does: whatever lies there that did not when create began. Noted before anything
 * is mounted, and believed in that mount namespace only.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/log.h"
#include "runtime/oci.h"

static uint64_t own_mount_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/mnt", &st) < 0 ? 0 : st.st_ino;
}

static uint64_t mount_at(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID))
		return 0;
	return st.stx_mnt_id;
}

void nk_oci_note_host_mounts(struct nk_oci_record *r, const struct nk_config *c)
{
	if (c->spec.ns[NK_NS_MOUNT].mode != NK_NS_HOST)
		return;
	r->mount_namespace = own_mount_namespace();
	r->mount_below = mount_at(r->rootfs);
}

void nk_oci_remove_host_mounts(const struct nk_oci_record *r)
{
	if (!r->mount_namespace || !r->mount_below || r->mount_namespace != own_mount_namespace())
		return;
	uint64_t now = mount_at(r->rootfs);
	if (now && now != r->mount_below && umount2(r->rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		nk_log(NK_LOG_WARN, "unmount %s: %s", r->rootfs, strerror(errno));
}
