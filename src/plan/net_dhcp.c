/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card whose address a DHCP server gives: nook-dhcp (src/dhcp/dhcp.h) leases it while init is
 * being made, and gives it back while the card is still on the LAN.
 */
#include "plan/net.h"
#include "plan/net_slots.h"

static void words(struct nk_build *b, const struct nk_net_card *c, struct nk_strv *argv)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;
	const char *all[] = {
		"--ifname",  c->ifname,	       "--state", net->state_dir,
		"--network", c->network->name, "--id",	  net->id ? net->id : b->spec->id,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		nk_strv_push(p->arena, argv, all[i]);
}

void nk_part_dhcp(struct nk_build *b, const struct nk_net_card *c, int target, bool fd)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;
	struct nk_strv argv = {0}, end = {0};
	struct nk_step *s;
	uint8_t actor = p->actor;

	if (c->network->ipam != NK_IPAM_DHCP)
		return;
	nk_strv_push(p->arena, &argv, net->dhcp_path);
	nk_strv_push(p->arena, &argv, fd ? "--in-fd" : "--in");
	nk_strv_push(p->arena, &argv, "%d");
	words(b, c, &argv);
	nk_strv_push(p->arena, &argv, "--owner");
	nk_strv_push(p->arena, &argv, net->owner);
	if (net->hostname) {
		nk_strv_push(p->arena, &argv, "--hostname");
		nk_strv_push(p->arena, &argv, net->hostname);
	}
	if (!c->default_route)
		nk_strv_push(p->arena, &argv, "--no-default");
	s = nk_plan_add(p, NK_OP_HELPER, "the DHCP server of network %s gives %s an address",
			c->network->name, c->ifname);
	s->s[0] = net->dhcp_path;
	s->p[0] = argv.v;
	s->fd[0] = (int16_t)target;
	int made = (int)p->steps.n - 1;

	nk_strv_push(p->arena, &end, net->dhcp_path);
	nk_strv_push(p->arena, &end, "--end");
	words(b, c, &end);
	p->actor = NK_AFTER;
	s = nk_plan_add(p, NK_OP_HELPER, "the address of %s goes back to the DHCP server",
			c->ifname);
	s->s[0] = net->dhcp_path;
	s->p[0] = end.v;
	s->undo_of = (int16_t)made;
	p->actor = actor;
}

void nk_part_dhcp_end(struct nk_build *b, const struct nk_net_card *c)
{
	struct nk_plan *p = b->p;
	struct nk_strv end = {0};
	struct nk_step *s;

	if (c->network->ipam != NK_IPAM_DHCP)
		return;
	nk_strv_push(p->arena, &end, b->spec->net.dhcp_path);
	nk_strv_push(p->arena, &end, "--end");
	words(b, c, &end);
	s = nk_plan_add(p, NK_OP_HELPER, "the address of %s goes back to the DHCP server",
			c->ifname);
	s->s[0] = b->spec->net.dhcp_path;
	s->p[0] = end.v;
}

/* ---- cards of the host ---- */

static void list(struct nk_arena *a, struct nk_strv *argv, const char *option,
		 const struct nk_strv *values)
{
	for (size_t i = 0; i < values->n; i++) {
		nk_strv_push(a, argv, option);
		nk_strv_push(a, argv, values->v[i]);
	}
}

static void card_words(struct nk_arena *a, struct nk_strv *argv, const struct nk_plan_card *c)
{
	const char *all[] = {"--ifname",  c->ifname,   "--state", c->state_dir,
			     "--network", "_attached", "--id",	  c->id};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		nk_strv_push(a, argv, all[i]);
}

int nk_plan_attach(struct nk_plan *p, const struct nk_plan_card *c, struct nk_err *e)
{
	const char *all[] = {c->program, "--in-fd",  "%d",     "--owner",
			     c->owner,	 "--parent", c->parent};
	struct nk_strv argv = {0};
	struct nk_step *s;

	nk_actor_topic(p, NK_PARENT, NK_T_NETWORK);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		nk_strv_push(p->arena, &argv, all[i]);
	card_words(p->arena, &argv, c);
	if (c->macvlan) {
		nk_strv_push(p->arena, &argv, "--macvlan");
		nk_strv_push(p->arena, &argv, c->macvlan);
	}
	if (c->hostname) {
		nk_strv_push(p->arena, &argv, "--hostname");
		nk_strv_push(p->arena, &argv, c->hostname);
	}
	list(p->arena, &argv, "--address", &c->addresses);
	list(p->arena, &argv, "--gateway", &c->gateways);
	if (c->bare)
		nk_strv_push(p->arena, &argv, "--bare");
	s = nk_plan_add(p, NK_OP_HELPER,
			c->macvlan ? "a card on top of %s goes in, as %s"
				   : "the card %s goes in, as %s",
			c->parent, c->ifname);
	s->s[0] = c->program;
	s->p[0] = argv.v;
	s->fd[0] = NK_SLOT_START;
	return nk_arena_ok(p->arena, e);
}

int nk_plan_detach(struct nk_plan *p, const struct nk_plan_card *c, struct nk_err *e)
{
	struct nk_strv argv = {0};
	struct nk_step *s;

	nk_actor_topic(p, NK_PARENT, NK_T_NETWORK);
	nk_strv_push(p->arena, &argv, c->program);
	nk_strv_push(p->arena, &argv, "--end");
	card_words(p->arena, &argv, c);
	s = nk_plan_add(p, NK_OP_HELPER, "the card %s goes back", c->ifname);
	s->s[0] = c->program;
	s->p[0] = argv.v;
	return nk_arena_ok(p->arena, e);
}

const char *nk_attached_file(struct nk_arena *a, const struct nk_plan_card *c)
{
	char *id = nk_strdup(a, c->id);

	/* As src/dhcp/keep.c does it. */
	for (char *at = id; *at; at++)
		if (*at == '/')
			*at = '_';
	return nk_fmt(a, "_attached/dhcp-%s-%s", id, c->ifname);
}
