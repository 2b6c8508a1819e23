/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the first process of each namespace is, and what it was called with. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ns/collector.h"

/* Longer ones are cut: a process can have megabytes of them. */
enum { COMMAND_MAX = 4096 };

static ssize_t read_file(struct nk_ns_collector *c, pid_t pid, const char *name, char *buf,
			 size_t size)
{
	char path[48];

	snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	_close_ int fd = openat(c->proc, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : read(fd, buf, size);
}

/* Its words with blanks between them; a kernel thread has but a name, written [name] as ps does. */
static const char *command_of(struct nk_ns_collector *c, pid_t pid)
{
	char buf[COMMAND_MAX];
	ssize_t n = read_file(c, pid, "cmdline", buf, sizeof(buf));

	while (n > 0 && !buf[n - 1])
		n--;
	if (n > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (!buf[i])
				buf[i] = ' ';
		return nk_strndup(c->a, buf, (size_t)n);
	}
	n = read_file(c, pid, "comm", buf, 64);
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	return n > 0 ? nk_fmt(c->a, "[%.*s]", (int)n, buf) : NULL;
}

/* Eight namespaces often have the same first process: it is read once. */
struct seen {
	pid_t pid;
	uid_t uid;
	const char *command;
};
enum { SEEN = 4096 };

void nk_ns_commands(struct nk_ns_collector *c)
{
	struct seen *table = nk_alloc(c->a, SEEN * sizeof(*table));

	for (size_t i = 0; table && i < c->g->nodes.n; i++) {
		struct nk_ns_node *node = &c->g->nodes.v[i];
		struct seen *s = &table[(unsigned)node->pid % SEEN];
		char digits[16];
		struct stat st;

		if (!node->pid)
			continue;
		if (s->pid != node->pid) {
			snprintf(digits, sizeof(digits), "%d", (int)node->pid);
			/* The directory is its user's (root's, when nobody may look at it). */
			*s = (struct seen){.pid = node->pid, .uid = (uid_t)-1};
			if (!fstatat(c->proc, digits, &st, 0))
				s->uid = st.st_uid;
			s->command = command_of(c, node->pid);
		}
		node->uid = s->uid;
		node->command = s->command;
	}
}
