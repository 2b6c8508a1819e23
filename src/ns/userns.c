/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/userns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* user_namespaces(7): at most 32 levels. */
enum { LEVELS = 40 };

uint64_t nk_ns_inode(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) ? st.st_ino : 0;
}

void nk_userns_chain(struct nk_arena *a, int fd, struct nk_userns_chain *c)
{
	_close_ int at = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	*c = (struct nk_userns_chain){0};
	while (at >= 0 && c->n < LEVELS) {
		struct nk_userns_level *level = NK_PUSH(a, c);

		if (!level)
			return;
		level->inode = nk_ns_inode(at);
		/* EPERM for one that we are not in or above: cannot be, we came up from there. */
		level->creator_known = !ioctl(at, NS_GET_OWNER_UID, &level->creator);
		c->whole = level->inode == NK_USERNS_FIRST;
		int up = ioctl(at, NS_GET_PARENT);
		close(at);
		at = up;
	}
}

void nk_userns_owner(struct nk_arena *a, int fd, bool is_user, struct nk_userns_chain *c)
{
	if (is_user) {
		nk_userns_chain(a, fd, c);
		return;
	}
	_close_ int owner = fd >= 0 ? ioctl(fd, NS_GET_USERNS) : -1;

	nk_userns_chain(a, owner, c);
}

bool nk_userns_within(const struct nk_userns_chain *c, uint64_t inode)
{
	for (size_t i = 0; inode && i < c->n; i++)
		if (c->v[i].inode == inode)
			return true;
	return false;
}
