/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /run/netns, shared with ip-netns(8): a file for each network namespace with a name, over which
 * it is bound; the directory is a shared mount of itself, so that other mount namespaces see what
 * comes and goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ns/hold_dir.h"

static int prepare(struct nk_err *e)
{
	struct stat st;

	if (mkdir(NK_NETNS_DIR, 0755) < 0 && errno != EEXIST)
		return nk_fail(e, errno, "make " NK_NETNS_DIR);
	if (lstat(NK_NETNS_DIR, &st) < 0 || !S_ISDIR(st.st_mode)) {
		nk_fail(e, 0, NK_NETNS_DIR " is no directory");
		return nk_hint(e, "ip netns and nook keep the names of network namespaces there");
	}
	if (mount("", NK_NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;
	/* EINVAL: it is no mount yet. */
	if (errno != EINVAL ||
	    mount(NK_NETNS_DIR, NK_NETNS_DIR, "none", MS_BIND | MS_REC, NULL) < 0 ||
	    mount("", NK_NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) < 0)
		return nk_fail(e, errno, "make " NK_NETNS_DIR " a shared mount");
	return 0;
}

int nk_netns_bind(const char *name, pid_t pid, struct nk_err *e)
{
	char path[sizeof(NK_NETNS_DIR) + 1 + NK_NS_NAME_MAX + 1], from[48];
	int rc = prepare(e);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), NK_NETNS_DIR "/%s", name);
	snprintf(from, sizeof(from), "/proc/%d/ns/net", (int)pid);

	_close_ int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return nk_fail(e, errno, "make %s", path);
	if (mount(from, path, "none", MS_BIND, NULL) < 0) {
		int err = errno;

		unlink(path);
		return nk_fail(e, err, "bind the network namespace over %s", path);
	}
	return 0;
}

int nk_netns_unbind(const char *name, uint64_t inode, bool half_made, struct nk_err *e)
{
	char path[sizeof(NK_NETNS_DIR) + 1 + NK_NS_NAME_MAX + 1];
	struct statfs fs;
	struct stat st;

	snprintf(path, sizeof(path), NK_NETNS_DIR "/%s", name);

	_close_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : nk_fail(e, errno, "%s", path);

	bool bound = fs.f_type == NSFS_MAGIC;

	/* Somebody else's by now; or one that was to be ours and never was bound. */
	if (inode &&
	    (bound ? st.st_ino != inode : !half_made || st.st_size || !S_ISREG(st.st_mode)))
		return 0;
	if (bound && umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return nk_fail(e, errno, "unmount %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return nk_fail(e, errno, "remove %s", path);
	return 0;
}
