/* SPDX-License-Identifier: Apache-2.0 */
#include "host/owner.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* ioctl_ns(2): the owner is told only where it is our own user namespace or below it. */
static bool belongs_to(int fd, const struct stat *users)
{
	_close_ int owner = ioctl(fd, NS_GET_USERNS);
	struct stat st;

	return owner >= 0 && !fstat(owner, &st) && st.st_ino == users->st_ino &&
	       st.st_dev == users->st_dev;
}

uint32_t nk_ns_foreign(const struct nk_spec *spec)
{
	const struct nk_ns_spec *user = &spec->ns[NK_NS_USER];
	const char *path = user->mode == NK_NS_JOIN ? user->path : "/proc/self/ns/user";
	struct stat users;
	uint32_t foreign = 0;

	if (stat(path, &users))
		return 0;
	for (int k = 0; k < NK_NS_COUNT; k++) {
		if (k == NK_NS_USER || spec->ns[k].mode != NK_NS_JOIN)
			continue;
		_close_ int fd = open(spec->ns[k].path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		/* Nothing that is there already belongs to users that are still to be made. */
		if (user->mode == NK_NS_NEW || !belongs_to(fd, &users))
			foreign |= 1u << k;
	}
	return foreign;
}

static bool own(const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat users;

	return fd >= 0 && !stat("/proc/self/ns/user", &users) && belongs_to(fd, &users);
}

bool nk_ns_own_mounts(void)
{
	return own("/proc/self/ns/mnt");
}

bool nk_ns_own_network(void)
{
	return own("/proc/self/ns/net");
}
