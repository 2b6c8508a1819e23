/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ns_graph.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/ns_target.h"
#include "cli/paths.h"
#include "cli/plain.h"
#include "cli/report.h"
#include "cli/value.h"
#include "host/subids.h"
#include "host/text.h"
#include "ns/held.h"
#include "runtime/runtime.h"

/* The kernel's names, and what people say. */
static int kind_named(const char *word)
{
	if (!strcmp(word, "mount"))
		return NK_NS_MOUNT;
	if (!strcmp(word, "network"))
		return NK_NS_NET;
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (!strcmp(word, nk_ns_name(k)))
			return k;
	return -1;
}

int nk_set_ns_kinds(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	const char *part;

	while ((part = nk_value_part(use->arena, &value, ','))) {
		int kind = kind_named(part);

		if (kind < 0) {
			nk_fail(e, 0, "there is no type \"%.40s\"", part);
			return nk_hint(e,
				       "user, mnt, uts, ipc, pid, net, cgroup, time; several with "
				       "commas");
		}
		*NK_MEMBER(use, unsigned) |= 1u << kind;
	}
	return 0;
}

struct knowns {
	NK_VEC(struct nk_ns_known);
};

static void know(struct nk_cli *cli, struct knowns *knowns, struct nk_ns_known one)
{
	struct nk_ns_known *known = NK_PUSH(&cli->arena, knowns);

	if (known)
		*known = one;
}

/* What nook ns hold keeps by a process; its bind mounts speak for themselves. */
static void know_held(struct nk_cli *cli, struct knowns *knowns)
{
	_closedir_ DIR *dir = opendir(nk_fmt(&cli->arena, "%s/ns", cli->state));
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		_held_ struct nk_ns_held held = NK_NS_HELD_INIT;
		struct nk_err e;

		if (d->d_name[0] != '.' &&
		    !nk_ns_held_find(&cli->arena, cli->state, d->d_name, &held, &e) &&
		    held.pidfd >= 0 && held.kinds)
			know(cli, knowns, (struct nk_ns_known){held.pid, held.name, held.kinds});
	}
}

static void know_containers(struct nk_cli *cli, struct knowns *knowns)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	struct nk_state_list list = {0};
	struct nk_err e;

	if (access(nk_fmt(&cli->arena, "%s/containers", cli->state), R_OK | X_OK) ||
	    nk_runtime_open(&st, cli->state, &e) < 0 ||
	    nk_state_list(&st, &cli->arena, &list, &e) < 0)
		return;
	for (size_t i = 0; i < list.n; i++)
		if (list.v[i].pid)
			know(cli, knowns, (struct nk_ns_known){list.v[i].pid, list.v[i].name, 0});
}

/* Without a place for nook's state there is just nothing to name. */
static void know_names(struct nk_cli *cli, struct nk_ns_look *look)
{
	struct knowns knowns = {0};
	struct nk_err e;

	if (nk_cli_paths(cli, &e) < 0)
		return;
	/* As the kernel writes it in the paths of mounts. */
	_free_ char *real = realpath(cli->state, NULL);
	look->state = real ? nk_strdup(&cli->arena, real) : NULL;
	know_held(cli, &knowns);
	know_containers(cli, &knowns);
	look->known = knowns.v;
	look->known_count = knowns.n;
}

int nk_cli_ns_collect(struct nk_cli *cli, struct nk_ns_look *look, struct nk_ns_graph *g,
		      struct nk_err *e)
{
	know_names(cli, look);
	return nk_ns_collect(&cli->arena, look, g, e);
}

/* All that a process is in, and what its children will be in. */
static int of_process(struct nk_cli *cli, pid_t pid, unsigned kinds, const struct nk_ns_graph *g,
		      bool *mine, struct nk_err *e)
{
	struct nk_ns_look look = {.kinds = kinds, .pid = pid};
	struct nk_ns_graph own;
	int r = nk_ns_collect(&cli->arena, &look, &own, e);

	if (r < 0)
		return r;
	if (own.unreadable) {
		nk_fail(e, EACCES, "the namespaces of process %d", (int)pid);
		return nk_hint(e, geteuid() ? "it is another user's: run as root"
					    : "to look at it takes CAP_SYS_PTRACE in its user "
					      "namespace");
	}
	for (size_t i = 0; i < own.nodes.n; i++) {
		const struct nk_ns_node *node = &own.nodes.v[i];
		bool in = node->processes > 0;

		for (size_t h = 0; h < node->holders.n; h++)
			in |= node->holders.v[h].what == NK_HOLD_CHILDREN;
		int at = in ? nk_ns_by_inode(g, node->dev, node->inode) : NK_NS_NOBODY;
		if (at >= 0)
			mine[at] = true;
	}
	return 0;
}

int nk_cli_ns_of(struct nk_cli *cli, const char *word, unsigned kinds, const struct nk_ns_graph *g,
		 bool *mine, struct nk_err *e)
{
	_target_ struct nk_ns_target t = NK_NS_TARGET_INIT;
	int r = cli->state ? 0 : nk_cli_paths(cli, e);

	if (r >= 0)
		r = nk_cli_ns_target(cli, word, &t, e);
	if (r < 0)
		return r;
	/* A holder is in more than what it holds, and so is who has the inode. */
	if (t.from == NK_TARGET_PROCESS || t.from == NK_TARGET_CONTAINER)
		return of_process(cli, t.pid, kinds, g, mine, e);
	for (int k = 0; k < NK_NS_COUNT; k++) {
		struct stat st;
		int at = NK_NS_NOBODY;

		if (t.kinds & 1u << k && t.paths[k] && !stat(t.paths[k], &st))
			at = nk_ns_by_inode(g, 0, st.st_ino);
		if (at >= 0)
			mine[at] = true;
	}
	return 0;
}

bool *nk_cli_ns_choose(struct nk_cli *cli, const char *word, unsigned kinds,
		       const struct nk_ns_graph *g, struct nk_err *e)
{
	bool *chosen = nk_alloc(&cli->arena, g->nodes.n + 1);

	if (!chosen) {
		nk_arena_ok(&cli->arena, e);
		return NULL;
	}
	if (word && nk_cli_ns_of(cli, word, kinds, g, chosen, e) < 0)
		return NULL;
	for (size_t i = 0; i < g->nodes.n; i++)
		chosen[i] = (!word || chosen[i]) && (!kinds || kinds & 1u << g->nodes.v[i].kind);
	return chosen;
}

void nk_cli_ns_unseen(const struct nk_cli *cli, const struct nk_ns_graph *g)
{
	unsigned n = g->unreadable;

	if (!n)
		return;
	fflush(stdout);
	if (geteuid())
		nk_cli_hint(cli,
			    "%u process%s belong%s to others: run as root to see the namespaces "
			    "of theirs",
			    n, n == 1 ? "" : "es", n == 1 ? "s" : "");
	else
		nk_cli_hint(cli,
			    "%u process%s may not be looked at from here, which takes "
			    "CAP_SYS_PTRACE",
			    n, n == 1 ? "" : "es");
}

const char *nk_cli_user(struct nk_cli *cli, uid_t uid)
{
	static const char *passwd;
	static struct {
		uid_t uid;
		const char *name;
	} last;

	if (uid == (uid_t)-1)
		return "?";
	if (!passwd) {
		_free_ char *text = nk_text_read("/etc/passwd", 1 << 22);

		passwd = nk_strdup(&cli->arena, text ? text : "");
	}
	if (!last.name || last.uid != uid) {
		const char *name = nk_passwd_name(&cli->arena, passwd, uid);

		last.uid = uid;
		last.name = name ? nk_cli_plain(&cli->arena, name)
				 : nk_fmt(&cli->arena, "%u", (unsigned)uid);
	}
	return last.name;
}

static const char *holder_words(struct nk_arena *a, const struct nk_ns_holder *h)
{
	switch (h->what) {
	case NK_HOLD_PROCESS:
		return "processes";
	case NK_HOLD_CHILDREN:
		return nk_fmt(a, "children of %d", (int)h->pid);
	case NK_HOLD_MOUNT:
		if (h->pid != getpid()) /* not to be seen from here */
			return nk_fmt(a, "mount %s in %d", nk_cli_plain(a, h->path), (int)h->pid);
		return nk_fmt(a, "mount %s", nk_cli_plain(a, h->path));
	case NK_HOLD_FD:
		return nk_fmt(a, "fd %d of %d", h->fd, (int)h->pid);
	case NK_HOLD_THREAD:
		return nk_fmt(a, "thread %d", (int)h->pid);
	case NK_HOLD_NESTED:
		break;
	}
	return "";
}

const char *nk_cli_ns_kept(struct nk_cli *cli, const struct nk_ns_node *node)
{
	struct nk_arena *a = &cli->arena;
	unsigned count[NK_HOLD_THREAD + 1] = {0};
	const char *text = "";

	for (size_t i = 0; i < node->holders.n; i++)
		count[node->holders.v[i].what]++;
	/* One of each kind can be told; of more, how many there are. */
	for (size_t i = 0; i < node->holders.n; i++) {
		const struct nk_ns_holder *h = &node->holders.v[i];
		unsigned n = count[h->what];

		if (h->what == NK_HOLD_NESTED || !n)
			continue;
		text = nk_fmt(a, "%s%s%s", text, *text ? ", " : "", holder_words(a, h));
		if (n > 1)
			text = nk_fmt(a, "%s and %u more", text, n - 1);
		count[h->what] = 0;
	}
	if (count[NK_HOLD_NESTED])
		text = nk_fmt(a, "%s%s%u below", text, *text ? ", " : "", count[NK_HOLD_NESTED]);
	return *text ? text : "-";
}

static void json_holder(struct nk_json_out *j, const struct nk_ns_holder *h)
{
	static const char *const names[] = {
		[NK_HOLD_PROCESS] = "process", [NK_HOLD_CHILDREN] = "children",
		[NK_HOLD_MOUNT] = "mount",     [NK_HOLD_NESTED] = "nested",
		[NK_HOLD_FD] = "fd",	       [NK_HOLD_THREAD] = "thread",
	};

	nk_json_open(j, NULL, '{');
	nk_json_str(j, "kind", names[h->what]);
	nk_json_int(j, "pid", h->pid);
	nk_json_uint(j, "count", h->count);
	if (h->what == NK_HOLD_MOUNT)
		nk_json_str(j, "path", h->path);
	if (h->what == NK_HOLD_FD)
		nk_json_int(j, "fd", h->fd);
	nk_json_close(j);
}

/* Those that need it are one holder: the first user namespace owns hundreds. */
static void json_nested(struct nk_json_out *j, const struct nk_ns_graph *g,
			const struct nk_ns_node *node)
{
	unsigned count = 0;

	for (size_t i = 0; i < node->holders.n; i++)
		count += node->holders.v[i].what == NK_HOLD_NESTED;
	if (!count)
		return;
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "kind", "nested");
	nk_json_uint(j, "count", count);
	nk_json_open(j, "inodes", '[');
	for (size_t i = 0; i < node->holders.n; i++)
		if (node->holders.v[i].what == NK_HOLD_NESTED)
			nk_json_uint(j, NULL, g->nodes.v[node->holders.v[i].ns].inode);
	nk_json_close(j);
	nk_json_close(j);
}

static void json_relative(struct nk_json_out *j, const char *key, const struct nk_ns_graph *g,
			  int idx)
{
	if (idx >= 0)
		nk_json_uint(j, key, g->nodes.v[idx].inode);
	else
		nk_json_null(j, key);
}

void nk_cli_ns_json(struct nk_cli *cli, struct nk_json_out *j, const struct nk_ns_graph *g,
		    const struct nk_ns_node *node)
{
	nk_json_str(j, "type", nk_ns_name(node->kind));
	nk_json_uint(j, "inode", node->inode);
	json_relative(j, "owner", g, node->owner);
	json_relative(j, "parent", g, node->parent);
	if (node->creator_known)
		nk_json_uint(j, "creator", node->creator);
	else
		nk_json_null(j, "creator");
	nk_json_uint(j, "processes", node->processes);
	if (node->pid) {
		nk_json_int(j, "pid", node->pid);
		nk_json_str(j, "user", nk_cli_user(cli, node->uid));
	} else {
		nk_json_null(j, "pid");
		nk_json_null(j, "user");
	}
	nk_json_str(j, "command", node->command);
	nk_json_str(j, "name", node->name);
	nk_json_open(j, "holders", '[');
	for (size_t i = 0; i < node->holders.n; i++)
		if (node->holders.v[i].what != NK_HOLD_NESTED)
			json_holder(j, &node->holders.v[i]);
	json_nested(j, g, node);
	nk_json_close(j);
}
