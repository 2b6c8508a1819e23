/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces that are kept by a bind mount. A mount is seen only from its own mount namespace, so
 * one process of each is asked for its list.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "ns/collector.h"

/* WAY_LINES: anybody may have 100,000 mounts in each other, for each of which all are read. It is
 * some tenths of a second; who had so many has no owners told. */
enum { FIELDS = 64, FIRST_BUFFER = 1 << 16, WAY_LINES = 1 << 21 };

struct mount {
	struct nk_field id, parent, root, point, type;
};

/* id parent major:minor root point options [optional …] - type source super-options */
static bool parse(const char *line, size_t n, struct mount *m)
{
	struct nk_field f[FIELDS];
	size_t fields = nk_text_split(line, n, ' ', f, FIELDS), dash = 6;

	if (fields < 10 || fields > FIELDS)
		return false;
	while (dash < fields && !nk_field_is(f[dash], "-"))
		dash++;
	if (dash + 1 >= fields)
		return false;
	*m = (struct mount){f[0], f[1], f[3], f[4], f[dash + 1]};
	return true;
}

/* mountinfo writes blank, tab, newline and backslash as three octal digits. */
static const char *unescape(struct nk_arena *a, struct nk_field f)
{
	char *s = nk_strndup(a, f.s, f.n), *to = s;

	for (const char *from = s; *from; from++) {
		char byte = *from;

		if (byte == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			byte = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				      (from[3] - '0'));
			from += 3;
		}
		*to++ = byte;
	}
	/* nk_strndup answers a constant "" when there is no memory. */
	if (to != s)
		*to = '\0';
	return s;
}

/*
 * File systems whose server decides when a look-up answers, if ever. Anybody may have one in a
 * mount namespace of his own, and must not be able to make root's `nook ns ls` wait.
 */
static bool may_hang(struct nk_field type)
{
	static const char *const names[] = {"fuse", "autofs",	"nfs",	"cifs", "smb",
					    "9p",   "virtiofs", "ceph", "afs"};

	for (size_t i = 0; i < NK_COUNT(names); i++)
		if (type.n >= strlen(names[i]) && !memcmp(type.s, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Is one of those anywhere above this mount? What is not in the list lies outside of the root. */
static bool way_may_hang(struct nk_ns_collector *c, const char *text, struct mount m)
{
	while (c->way_lines < WAY_LINES) {
		const char *cursor = text, *line;
		struct mount up;
		bool found = false;
		size_t n;

		while (!found && (line = nk_text_line(&cursor, &n)) && c->way_lines++ < WAY_LINES)
			found = parse(line, n, &up) && up.id.n == m.parent.n &&
				!memcmp(up.id.s, m.parent.s, up.id.n);
		if (!found || (up.id.n == up.parent.n && !memcmp(up.id.s, up.parent.s, up.id.n)))
			return false;
		if (may_hang(up.type))
			return true;
		m = up;
	}
	return true;
}

/* Nothing but this mount leads to it: ask the file that it is mounted on. */
static void relate(struct nk_ns_collector *c, int idx, pid_t pid, bool own, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	char root_path[32] = "self/root";

	if (!own)
		snprintf(root_path, sizeof(root_path), "%d/root", (int)pid);
	_close_ int root = openat(c->proc, root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return;
	_close_ int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd >= 0)
		nk_ns_relate(c, idx, fd);
}

static void add_holder(struct nk_ns_collector *c, int idx, pid_t pid, const char *path)
{
	struct nk_ns_node *node = &c->g->nodes.v[idx];

	/* A copy of the mount in another mount namespace. */
	for (size_t i = 0; i < node->holders.n; i++) {
		struct nk_ns_holder *h = &node->holders.v[i];

		if (h->what == NK_HOLD_MOUNT && !strcmp(h->path, path)) {
			h->count++;
			return;
		}
	}
	struct nk_ns_holder *h = NK_PUSH(c->a, &node->holders);
	if (h)
		*h = (struct nk_ns_holder){
			.what = NK_HOLD_MOUNT,
			.pid = pid,
			.count = 1,
			.path = path,
			.ns = NK_NS_NOBODY,
			.fd = -1,
		};
}

void nk_ns_mountinfo(struct nk_ns_collector *c, const char *text, pid_t pid, bool own)
{
	const char *cursor = text, *line;
	size_t n;

	while ((line = nk_text_line(&cursor, &n))) {
		enum nk_ns_kind kind;
		uint64_t inode;
		struct mount m;
		bool is_new;
		char root[64];

		/* Most lines are something else: a look at their end is cheaper than a split. */
		if (!memmem(line, n, " - nsfs ", 8) || !parse(line, n, &m) ||
		    !nk_field_is(m.type, "nsfs"))
			continue;
		snprintf(root, sizeof(root), "%.*s", (int)m.root.n, m.root.s);
		if (nk_ns_parse(root, &kind, &inode) < 0)
			continue;
		int idx = nk_ns_node_beside(c, kind, inode, &is_new);
		if (idx < 0)
			continue;
		const char *path = unescape(c->a, m.point);
		add_holder(c, idx, pid, path);
		if (own)
			nk_ns_name_by_path(c, idx, path);
		if (is_new && !way_may_hang(c, text, m))
			relate(c, idx, pid, own, path);
	}
}

struct buffer {
	char *text;
	size_t cap;
};

/* One buffer for all of them; false when it cannot be read. */
static bool read_list(struct nk_ns_collector *c, struct buffer *b, const char *path)
{
	_close_ int fd = openat(c->proc, path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;

	if (fd < 0)
		return false;
	for (;;) {
		if (n + 1 >= b->cap) {
			size_t want = b->cap ? 2 * b->cap : FIRST_BUFFER;
			char *more = realloc(b->text, want);

			if (!more) {
				c->a->failed = true;
				return false;
			}
			*b = (struct buffer){more, want};
		}
		ssize_t got = read(fd, b->text + n, b->cap - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (!got)
			break;
		n += (size_t)got;
	}
	b->text[n] = '\0';
	return true;
}

static bool list_of(struct nk_ns_collector *c, struct buffer *b, pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/mountinfo", (int)pid);
	if (!pid || !read_list(c, b, path))
		return false;
	nk_ns_mountinfo(c, b->text, pid, false);
	return true;
}

void nk_ns_mounts(struct nk_ns_collector *c)
{
	struct buffer b = {0};
	size_t known = c->g->nodes.n;

	/* Ours first: its paths are those that a person here can use. */
	if (c->self && read_list(c, &b, "self/mountinfo"))
		nk_ns_mountinfo(c, b.text, c->self, true);
	for (size_t i = 0; i < known; i++)
		if (c->g->nodes.v[i].kind == NK_NS_MOUNT && !c->notes.v[i].ours &&
		    !list_of(c, &b, c->g->nodes.v[i].pid) && !list_of(c, &b, c->notes.v[i].last))
			list_of(c, &b, c->notes.v[i].thread_pid);
	free(b.text);
}
