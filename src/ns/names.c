/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of namespaces: what a person may call one in a command. A bind mount gives one where this
 * process sees it, so that the name can be used here: /run/netns/NAME of ip-netns(8),
 * STATE/ns/NAME/KIND of nook ns hold. Then what the caller knows of:
 * containers, and holders.
 */
#include <stdio.h>
#include <string.h>

#include "ns/collector.h"

/* What stands in path behind the directories dir and then below, or NULL. */
static const char *behind(const char *path, const char *dir, const char *below)
{
	size_t n = strlen(dir), m = strlen(below);

	if (strncmp(path, dir, n) != 0 || strncmp(path + n, below, m) != 0)
		return NULL;
	return path + n + m;
}

void nk_ns_name_by_path(struct nk_ns_collector *c, int idx, const char *path)
{
	struct nk_ns_node *node = &c->g->nodes.v[idx];
	const char *held = c->look->state ? behind(path, c->look->state, "/ns/") : NULL;
	const char *net = behind(path, "/run/netns", "/");
	const char *end = held ? strchr(held, '/') : NULL;

	/* Half made or half taken apart: ".new-…", ".dead-…". */
	if (end && *held == '.')
		return;
	if (end && !strcmp(end + 1, nk_ns_name(node->kind)))
		node->name = nk_strndup(c->a, held, (size_t)(end - held));
	else if (!node->name && node->kind == NK_NS_NET && net && *net && !strchr(net, '/'))
		node->name = nk_strdup(c->a, net);
}

static void name_one(struct nk_ns_collector *c, const struct nk_ns_known *known, enum nk_ns_kind k)
{
	enum nk_ns_kind kind;
	uint64_t inode, ours = 0;
	char path[48];
	bool is_new;

	if (known->kinds && !(known->kinds & 1u << k))
		return;
	snprintf(path, sizeof(path), "self/ns/%s", nk_ns_name(k));
	if (!known->kinds)
		nk_ns_link(c->proc, path, &kind, &ours);
	snprintf(path, sizeof(path), "%d/ns/%s", (int)known->pid, nk_ns_name(k));
	if (nk_ns_link(c->proc, path, &kind, &inode) < 0 || inode == ours)
		return;
	int idx = nk_ns_node_beside(c, kind, inode, &is_new);
	if (idx >= 0 && !c->g->nodes.v[idx].name)
		c->g->nodes.v[idx].name = known->name;
}

void nk_ns_name_known(struct nk_ns_collector *c)
{
	for (size_t i = 0; i < c->look->known_count; i++)
		for (int k = 0; k < NK_NS_COUNT; k++)
			name_one(c, &c->look->known[i], (enum nk_ns_kind)k);
}
