/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread can leave the namespaces of its process (unshare(2) and setns(2) move the caller only):
 * what manages networks does so. And a process whose first thread has ended shows none in
 * /proc/PID/ns, while the others live on.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "ns/collector.h"

/* The kernel lets no thread have user, PID or time namespaces of its own. */
static const enum nk_ns_kind kinds[] = {NK_NS_MOUNT, NK_NS_UTS, NK_NS_IPC, NK_NS_NET, NK_NS_CGROUP};

static void note(struct nk_ns_collector *c, pid_t tid, enum nk_ns_kind kind, uint64_t inode)
{
	int idx = nk_ns_node(c, kind, inode);

	if (idx < 0)
		return;
	struct nk_ns_notes *notes = &c->notes.v[idx];
	if (!notes->thread_pid || tid < notes->thread_pid)
		notes->thread_pid = tid;
	notes->threads++;
}

static void scan(struct nk_ns_collector *c, int task, const char *digits,
		 const struct nk_ns_process *p)
{
	uint32_t tid;
	char path[64];

	if (!nk_text_u32(digits, strlen(digits), &tid) || (pid_t)tid == p->pid)
		return;
	for (size_t i = 0; i < NK_COUNT(kinds); i++) {
		enum nk_ns_kind kind;
		uint64_t inode;
		int own = p->ns[kinds[i]];

		if (!(c->kinds & 1u << kinds[i]))
			continue;
		snprintf(path, sizeof(path), "%u/ns/%s", tid, nk_ns_name(kinds[i]));
		if (nk_ns_link(task, path, &kind, &inode) < 0)
			return; /* it has ended */
		if (own < 0 || c->g->nodes.v[own].inode != inode)
			note(c, (pid_t)tid, kind, inode);
	}
}

void nk_ns_threads(struct nk_ns_collector *c, int ns_dir, const struct nk_ns_process *p)
{
	struct dirent *d;
	struct stat st;

	/* One link each, and the directory's own two: almost all processes have one thread. */
	if (fstatat(ns_dir, "../task", &st, 0) || st.st_nlink <= 3)
		return;
	_close_ int fd = openat(ns_dir, "../task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		return;
	int task = nk_take_fd(&fd);
	while ((d = readdir(dir)))
		scan(c, task, d->d_name, p);
}
