/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces that are kept by an open descriptor: every descriptor of every process is looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "ns/collector.h"

static void look_at(struct nk_ns_collector *c, pid_t pid, int dir_fd, const char *digits)
{
	enum nk_ns_kind kind;
	uint64_t inode;
	uint32_t number;
	bool is_new;

	/* Files have paths, sockets and pipes other words: only a namespace reads so. */
	if (!nk_text_u32(digits, strlen(digits), &number) ||
	    nk_ns_link(dir_fd, digits, &kind, &inode) < 0)
		return;
	int idx = nk_ns_node_beside(c, kind, inode, &is_new);
	if (idx < 0)
		return;
	struct nk_ns_notes *notes = &c->notes.v[idx];
	if (!notes->fds || pid < notes->fd_pid) {
		notes->fd_pid = pid;
		notes->fd = (int)number;
	}
	notes->fds++;
	if (!is_new)
		return;
	_close_ int fd = openat(dir_fd, digits, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		nk_ns_relate(c, idx, fd);
}

static void scan(struct nk_ns_collector *c, pid_t pid, const char *digits)
{
	char path[32];
	struct dirent *d;

	if (pid == c->self)
		return;
	stpcpy(stpcpy(path, digits), "/fd");
	_close_ int fd = openat(c->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		return;
	int dir_fd = nk_take_fd(&fd);
	while ((d = readdir(dir)))
		look_at(c, pid, dir_fd, d->d_name);
}

void nk_ns_fds(struct nk_ns_collector *c)
{
	nk_ns_each_pid(c, scan);
}
