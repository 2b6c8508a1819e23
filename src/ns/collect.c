/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan of /proc. With thousands of processes the time is all in the kernel, so per process
 * there are ten readlinks and little else: a link's text has kind and inode already, where stat
 * would make an inode of nsfs for it. The directory is held open over the ten, which spares the
 * look-ups, and keeps a process that gets the same number meanwhile out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "ns/collector.h"

enum { PROC_PATH = 64, FIRST_SLOTS = 1024 };

int nk_ns_parse(const char *word, enum nk_ns_kind *kind, uint64_t *inode)
{
	const char *colon = strchr(word, ':');
	uint64_t n = 0;

	if (!colon || colon[1] != '[' || colon[2] < '0' || colon[2] > '9')
		return -EINVAL;
	const char *digit = colon + 2;
	for (; *digit >= '0' && *digit <= '9'; digit++) {
		if (n > (UINT64_MAX - 9) / 10)
			return -EINVAL;
		n = n * 10 + (uint64_t)(*digit - '0');
	}
	if (strcmp(digit, "]") != 0)
		return -EINVAL;
	for (int k = 0; k < NK_NS_COUNT; k++) {
		const char *name = nk_ns_name(k);
		size_t len = (size_t)(colon - word);

		if (strlen(name) == len && !memcmp(name, word, len)) {
			*kind = (enum nk_ns_kind)k;
			*inode = n;
			return k;
		}
	}
	return -EINVAL;
}

int nk_ns_link(int dir_fd, const char *path, enum nk_ns_kind *kind, uint64_t *inode)
{
	char text[PROC_PATH];
	ssize_t n = readlinkat(dir_fd, path, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return nk_ns_parse(text, kind, inode);
}

static size_t slot_of(const struct nk_ns_collector *c, uint64_t inode)
{
	size_t at = (inode * 0x9e3779b97f4a7c15u >> 32) & (c->slot_count - 1);

	while (c->slots[at] && c->g->nodes.v[c->slots[at] - 1].inode != inode)
		at = (at + 1) & (c->slot_count - 1);
	return at;
}

static bool grow_slots(struct nk_ns_collector *c)
{
	size_t want = c->slot_count ? c->slot_count * 2 : FIRST_SLOTS;
	int *slots = nk_alloc(c->a, want * sizeof(*slots));

	if (!slots)
		return false;
	c->slots = slots;
	c->slot_count = want;
	for (size_t i = 0; i < c->g->nodes.n; i++)
		slots[slot_of(c, c->g->nodes.v[i].inode)] = (int)i + 1;
	return true;
}

int nk_ns_node(struct nk_ns_collector *c, enum nk_ns_kind kind, uint64_t inode)
{
	if (c->g->nodes.n * 2 >= c->slot_count && !grow_slots(c))
		return NK_NS_NOBODY;
	size_t at = slot_of(c, inode);
	if (c->slots[at])
		return c->slots[at] - 1;
	struct nk_ns_notes *notes = NK_PUSH(c->a, &c->notes);
	struct nk_ns_node *node = notes ? NK_PUSH(c->a, &c->g->nodes) : NULL;
	if (!node)
		return NK_NS_NOBODY;
	*node = (struct nk_ns_node){
		.kind = kind,
		.dev = c->dev,
		.inode = inode,
		.owner = NK_NS_NOBODY,
		.parent = NK_NS_NOBODY,
	};
	c->slots[at] = (int)c->g->nodes.n;
	return c->slots[at] - 1;
}

int nk_ns_node_beside(struct nk_ns_collector *c, enum nk_ns_kind kind, uint64_t inode, bool *is_new)
{
	bool seen = c->slot_count && c->slots[slot_of(c, inode)];

	if (!(c->kinds & 1u << kind) || (c->look->pid && !seen))
		return NK_NS_NOBODY;
	*is_new = !seen;
	return nk_ns_node(c, kind, inode);
}

int nk_ns_each_pid(struct nk_ns_collector *c, nk_ns_pid_fn *fn)
{
	_close_ int fd = openat(c->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *d;
	uint32_t pid;

	if (!dir)
		return -errno;
	nk_take_fd(&fd);
	while ((d = readdir(dir)))
		if (d->d_name[0] <= '9' && nk_text_u32(d->d_name, strlen(d->d_name), &pid))
			fn(c, (pid_t)pid, d->d_name);
	return 0;
}

static int note_process(struct nk_ns_collector *c, pid_t pid, enum nk_ns_kind kind, uint64_t inode)
{
	int idx = nk_ns_node(c, kind, inode);

	if (idx < 0)
		return idx;
	struct nk_ns_node *node = &c->g->nodes.v[idx];
	struct nk_ns_notes *notes = &c->notes.v[idx];
	if (!node->pid || pid < node->pid)
		node->pid = pid;
	if (pid > notes->last)
		notes->last = pid;
	if (pid == c->self)
		notes->ours = true;
	node->processes++;
	return idx;
}

/* PID and time namespaces of the children to come, where they are not the process' own. */
static void note_children(struct nk_ns_collector *c, int dir_fd, struct nk_ns_process *p)
{
	static const enum nk_ns_kind kinds[] = {NK_NS_PID, NK_NS_TIME};
	enum nk_ns_kind kind;
	uint64_t inode;
	char name[PROC_PATH];

	for (size_t i = 0; i < NK_COUNT(kinds); i++) {
		if (!(c->kinds & 1u << kinds[i]))
			continue;
		stpcpy(stpcpy(name, nk_ns_name(kinds[i])), "_for_children");
		if (nk_ns_link(dir_fd, name, &kind, &inode) < 0)
			continue;
		int own = p->ns[kinds[i]];
		if (own >= 0 && c->g->nodes.v[own].inode == inode)
			continue;
		int idx = nk_ns_node(c, kind, inode);
		if (idx < 0)
			return;
		struct nk_ns_notes *notes = &c->notes.v[idx];
		if (!notes->children_pid || p->pid < notes->children_pid)
			notes->children_pid = p->pid;
		notes->children++;
		p->for_children[i] = idx;
	}
}

/* The number in text behind the word that begins a line of a status file. */
static bool status_number(const char *text, const char *word, unsigned nth, uint32_t *out)
{
	const char *at = strstr(text, word);

	if (!at)
		return false;
	for (at += strlen(word);; nth--) {
		at += strspn(at, "\t ");
		size_t n = strcspn(at, "\t \n");
		if (!nth)
			return nk_text_u32(at, n, out);
		at += n;
	}
}

static void keep(struct nk_ns_collector *c, struct nk_ns_process *p)
{
	char path[PROC_PATH];
	uint32_t ppid = 0, uid = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
	_free_ char *text = nk_text_read(path, 1 << 16);
	if (!text || !status_number(text, "\nPPid:", 0, &ppid) ||
	    !status_number(text, "\nUid:", 1, &uid))
		return; /* it has ended */
	struct nk_ns_process *kept = NK_PUSH(c->a, &c->g->processes);
	if (!kept)
		return;
	*kept = *p;
	kept->ppid = (pid_t)ppid;
	kept->uid = (uid_t)uid;
}

static void scan(struct nk_ns_collector *c, pid_t pid, const char *digits)
{
	struct nk_ns_process p = {.pid = pid, .for_children = {NK_NS_NOBODY, NK_NS_NOBODY}};
	char path[PROC_PATH];
	int found = 0, refused = 0;

	stpcpy(stpcpy(path, digits), "/ns");
	_close_ int dir = openat(c->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return; /* it has ended */
	for (int k = 0; k < NK_NS_COUNT; k++) {
		enum nk_ns_kind kind;
		uint64_t inode;

		p.ns[k] = NK_NS_NOBODY;
		if (refused || !(c->kinds & 1u << k))
			continue;
		int r = nk_ns_link(dir, nk_ns_name(k), &kind, &inode);
		if (r == -EACCES || r == -EPERM)
			refused = 1; /* one rule for all of them (ptrace) */
		if (r >= 0) {
			p.ns[k] = note_process(c, pid, kind, inode);
			found++;
		}
	}
	c->g->unreadable += (unsigned)refused;
	if (found) {
		note_children(c, dir, &p);
		nk_ns_threads(c, dir, &p);
	}
	if ((found || refused) && c->look->keep_processes)
		keep(c, &p);
}

static void start(struct nk_ns_collector *c)
{
	char digits[16];
	struct stat st;
	ssize_t n = readlinkat(c->proc, "self", digits, sizeof(digits));
	uint32_t self;

	/* In a PID namespace of its own, below somebody else's /proc, it is not there. */
	if (n > 0 && nk_text_u32(digits, (size_t)n, &self))
		c->self = (pid_t)self;
	if (!fstatat(c->proc, "self/ns/user", &st, 0))
		c->dev = st.st_dev;
	c->kinds = c->look->kinds;
	if (!c->kinds)
		c->kinds = (1u << NK_NS_COUNT) - 1;
	/* Owners are user namespaces; mounts are looked for in every mount namespace. */
	c->kinds |= 1u << NK_NS_USER | 1u << NK_NS_MOUNT;
}

static int scan_all(struct nk_ns_collector *c, struct nk_err *e)
{
	int r = nk_ns_each_pid(c, scan);

	if (r < 0)
		return nk_fail(e, -r, "read /proc");
	if (!c->g->nodes.n && !c->g->unreadable && !c->a->failed) {
		nk_fail(e, ENOENT, "there is no process in /proc");
		return nk_hint(e, "mount -t proc proc /proc");
	}
	return 0;
}

static int scan_one(struct nk_ns_collector *c, struct nk_err *e)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%d", (int)c->look->pid);
	scan(c, c->look->pid, digits);
	if (!c->g->nodes.n && !c->g->unreadable && !c->a->failed) {
		nk_fail(e, ESRCH, "process %s", digits);
		return nk_hint(e, "ps -e lists those that are there");
	}
	return 0;
}

int nk_ns_collect(struct nk_arena *a, const struct nk_ns_look *look, struct nk_ns_graph *g,
		  struct nk_err *e)
{
	_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct nk_ns_collector c = {.a = a, .look = look, .g = g, .proc = proc};

	*g = (struct nk_ns_graph){0};
	if (proc < 0)
		return nk_fail(e, errno, "read /proc");
	start(&c);
	int r = look->pid ? scan_one(&c, e) : scan_all(&c, e);
	if (r < 0)
		return r;
	nk_ns_mounts(&c);
	if (look->fds)
		nk_ns_fds(&c);
	nk_ns_relate_all(&c);
	nk_ns_name_known(&c);
	nk_ns_commands(&c);
	nk_ns_finish(&c);
	return a->failed ? nk_fail(e, ENOMEM, "list the namespaces") : 0;
}

int nk_ns_by_inode(const struct nk_ns_graph *g, uint64_t dev, uint64_t inode)
{
	for (size_t i = 0; i < g->nodes.n; i++)
		if (g->nodes.v[i].inode == inode && (!dev || g->nodes.v[i].dev == dev))
			return (int)i;
	return NK_NS_NOBODY;
}
