/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns show --format json. What is not visible is null, and "hidden" tells why. */
#include <errno.h>
#include <sys/socket.h>

#include "cli/ns_show.h"
#include "ns/idmap.h"
#include "security/caps.h"

static void inode(struct nk_json_out *j, const char *key, uint64_t number)
{
	if (number)
		nk_json_uint(j, key, number);
	else
		nk_json_null(j, key);
}

static void namespaces(struct nk_json_out *j, const struct nk_inside *in)
{
	const struct nk_ns_subject *s = in->s;

	nk_json_open(j, "namespaces", '[');
	for (int k = 0; k < NK_NS_COUNT; k++) {
		if (s->err[k] == ENOENT)
			continue;
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "type", nk_ns_name((enum nk_ns_kind)k));
		inode(j, "inode", s->inode[k]);
		inode(j, "owner", in->owner[k].inode);
		if (s->inode[k])
			nk_json_bool(j, "ours", nk_ns_subject_ours(s, (enum nk_ns_kind)k));
		else
			nk_json_null(j, "ours");
		if (k == NK_NS_PID || k == NK_NS_TIME)
			inode(j, "for_children", s->for_children[k == NK_NS_TIME]);
		nk_json_close(j);
	}
	nk_json_close(j);
}

void nk_ns_chain_json(struct nk_json_out *j, const char *key, const struct nk_ns_pid_chain *chain)
{
	nk_json_open(j, key, '[');
	for (size_t i = 0; i < chain->n; i++) {
		const struct nk_ns_pid_level *l = &chain->v[i];
		nk_json_open(j, NULL, '{');
		inode(j, "namespace", l->inode);
		nk_json_int(j, "number", l->number);
		inode(j, "init", (uint64_t)l->init);
		nk_json_str(j, "init_command", l->init ? l->init_command : NULL);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void map(struct nk_json_out *j, struct nk_arena *a, const char *key,
		const struct nk_idmaps *m)
{
	nk_json_open(j, key, '[');
	for (size_t i = 0; i < m->n; i++) {
		nk_json_open(j, NULL, '{');
		nk_json_uint(j, "inside", m->v[i].inside);
		nk_json_uint(j, "outside", m->v[i].outside);
		nk_json_uint(j, "count", m->v[i].count);
		nk_json_str(j, "words", nk_ns_idmap_words(a, &m->v[i]));
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void cap_array(struct nk_json_out *j, struct nk_arena *a, const char *key, uint64_t caps)
{
	nk_json_open(j, key, '[');
	for (unsigned c = 0; c < 64; c++)
		if (caps >> c & 1)
			nk_json_str(j, NULL,
				    nk_cap_name(c) ? nk_cap_name(c) : nk_fmt(a, "CAP_%u", c));
	nk_json_close(j);
}

static void capabilities(struct nk_json_out *j, struct nk_arena *a, const struct nk_inside *in)
{
	const struct nk_ns_status *st = &in->s->status;

	nk_json_open(j, "capabilities", '{');
	inode(j, "namespace", in->s->inode[NK_NS_USER]);
	cap_array(j, a, "effective", st->effective);
	cap_array(j, a, "permitted", st->permitted);
	cap_array(j, a, "inheritable", st->inheritable);
	cap_array(j, a, "bounding", st->bounding);
	cap_array(j, a, "ambient", st->ambient);
	nk_json_open(j, "count_over", '[');
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (in->owner[k].ruled)
			nk_json_str(j, NULL, nk_ns_name((enum nk_ns_kind)k));
	nk_json_close(j);
	nk_json_bool(j, "no_new_privs", st->no_new_privs);
	nk_json_int(j, "seccomp", st->seccomp);
	nk_json_close(j);
}

static void cgroups(struct nk_json_out *j, const struct nk_inside *in)
{
	nk_json_open(j, "cgroups", '[');
	for (size_t i = 0; i < in->cgroups.n; i++) {
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "id", in->cgroups.v[i].id);
		nk_json_str(j, "controllers", in->cgroups.v[i].controllers);
		nk_json_str(j, "outside", in->cgroups.v[i].outside);
		nk_json_str(j, "inside", in->cgroups.v[i].inside);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void mount(struct nk_json_out *j, const char *change, const struct nk_ns_mount *m)
{
	nk_json_open(j, NULL, '{');
	if (change)
		nk_json_str(j, "change", change);
	nk_json_str(j, "point", m->point);
	nk_json_str(j, "root", m->root);
	nk_json_str(j, "type", m->type);
	nk_json_str(j, "source", m->source);
	nk_json_str(j, "options", m->options);
	nk_json_str(j, "superblock", m->superblock);
	nk_json_str(j, "propagation", m->propagation);
	nk_json_close(j);
}

static void mounts(struct nk_json_out *j, const struct nk_inside *in)
{
	static const char *const changes[] = {
		[NK_MOUNT_ONLY_HERE] = "added",
		[NK_MOUNT_ONLY_THERE] = "missing",
		[NK_MOUNT_CHANGED] = "changed",
		[NK_MOUNT_SPREADS] = "propagation",
	};

	nk_json_open(j, "mounts", '[');
	for (size_t i = 0; i < in->mounts.n; i++)
		mount(j, NULL, &in->mounts.v[i]);
	nk_json_close(j);
	if (in->parent < 0) {
		nk_json_null(j, "mounts_unlike_parent");
		return;
	}
	nk_json_open(j, "mounts_unlike_parent", '[');
	for (size_t i = 0; i < in->mount_diffs.n; i++) {
		const struct nk_ns_mount_diff *d = &in->mount_diffs.v[i];
		mount(j, changes[d->change], d->here ? d->here : d->there);
	}
	nk_json_close(j);
}

static void card(struct nk_json_out *j, const struct nk_card *c)
{
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "name", c->name);
	inode(j, "index", (uint64_t)c->index);
	if (c->known) {
		nk_json_bool(j, "up", c->up);
		nk_json_str(j, "state", c->state);
		nk_json_uint(j, "mtu", c->mtu);
		nk_json_str(j, "mac", c->mac[0] ? c->mac : NULL);
		nk_json_str(j, "kind", c->kind[0] ? c->kind : NULL);
		inode(j, "peer", (uint64_t)c->peer);
		nk_json_bool(j, "peer_elsewhere", c->peer_elsewhere);
		inode(j, "master", (uint64_t)c->master);
	}
	nk_json_strv(j, "addresses", &c->addresses);
	nk_json_close(j);
}

static void cards(struct nk_json_out *j, const struct nk_inside *in)
{
	nk_json_open(j, "cards", '[');
	for (size_t i = 0; i < in->net.cards.n; i++)
		card(j, &in->net.cards.v[i]);
	nk_json_close(j);
	nk_json_strv(j, "addresses_of_unknown_cards", &in->net.loose);
}

static void routes(struct nk_json_out *j, const struct nk_inside *in)
{
	nk_json_open(j, "routes", '[');
	for (size_t i = 0; i < in->net.routes.n; i++) {
		const struct nk_route *r = &in->net.routes.v[i];
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "family", r->family == AF_INET6 ? "inet6" : "inet");
		nk_json_str(j, "to", r->to);
		nk_json_str(j, "type", r->type);
		nk_json_str(j, "via", r->via);
		nk_json_str(j, "dev", r->dev);
		nk_json_str(j, "source", r->source);
		nk_json_uint(j, "metric", r->metric);
		nk_json_uint(j, "table", r->table);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void sockets(struct nk_json_out *j, const struct nk_inside *in)
{
	nk_json_open(j, "sockets", '[');
	for (size_t i = 0; i < in->sockets.n; i++) {
		const struct nk_ns_socket *s = &in->sockets.v[i];
		bool local = s->proto[0] == 'u' && s->proto[1] == 'n';
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "proto", s->proto);
		nk_json_str(j, "address", s->address);
		if (!local) {
			nk_json_uint(j, "port", s->port);
			nk_json_uint(j, "uid", s->uid);
		}
		nk_json_uint(j, "inode", s->inode);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void ipc(struct nk_json_out *j, const struct nk_inside *in)
{
	nk_json_open(j, "ipc", '[');
	for (size_t i = 0; i < in->ipc.n; i++) {
		const struct nk_ipc_object *o = &in->ipc.v[i];
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "kind", nk_ipc_kind_name(o->kind));
		if (o->kind == NK_IPC_MQUEUE) {
			nk_json_str(j, "name", o->name);
		} else {
			nk_json_int(j, "key", o->key);
			nk_json_int(j, "id", o->id);
			nk_json_uint(j, "count", o->count);
		}
		nk_json_uint(j, "mode", o->mode);
		nk_json_uint(j, "uid", o->uid);
		nk_json_uint(j, "bytes", o->bytes);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void users(struct nk_json_out *j, struct nk_arena *a, const struct nk_inside *in)
{
	map(j, a, "uid_map", &in->uids);
	map(j, a, "gid_map", &in->gids);
	nk_json_str(j, "setgroups", in->setgroups[0] ? in->setgroups : NULL);
}

static void clocks(struct nk_json_out *j, const struct nk_inside *in)
{
	nk_json_open(j, "offsets", '{');
	nk_json_int(j, "monotonic_ns", in->monotonic);
	nk_json_int(j, "boottime_ns", in->boottime);
	nk_json_bool(j, "of_children", in->offsets_of_children);
	nk_json_close(j);
}

static void reasons(struct nk_json_out *j, const struct nk_inside *in)
{
	nk_json_open(j, "hidden", '{');
	for (int p = 0; p < NK_INSIDE_COUNT; p++) {
		const char *why = in->hidden[p] ? in->hidden[p] : in->less[p];
		if (in->there[p] && why)
			nk_json_str(j, nk_inside_name((enum nk_inside_part)p), why);
	}
	nk_json_close(j);
}

static void part(struct nk_json_out *j, struct nk_arena *a, const struct nk_inside *in,
		 enum nk_inside_part p)
{
	static void (*const writers[])(struct nk_json_out *, const struct nk_inside *) = {
		[NK_INSIDE_OFFSETS] = clocks, [NK_INSIDE_CGROUPS] = cgroups,
		[NK_INSIDE_MOUNTS] = mounts,  [NK_INSIDE_CARDS] = cards,
		[NK_INSIDE_ROUTES] = routes,  [NK_INSIDE_SOCKETS] = sockets,
		[NK_INSIDE_IPC] = ipc,
	};

	if (!in->there[p])
		return;
	if (in->hidden[p]) {
		nk_json_null(j, p == NK_INSIDE_NAMES  ? "hostname"
				: p == NK_INSIDE_MAPS ? "uid_map"
						      : nk_inside_name(p));
	} else if (p == NK_INSIDE_NAMES) {
		nk_json_str(j, "hostname", in->hostname);
		nk_json_str(j, "domainname", in->domainname);
	} else if (p == NK_INSIDE_MAPS) {
		users(j, a, in);
	} else if (p == NK_INSIDE_CAPS) {
		capabilities(j, a, in);
	} else {
		writers[p](j, in);
	}
}

void nk_ns_show_json(struct nk_arena *a, struct nk_json_out *j, const struct nk_inside *in,
		     const struct nk_ns_pid_chain *chain)
{
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "target", in->s->what);
	inode(j, "pid", (uint64_t)in->s->pid);
	if (in->s->pid) {
		nk_json_int(j, "ppid", in->s->status.ppid);
		nk_json_str(j, "command", in->s->command);
	}
	namespaces(j, in);
	if (chain->n)
		nk_ns_chain_json(j, "numbers", chain);
	for (int p = 0; p < NK_INSIDE_COUNT; p++)
		part(j, a, in, (enum nk_inside_part)p);
	reasons(j, in);
	nk_json_close(j);
}
