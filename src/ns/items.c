/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside, item by item, in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ns/idmap.h"
#include "ns/inside.h"

static void item(struct nk_arena *a, struct nk_inside_items *out, const char *key,
		 const char *value)
{
	struct nk_inside_item *new = NK_PUSH(a, out);

	if (new)
		*new = (struct nk_inside_item){key, value, out->n - 1};
}

const char *nk_inside_duration(struct nk_arena *a, int64_t ns)
{
	uint64_t abs = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	uint64_t sec = abs / 1000000000, rest = abs % 1000000000;
	const char *sign = ns < 0 ? "-" : ns > 0 ? "+" : "";
	char digits[16];

	if (!rest)
		return nk_fmt(a, "%s%" PRIu64 " s", sign, sec);
	int n = snprintf(digits, sizeof(digits), "%09" PRIu64, rest);
	while (n > 1 && digits[n - 1] == '0')
		digits[--n] = '\0';
	return nk_fmt(a, "%s%" PRIu64 ".%s s", sign, sec, digits);
}

static void maps(struct nk_arena *a, const struct nk_idmaps *m, const char *key,
		 struct nk_inside_items *out)
{
	for (size_t i = 0; i < m->n; i++)
		item(a, out, m->n > 1 ? nk_fmt(a, "%s %u", key, m->v[i].inside) : key,
		     nk_ns_idmap_words(a, &m->v[i]));
	if (!m->n)
		item(a, out, key, "nothing is mapped");
}

static void caps(struct nk_arena *a, const struct nk_inside *in, struct nk_inside_items *out)
{
	const struct nk_ns_status *st = &in->s->status;

	item(a, out, "effective", nk_fmt(a, "%016" PRIx64, st->effective));
	item(a, out, "permitted", nk_fmt(a, "%016" PRIx64, st->permitted));
	item(a, out, "bounding", nk_fmt(a, "%016" PRIx64, st->bounding));
	item(a, out, "inheritable", nk_fmt(a, "%016" PRIx64, st->inheritable));
	item(a, out, "ambient", nk_fmt(a, "%016" PRIx64, st->ambient));
}

static const char *mount_words(struct nk_arena *a, const struct nk_ns_mount *m)
{
	const char *root = strcmp(m->root, "/") != 0 ? nk_fmt(a, "%s of ", m->root) : "";

	/* "tmpfs tmpfs" says it twice */
	if (!strcmp(m->type, m->source) || !strcmp(m->source, "none"))
		return nk_fmt(a, "%s%s %s %s", root, m->type, m->options, m->propagation);
	return nk_fmt(a, "%s%s %s %s %s", root, m->type, m->source, m->options, m->propagation);
}

static void cards(struct nk_arena *a, const struct nk_inside *in, struct nk_inside_items *out)
{
	for (size_t i = 0; i < in->net.cards.n; i++) {
		const struct nk_card *c = &in->net.cards.v[i];
		item(a, out, c->name, nk_card_words(a, &in->net, c));
		for (size_t n = 0; n < c->addresses.n; n++)
			item(a, out, c->name, c->addresses.v[n]);
	}
	for (size_t n = 0; n < in->net.loose.n; n++)
		item(a, out, "(some card)", in->net.loose.v[n]);
}

static void cgroups(struct nk_arena *a, const struct nk_inside *in, struct nk_inside_items *out)
{
	for (size_t i = 0; i < in->cgroups.n; i++) {
		const struct nk_inside_cgroup *c = &in->cgroups.v[i];
		const char *key = c->controllers[0] ? c->controllers : "version 2";
		if (!c->inside)
			item(a, out, key, c->outside);
		else if (!strcmp(c->inside, c->outside))
			item(a, out, key, nk_fmt(a, "%s inside and outside", c->outside));
		else
			item(a, out, key,
			     nk_fmt(a, "%s inside, %s outside", c->inside, c->outside));
	}
}

static void net_and_ipc(struct nk_arena *a, const struct nk_inside *in, enum nk_inside_part p,
			struct nk_inside_items *out)
{
	if (p == NK_INSIDE_CARDS)
		cards(a, in, out);
	for (size_t i = 0; p == NK_INSIDE_ROUTES && i < in->net.routes.n; i++)
		item(a, out, in->net.routes.v[i].to, nk_route_words(a, &in->net.routes.v[i]));
	for (size_t i = 0; p == NK_INSIDE_SOCKETS && i < in->sockets.n; i++)
		item(a, out, in->sockets.v[i].proto, nk_ns_socket_words(a, &in->sockets.v[i]));
	for (size_t i = 0; p == NK_INSIDE_IPC && i < in->ipc.n; i++) {
		const struct nk_ipc_object *o = &in->ipc.v[i];
		item(a, out, nk_fmt(a, "%s %s", nk_ipc_kind_name(o->kind), nk_ipc_name(a, o)),
		     nk_ipc_words(a, o));
	}
}

void nk_inside_items(struct nk_arena *a, const struct nk_inside *in, enum nk_inside_part p,
		     struct nk_inside_items *out)
{
	if (in->hidden[p] || !in->there[p])
		return;
	switch (p) {
	case NK_INSIDE_NAMES:
		item(a, out, "host", in->hostname);
		item(a, out, "domain", in->domainname);
		break;
	case NK_INSIDE_MAPS:
		maps(a, &in->uids, "uid", out);
		maps(a, &in->gids, "gid", out);
		if (in->setgroups[0])
			item(a, out, "setgroups", in->setgroups);
		break;
	case NK_INSIDE_CAPS:
		caps(a, in, out);
		break;
	case NK_INSIDE_OFFSETS:
		item(a, out, "monotonic", nk_inside_duration(a, in->monotonic));
		item(a, out, "boottime", nk_inside_duration(a, in->boottime));
		break;
	case NK_INSIDE_CGROUPS:
		cgroups(a, in, out);
		break;
	case NK_INSIDE_MOUNTS:
		for (size_t i = 0; i < in->mounts.n; i++)
			item(a, out, in->mounts.v[i].point, mount_words(a, &in->mounts.v[i]));
		break;
	default:
		net_and_ipc(a, in, p, out);
	}
}
