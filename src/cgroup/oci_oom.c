/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/oci_oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "base/cleanup.h"
#include "cgroup/group.h"

static uint64_t kills(const struct nk_cg_group *g)
{
	char text[1024];
	_close_ int dir = nk_group_open(g->dir);
	_close_ int fd = dir < 0 ? -1 : openat(dir, "memory.events", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return 0;
	text[n] = '\0';
	const char *at = strstr(text, "oom_kill ");
	return at ? strtoull(at + 9, NULL, 10) : 0;
}

/* cgroup-v1/memory.rst, "OOM Control": an eventfd that the kernel counts up. */
static int open_v1(const struct nk_cg_group *g)
{
	char text[64];
	_close_ int dir = nk_group_open(g->dir);
	_close_ int oom = dir < 0 ? -1 : openat(dir, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	_close_ int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (dir < 0)
		return dir;
	if (oom < 0 || fd < 0)
		return -errno;
	snprintf(text, sizeof(text), "%d %d", fd, oom);
	int ret = nk_group_write(dir, "cgroup.event_control", text);
	return ret < 0 ? ret : nk_take_fd(&fd);
}

static int open_v2(const struct nk_cg_group *g)
{
	char path[4200];
	_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(path, sizeof(path), "%s/memory.events", g->dir);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0)
		return -errno;
	return nk_take_fd(&fd);
}

int nk_cg_oom_open(struct nk_cg_oom *o, const struct nk_cg_groups *g, struct nk_err *e)
{
	*o = (struct nk_cg_oom){.fd = -1, .group = nk_cg_of(g, "memory")};
	if (!o->group)
		return 0;
	o->last = o->group->v2 ? kills(o->group) : 0;
	o->fd = o->group->v2 ? open_v2(o->group) : open_v1(o->group);
	return o->fd < 0 ? nk_fail(e, -o->fd, "listen for events of cgroup %s", o->group->dir) : 0;
}

void nk_cg_oom_close(struct nk_cg_oom *o)
{
	nk_cleanup_close(&o->fd);
	o->fd = -1;
}

bool nk_cg_oom_happened(struct nk_cg_oom *o)
{
	char text[4096];
	bool said = false;

	while (read(o->fd, text, sizeof(text)) > 0)
		said = true;
	if (!said)
		return false;
	if (!o->group->v2) {
		/* The end of the group is an event, too. */
		_close_ int dir = nk_group_open(o->group->dir);

		return dir >= 0 && faccessat(dir, "memory.oom_control", F_OK, 0) == 0;
	}
	uint64_t before = o->last;
	o->last = kills(o->group);
	return o->last > before;
}
