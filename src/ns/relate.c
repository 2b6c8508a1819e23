/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who owns a namespace and what it lies in: ioctl_ns(2). A namespace that is found only so becomes
 * a node as well: it has no process, and lives because others need it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "ns/collector.h"

/* The first ones have no owner or parent. The kernel has given them these numbers since 3.8. */
#define INIT_USER 0xeffffffdu
#define INIT_PID 0xeffffffcu

static bool is_first(const struct nk_ns_node *node)
{
	return (node->kind == NK_NS_USER && node->inode == INIT_USER) ||
	       (node->kind == NK_NS_PID && node->inode == INIT_PID);
}

static void relate(struct nk_ns_collector *c, int idx, int fd);

/* The namespace that an ioctl answers, with all that is around it. */
static int ask(struct nk_ns_collector *c, int idx, int fd, unsigned long request,
	       enum nk_ns_kind kind)
{
	_close_ int other = ioctl(fd, request);
	struct stat st;

	/* EPERM: it is not ours or below ours. */
	if (other < 0) {
		if (errno == EPERM && !is_first(&c->g->nodes.v[idx]))
			c->g->partial_owners = true;
		return NK_NS_NOBODY;
	}
	if (fstat(other, &st))
		return NK_NS_NOBODY;
	int found = nk_ns_node(c, kind, st.st_ino);
	/* The kernel allows 32 user namespaces and 32 PID namespaces in each other. */
	if (found >= 0)
		relate(c, found, other);
	return found;
}

/* nodes.v may move whenever a node is found: so no pointer is kept over ask(). */
static void relate(struct nk_ns_collector *c, int idx, int fd)
{
	enum nk_ns_kind kind = c->g->nodes.v[idx].kind;
	uid_t creator;

	if (c->notes.v[idx].related)
		return;
	c->notes.v[idx].related = true;
	int owner = ask(c, idx, fd, NS_GET_USERNS, NK_NS_USER);
	int parent = NK_NS_NOBODY;
	if (kind == NK_NS_USER)
		parent = owner; /* NS_GET_PARENT would answer the same */
	else if (kind == NK_NS_PID)
		parent = ask(c, idx, fd, NS_GET_PARENT, NK_NS_PID);

	struct nk_ns_node *node = &c->g->nodes.v[idx];
	node->owner = owner;
	node->parent = parent;
	if (kind == NK_NS_USER && !ioctl(fd, NS_GET_OWNER_UID, &creator)) {
		node->creator = creator;
		node->creator_known = true;
	}
}

void nk_ns_relate(struct nk_ns_collector *c, int idx, int path_fd)
{
	char path[48];
	struct stat st;

	if (fstat(path_fd, &st) || st.st_dev != c->dev || st.st_ino != c->g->nodes.v[idx].inode)
		return;
	/* Only now is it opened: to open a device or a fifo may do something. */
	snprintf(path, sizeof(path), "self/fd/%d", path_fd);
	_close_ int fd = openat(c->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		relate(c, idx, fd);
}

static bool relate_by_pid(struct nk_ns_collector *c, int idx, pid_t pid, const char *suffix)
{
	const struct nk_ns_node *node = &c->g->nodes.v[idx];
	char path[64];
	struct stat st;

	if (!pid)
		return false;
	snprintf(path, sizeof(path), "%d/ns/%s%s", (int)pid, nk_ns_name(node->kind), suffix);
	_close_ int fd = openat(c->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_ino != node->inode)
		return false;
	relate(c, idx, fd);
	return true;
}

void nk_ns_relate_all(struct nk_ns_collector *c)
{
	for (size_t i = 0; i < c->g->nodes.n; i++) {
		int idx = (int)i;

		if (c->notes.v[i].related)
			continue;
		if (!relate_by_pid(c, idx, c->g->nodes.v[i].pid, "") &&
		    !relate_by_pid(c, idx, c->notes.v[i].last, "") &&
		    !relate_by_pid(c, idx, c->notes.v[i].thread_pid, ""))
			relate_by_pid(c, idx, c->notes.v[i].children_pid, "_for_children");
	}
	/* Whoever made the owner could make it. */
	for (size_t i = 0; i < c->g->nodes.n; i++) {
		struct nk_ns_node *node = &c->g->nodes.v[i];

		if (node->kind == NK_NS_USER || node->owner < 0)
			continue;
		node->creator = c->g->nodes.v[node->owner].creator;
		node->creator_known = c->g->nodes.v[node->owner].creator_known;
	}
}
