/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd.h: names of other networks, for a container that has a card on them, too. It asks one
 * resolver after the other only when the first one is silent: so the first one has to know them
 * all. Read anew when somebody asks for a name that is not ours, and not more often than anybody
 * could notice: what a container makes us read is bounded.
 */
#include <errno.h>
#include <string.h>

#include "netd/netd.h"

enum { FRESH_MS = 200 };

struct nk_elsewhere {
	struct nk_arena arena;
	NK_VEC(struct nk_names) networks;
	int64_t read_at;
};

static void forget(struct nk_elsewhere *x)
{
	for (size_t i = 0; i < x->networks.n; i++)
		nk_names_done(&x->networks.v[i]);
	nk_arena_done(&x->arena);
	*x = (struct nk_elsewhere){0};
}

static void read_network(struct nk_netd *d, struct nk_elsewhere *x, const char *name)
{
	struct nk_net_leases alive = {0};
	struct nk_arena a = {0};
	struct nk_names *to = NK_PUSH(&x->arena, &x->networks);
	struct nk_err ignored;

	if (!to)
		return;
	if (nk_net_leases(&d->store, &a, name, &alive, NULL, false, &ignored) < 0 ||
	    nk_names_set(to, &a, &alive) < 0) {
		nk_arena_done(&a);
		x->networks.n--;
	}
}

static void read_all(struct nk_netd *d, struct nk_elsewhere *x)
{
	struct nk_networks all = {0};
	struct nk_err ignored;
	struct nk_arena a = {0};

	forget(x);
	x->read_at = nk_now_ms();
	if (nk_net_list(&d->store, &a, &all, &ignored) >= 0)
		for (size_t i = 0; i < all.n; i++)
			if (all.v[i].dns && strcmp(all.v[i].name, d->name) != 0)
				read_network(d, x, all.v[i].name);
	nk_arena_done(&a);
}

static bool is_on(const struct nk_names *t, const char *id)
{
	for (size_t i = 0; i < t->leases.n; i++)
		if (!strcmp(t->leases.v[i].id, id))
			return true;
	return false;
}

const struct nk_names *nk_elsewhere(struct nk_netd *d, const struct nk_client *c, const char *name)
{
	static struct nk_elsewhere x;
	const struct nk_ip ip = nk_address_ip(&c->from);
	const struct nk_net_lease *asks = d->alone ? NULL : nk_names_whose(&d->names, &ip);

	if (!asks)
		return NULL;
	if (!x.read_at || nk_now_ms() - x.read_at > FRESH_MS)
		read_all(d, &x);
	for (size_t i = 0; i < x.networks.n; i++)
		if (nk_names_known(&x.networks.v[i], name) && is_on(&x.networks.v[i], asks->id))
			return &x.networks.v[i];
	return NULL;
}
