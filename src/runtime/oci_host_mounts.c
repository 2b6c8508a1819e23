/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration with mounts, but without a mount namespace: they are made where the runtime is,
 * on a copy of the rootfs that lies over the rootfs. Nobody takes them away when the container
 * ends, so delete does: whatever lies there that did not when create began. Noted before anything
 * is mounted, and believed in that mount namespace only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "host/text.h"
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

/* Of the mount with this number in /proc/self/mountinfo: its peer group (0: not shared), the number
 * of the one on which it lies, and whether it is mounted at path. */
static unsigned peers(const char *mounts, uint64_t id, const char *path, uint64_t *parent, bool *at)
{
	const char *cursor = mounts, *line;
	size_t n;

	while (mounts && (line = nk_text_line(&cursor, &n))) {
		struct nk_field f[16];
		size_t fields = nk_text_split(line, n, ' ', f, NK_COUNT(f));
		if (fields < 7 || strtoull(f[0].s, NULL, 10) != id)
			continue;
		*parent = strtoull(f[1].s, NULL, 10);
		*at = nk_field_is(f[4], path);
		for (size_t i = 6; i < fields && !nk_field_is(f[i], "-"); i++)
			if (f[i].n > 7 && !memcmp(f[i].s, "shared:", 7))
				return (unsigned)strtoul(f[i].s + 7, NULL, 10);
		return 0;
	}
	return 0;
}

/*
 * A mount on a mount that is shared with the one on which that lies comes twice, on top of it and
 * beneath it; and when the one on top is unmounted the kernel takes both, with what lies between
 * them. There is no other way to unmount it.
 */
static void tell_what_goes_along(const char *rootfs, uint64_t id)
{
	_free_ char *mounts = nk_text_read("/proc/self/mountinfo", (size_t)16 << 20);
	uint64_t parent = 0, ignored;
	bool at = false, any;
	unsigned group = peers(mounts, id, rootfs, &parent, &at);

	if (group && at && group == peers(mounts, parent, rootfs, &ignored, &any))
		nk_log(NK_LOG_WARN,
		       "%s is a shared mount, and so is what it lies on: without a mount namespace "
		       "delete unmounts it together with the container's (mount --make-private)",
		       rootfs);
}

void nk_oci_note_host_mounts(struct nk_oci_record *r, const struct nk_config *c)
{
	if (c->spec.ns[NK_NS_MOUNT].mode != NK_NS_HOST)
		return;
	r->mount_namespace = own_mount_namespace();
	r->mount_below = mount_at(r->rootfs);
	if (c->mounts.n || c->spec.read_only || c->spec.terminal)
		tell_what_goes_along(r->rootfs, r->mount_below);
}

void nk_oci_remove_host_mounts(const struct nk_oci_record *r)
{
	if (!r->mount_namespace || !r->mount_below || r->mount_namespace != own_mount_namespace())
		return;
	uint64_t now = mount_at(r->rootfs);
	if (now && now != r->mount_below && umount2(r->rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		nk_log(NK_LOG_WARN, "unmount %s: %s", r->rootfs, strerror(errno));
}
