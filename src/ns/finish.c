/* SPDX-License-Identifier: Apache-2.0 */
/* The last step: what keeps each namespace, only what was asked for, in order. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "ns/collector.h"

static void hold(struct nk_ns_collector *c, int idx, struct nk_ns_holder holder)
{
	struct nk_ns_holder *h = NK_PUSH(c->a, &c->g->nodes.v[idx].holders);

	if (h)
		*h = holder;
}

/* Mounts have been noted already: processes go before them, for who reads from the top. */
static void holders(struct nk_ns_collector *c, int idx)
{
	struct nk_ns_node *node = &c->g->nodes.v[idx];
	const struct nk_ns_notes *notes = &c->notes.v[idx];
	struct nk_ns_holder none = {.ns = NK_NS_NOBODY, .fd = -1}, *mounts = node->holders.v;
	size_t n = node->holders.n;

	node->holders.v = NULL;
	node->holders.n = node->holders.cap = 0;
	if (node->processes) {
		none.what = NK_HOLD_PROCESS, none.pid = node->pid, none.count = node->processes;
		hold(c, idx, none);
	}
	if (notes->threads) {
		none.what = NK_HOLD_THREAD, none.pid = notes->thread_pid;
		none.count = notes->threads;
		hold(c, idx, none);
	}
	if (notes->children) {
		none.what = NK_HOLD_CHILDREN, none.pid = notes->children_pid;
		none.count = notes->children;
		hold(c, idx, none);
	}
	for (size_t i = 0; i < n; i++)
		hold(c, idx, mounts[i]);
	if (notes->fds) {
		none.what = NK_HOLD_FD, none.pid = notes->fd_pid, none.count = notes->fds;
		none.fd = notes->fd;
		hold(c, idx, none);
	}
}

struct key {
	enum nk_ns_kind kind;
	uint64_t inode;
	int was;
};

static int by_kind(const void *x, const void *y)
{
	const struct key *a = x, *b = y;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/*
 * Mount and user namespaces have been read though nobody asked for them: the mount namespaces go,
 * and of the user namespaces those that are not around or owner of one that stays.
 */
static bool *stays(struct nk_ns_collector *c)
{
	const struct nk_ns_graph *g = c->g;
	unsigned wanted = c->look->kinds;
	bool *stay = nk_alloc(c->a, g->nodes.n + 1);

	for (size_t i = 0; stay && i < g->nodes.n; i++) {
		if (wanted && !(wanted & 1u << g->nodes.v[i].kind))
			continue;
		stay[i] = true;
		for (int up = g->nodes.v[i].owner; up >= 0 && !stay[up]; up = g->nodes.v[up].owner)
			stay[up] = true;
	}
	return stay;
}

static int new_index(const int *now, int was)
{
	return was < 0 ? NK_NS_NOBODY : now[was];
}

static void renumber(struct nk_ns_graph *g, const int *now)
{
	for (size_t i = 0; i < g->nodes.n; i++) {
		g->nodes.v[i].owner = new_index(now, g->nodes.v[i].owner);
		g->nodes.v[i].parent = new_index(now, g->nodes.v[i].parent);
	}
	for (size_t i = 0; i < g->processes.n; i++) {
		struct nk_ns_process *p = &g->processes.v[i];

		for (int k = 0; k < NK_NS_COUNT; k++)
			p->ns[k] = new_index(now, p->ns[k]);
		for (int k = 0; k < 2; k++)
			p->for_children[k] = new_index(now, p->for_children[k]);
	}
}

static bool sort(struct nk_ns_collector *c)
{
	struct nk_ns_graph *g = c->g;
	const bool *stay = stays(c);
	struct nk_ns_node *nodes = nk_alloc(c->a, (g->nodes.n + 1) * sizeof(*nodes));
	struct key *keys = nk_alloc(c->a, (g->nodes.n + 1) * sizeof(*keys));
	int *now = nk_alloc(c->a, (g->nodes.n + 1) * sizeof(*now));
	size_t n = 0;

	if (!stay || !nodes || !keys || !now)
		return false;
	for (size_t i = 0; i < g->nodes.n; i++) {
		now[i] = NK_NS_NOBODY;
		if (stay[i])
			keys[n++] = (struct key){g->nodes.v[i].kind, g->nodes.v[i].inode, (int)i};
	}
	qsort(keys, n, sizeof(*keys), by_kind);
	for (size_t i = 0; i < n; i++) {
		nodes[i] = g->nodes.v[keys[i].was];
		now[keys[i].was] = (int)i;
	}
	g->nodes.v = nodes;
	g->nodes.n = n;
	g->nodes.cap = n + 1;
	renumber(g, now);
	return true;
}

static int by_pid(const void *x, const void *y)
{
	const struct nk_ns_process *a = x, *b = y;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

void nk_ns_finish(struct nk_ns_collector *c)
{
	struct nk_ns_graph *g = c->g;
	struct nk_ns_holder nested = {.what = NK_HOLD_NESTED, .fd = -1};

	for (size_t i = 0; i < g->nodes.n; i++)
		holders(c, (int)i);
	if (!sort(c))
		return;
	for (size_t i = 0; i < g->nodes.n; i++) {
		const struct nk_ns_node *node = &g->nodes.v[i];

		nested.ns = (int)i;
		if (node->owner >= 0)
			hold(c, node->owner, nested);
		if (node->parent >= 0 && node->parent != node->owner)
			hold(c, node->parent, nested);
	}
	if (g->processes.n)
		qsort(g->processes.v, g->processes.n, sizeof(*g->processes.v), by_pid);
}
