/* SPDX-License-Identifier: Apache-2.0 */
/* A card and a route in words. */
#include <linux/rtnetlink.h>
#include <string.h>

#include "ns/cards.h"

static const char *peer(struct nk_arena *a, const struct nk_cards *c, const struct nk_card *card)
{
	const struct nk_card *other;

	if (!card->peer)
		return "";
	if (card->peer_elsewhere)
		return nk_fmt(a, ", to card %d of another namespace", card->peer);
	other = nk_card_by_index(c, card->peer);
	return other ? nk_fmt(a, ", to %s", other->name) : nk_fmt(a, ", to card %d", card->peer);
}

const char *nk_card_words(struct nk_arena *a, const struct nk_cards *c, const struct nk_card *card)
{
	const struct nk_card *master = nk_card_by_index(c, card->master);
	const char *text = card->up ? "up" : "down";

	if (!card->known)
		return "";
	/* A card can be set up and have no cable. */
	if (card->up && strcmp(card->state, "up") != 0 && strcmp(card->state, "unknown") != 0)
		text = nk_fmt(a, "%s (%s)", text, card->state);
	text = nk_fmt(a, "%s, mtu %u", text, card->mtu);
	if (card->kind[0])
		text = nk_fmt(a, "%s, %s", text, card->kind);
	text = nk_fmt(a, "%s%s", text, peer(a, c, card));
	if (master)
		text = nk_fmt(a, "%s, of %s", text, master->name);
	return card->mac[0] ? nk_fmt(a, "%s, %s", text, card->mac) : text;
}

const char *nk_route_words(struct nk_arena *a, const struct nk_route *r)
{
	const char *text = strcmp(r->type, "unicast") != 0 ? r->type : "";

	if (r->via)
		text = nk_fmt(a, "%s via %s", text, r->via);
	if (r->dev)
		text = nk_fmt(a, "%s dev %s", text, r->dev);
	if (r->source)
		text = nk_fmt(a, "%s src %s", text, r->source);
	if (r->metric)
		text = nk_fmt(a, "%s metric %u", text, r->metric);
	if (r->table != RT_TABLE_MAIN)
		text = nk_fmt(a, "%s table %u", text, r->table);
	return text[0] == ' ' ? text + 1 : text;
}
