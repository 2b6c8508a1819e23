/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd.h: a container with cards on several networks asks the resolver of one of them, and means
 * the names of all. So what our own table does not have is looked for in the leases of the other
 * networks that the asker itself is on; nobody learns names of networks that he has no card on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "netd/netd.h"

enum { NEIGHBOURS = 256, TOGETHER_MS = 20 };

struct nk_neighbour {
	struct nk_neighbour *next;
	struct stat seen;
	struct nk_names names;
	bool there;
	char name[];
};

static struct nk_neighbour *find(struct nk_netd *d, const char *name, size_t *n)
{
	struct nk_neighbour *o = d->neighbours;

	for (*n = 0; o && strcmp(o->name, name) != 0; o = o->next)
		++*n;
	return o;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The leases of network `name` -> its table; empty where names are not wanted. */
static void load(struct nk_netd *d, const char *name, const struct stat *st)
{
	_arena_ struct nk_arena a = {0};
	struct nk_net_leases alive = {0}, dead = {0};
	struct nk_network network;
	struct nk_err e;
	size_t n, size = strlen(name) + 1;
	struct nk_neighbour *o = find(d, name, &n);

	if (!o) {
		o = n < NEIGHBOURS ? calloc(1, sizeof(*o) + size) : NULL;
		if (!o)
			return;
		memcpy(o->name, name, size);
		o->next = d->neighbours;
		d->neighbours = o;
	}
	o->there = true;
	if (same_file(&o->seen, st))
		return;
	int r = nk_life_definition(d, name, &a, &network, &e);
	bool dns = r >= 0 && network.dns;
	if (dns)
		r = nk_net_leases(&d->store, &a, name, &alive, &dead, NULL, &e);
	/* What we had stays until it can be read. */
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
		return;
	o->seen = *st;
	if (r < 0 || !dns)
		alive.n = 0;
	nk_names_set(&o->names, &a, &alive);
}

static void look(struct nk_netd *d)
{
	static int64_t last;
	int64_t now = nk_now_ms();

	/* An asker in a hurry makes us walk through the directory fifty times a second, not more.
	 */
	if (last && now - last < TOGETHER_MS)
		return;
	last = now;
	int fd = openat(d->store.state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct nk_neighbour *o = d->neighbours; o; o = o->next)
		o->there = false;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		char path[NAME_MAX + 8];
		struct stat st;
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, d->name) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/leases", entry->d_name);
		if (fstatat(d->store.state_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			load(d, entry->d_name, &st);
	}
	for (struct nk_neighbour **at = &d->neighbours, *o; (o = *at);) {
		if (o->there) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		nk_names_done(&o->names);
		free(o);
	}
}

/* The container that asks, or NULL. */
static const char *asker(struct nk_netd *d, const struct nk_client *c)
{
	struct nk_ip ip = nk_address_ip(&c->from);
	const struct nk_net_lease *l = c->view->egress ? NULL : nk_names_whose(&d->names, &ip);

	return c->view->egress ? c->view->id : l ? l->id : NULL;
}

/* Of a dead owner's card nothing is said, though its file has not changed yet. */
static void without_dead(struct nk_netd *d, struct nk_neighbour *o)
{
	struct stat st = o->seen;

	for (size_t i = 0; i < o->names.leases.n; i++)
		if (!nk_net_owner_alive(o->names.leases.v[i].owner)) {
			memset(&o->seen, 0, sizeof(o->seen));
			load(d, o->name, &st);
			return;
		}
}

static bool has(const struct nk_names *t, const struct nk_question *q, const struct nk_ip *back)
{
	return back ? nk_names_whose(t, back) != NULL : nk_names_known(t, q->text);
}

ldns_pkt *nk_neighbours_answer(struct nk_netd *d, const struct nk_client *c,
			       const struct nk_question *q)
{
	struct nk_ip ip;
	unsigned bits;
	bool back = nk_reverse_read(q->text, &ip, &bits);
	const struct nk_ip *of = back ? &ip : NULL;
	const char *id = asker(d, c);

	if (!id || !q->text[0] || (back && bits != (ip.family == AF_INET ? 32 : 128)))
		return NULL;
	look(d);
	for (struct nk_neighbour *o = d->neighbours; o; o = o->next) {
		const struct nk_names *t = &o->names;
		if (!has(t, q, of) || !nk_names_has_id(t, id))
			continue;
		without_dead(d, o);
		if (has(t, q, of) && nk_names_has_id(t, id))
			return back ? nk_names_reverse(t, q, &ip) : nk_names_forward(t, q);
	}
	return NULL;
}
