/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, chains and sets of nftables, and what is in them. nft_rule.c has the rules. */
#include "sys/nft.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "oci/ip.h"
#include "sys/nft_rule.h"

void nk_nft_message(struct nk_batch *b, uint16_t type, uint16_t flags)
{
	const struct nfgenmsg body = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};

	nk_batch_message(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &body,
			 sizeof(body));
}

static void bound(struct nk_batch *b, uint16_t type)
{
	const struct nfgenmsg body = {
		.nfgen_family = AF_UNSPEC,
		.version = NFNETLINK_V0,
		.res_id = htons(NFNL_SUBSYS_NFTABLES),
	};

	nk_batch_message(b, type, 0, &body, sizeof(body));
}

void nk_nft_begin(struct nk_batch *b)
{
	bound(b, NFNL_MSG_BATCH_BEGIN);
}

/* Nothing between begin and end: there is nothing to send, and nobody would answer. */
void nk_nft_end(struct nk_batch *b)
{
	if (b->n <= 1)
		nk_batch_init(b, b->arena, b->protocol);
	else
		bound(b, NFNL_MSG_BATCH_END);
}

void nk_nft_table(struct nk_batch *b, const char *table)
{
	nk_nft_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	nk_batch_attr_str(b, NFTA_TABLE_NAME, table);
	nk_batch_attr_be32(b, NFTA_TABLE_FLAGS, 0);
	nk_batch_words(b, "add table inet %s", table);
}

void nk_nft_del_table(struct nk_batch *b, const char *table)
{
	nk_nft_message(b, NFT_MSG_DELTABLE, 0);
	nk_batch_attr_str(b, NFTA_TABLE_NAME, table);
	nk_batch_words(b, "delete table inet %s", table);
}

static const char *hook_name(unsigned hook)
{
	static const char *const names[] = {
		[NF_INET_PRE_ROUTING] = "prerouting",	[NF_INET_LOCAL_IN] = "input",
		[NF_INET_FORWARD] = "forward",		[NF_INET_LOCAL_OUT] = "output",
		[NF_INET_POST_ROUTING] = "postrouting",
	};

	return hook < NF_INET_NUMHOOKS ? names[hook] : "?";
}

void nk_nft_chain(struct nk_batch *b, const char *table, const char *chain,
		  const struct nk_nft_hook *hook)
{
	nk_nft_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	nk_batch_attr_str(b, NFTA_CHAIN_TABLE, table);
	nk_batch_attr_str(b, NFTA_CHAIN_NAME, chain);
	if (!hook) {
		nk_batch_words(b, "add chain inet %s %s", table, chain);
		return;
	}
	size_t nest = nk_batch_nest(b, NFTA_CHAIN_HOOK);
	nk_batch_attr_be32(b, NFTA_HOOK_HOOKNUM, hook->hook);
	nk_batch_attr_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)hook->priority);
	nk_batch_nest_end(b, nest);
	nk_batch_attr_str(b, NFTA_CHAIN_TYPE, hook->type);
	nk_batch_attr_be32(b, NFTA_CHAIN_POLICY, hook->drop ? NF_DROP : NF_ACCEPT);
	nk_batch_words(b, "add chain inet %s %s { type %s hook %s priority %d; policy %s; }", table,
		       chain, hook->type, hook_name(hook->hook), hook->priority,
		       hook->drop ? "drop" : "accept");
}

void nk_nft_flush_chain(struct nk_batch *b, const char *table, const char *chain)
{
	nk_nft_message(b, NFT_MSG_DELRULE, 0);
	nk_batch_attr_str(b, NFTA_RULE_TABLE, table);
	nk_batch_attr_str(b, NFTA_RULE_CHAIN, chain);
	nk_batch_words(b, "flush chain inet %s %s", table, chain);
}

/* ---- sets ---- */

/* The numbers by which nft(8) finds the names of types; the kernel only keeps them. */
static const struct {
	const char *name;
	uint32_t number;
	uint32_t size; /* in a set, padded to 4 */
	uint32_t bytes;
} types[] = {
	[NK_NFT_IP4] = {"ipv4_addr", 7, 4, 4},	   [NK_NFT_IP6] = {"ipv6_addr", 8, 16, 16},
	[NK_NFT_PROTO] = {"inet_proto", 12, 4, 1}, [NK_NFT_PORT] = {"inet_service", 13, 4, 2},
	[NK_NFT_IFNAME] = {"ifname", 41, 16, 16},
};

struct shape {
	uint32_t type, size;
	int parts;
	const char *words;
};

/* What kernel, nft and a reader want to know of a key or a value; a single part is not padded. */
static struct shape shape_of(struct nk_arena *a, const enum nk_nft_type *parts, int max)
{
	struct shape s = {.words = ""};

	for (; s.parts < max && parts[s.parts]; s.parts++) {
		s.type = s.type << 6 | types[parts[s.parts]].number;
		s.size += types[parts[s.parts]].size;
		s.words = nk_fmt(a, "%s%s%s", s.words, s.parts ? " . " : "",
				 types[parts[s.parts]].name);
	}
	if (s.parts == 1)
		s.size = types[parts[0]].bytes;
	return s;
}

static struct shape key_of(struct nk_arena *a, const struct nk_nft_set *set)
{
	return shape_of(a, set->key, sizeof(set->key) / sizeof(set->key[0]));
}

static struct shape data_of(struct nk_arena *a, const struct nk_nft_set *set)
{
	return shape_of(a, set->data, sizeof(set->data) / sizeof(set->data[0]));
}

static void set_words(struct nk_batch *b, const struct nk_nft_set *set, const struct shape *key,
		      const struct shape *data)
{
	const char *flags = set->interval  ? " flags interval;"
			    : set->timeout ? " flags timeout;"
					   : "";

	nk_batch_words(b, "add %s inet %s %s { type %s%s%s;%s%s }", data->parts ? "map" : "set",
		       set->table, set->name, key->words, data->parts ? " : " : "", data->words,
		       flags, set->size ? nk_fmt(b->arena, " size %u;", set->size) : "");
}

/* Only for nft(8), which shows names backwards without it: its note that keys are in host order. */
static const uint8_t host_order[] = {0, 4, 1, 0, 0, 0};

void nk_nft_set(struct nk_batch *b, const struct nk_nft_set *set)
{
	const struct shape key = key_of(b->arena, set), data = data_of(b->arena, set);
	uint32_t flags = (data.parts ? NFT_SET_MAP : 0) | (set->interval ? NFT_SET_INTERVAL : 0) |
			 (set->timeout ? NFT_SET_TIMEOUT : 0);

	nk_nft_message(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	nk_batch_attr_str(b, NFTA_SET_TABLE, set->table);
	nk_batch_attr_str(b, NFTA_SET_NAME, set->name);
	nk_batch_attr_be32(b, NFTA_SET_ID, b->n);
	nk_batch_attr_be32(b, NFTA_SET_FLAGS, flags);
	nk_batch_attr_be32(b, NFTA_SET_KEY_TYPE, key.type);
	nk_batch_attr_be32(b, NFTA_SET_KEY_LEN, key.size);
	if (data.parts) {
		nk_batch_attr_be32(b, NFTA_SET_DATA_TYPE, data.type);
		nk_batch_attr_be32(b, NFTA_SET_DATA_LEN, data.size);
	}
	if (key.parts == 1 && set->key[0] == NK_NFT_IFNAME)
		nk_batch_attr(b, NFTA_SET_USERDATA, host_order, sizeof(host_order));
	if (set->size) {
		size_t desc = nk_batch_nest(b, NFTA_SET_DESC);
		nk_batch_attr_be32(b, NFTA_SET_DESC_SIZE, set->size);
		nk_batch_nest_end(b, desc);
	}
	set_words(b, set, &key, &data);
}

/* ---- elements ---- */

static const char *part_words(struct nk_arena *a, enum nk_nft_type type, const uint8_t *v)
{
	struct nk_ip ip = {.family = type == NK_NFT_IP4 ? AF_INET : AF_INET6};
	char text[NK_IP_TEXT];

	switch (type) {
	case NK_NFT_IP4:
	case NK_NFT_IP6:
		memcpy(ip.a, v, types[type].bytes);
		return nk_strdup(a, nk_ip_text(&ip, false, text));
	case NK_NFT_PROTO:
		return v[0] == IPPROTO_TCP   ? "tcp"
		       : v[0] == IPPROTO_UDP ? "udp"
					     : nk_fmt(a, "%u", v[0]);
	case NK_NFT_PORT:
		return nk_fmt(a, "%u", v[0] << 8 | v[1]);
	case NK_NFT_IFNAME:
		return nk_fmt(a, "\"%.16s\"", (const char *)v);
	case NK_NFT_END:
		break;
	}
	return "";
}

/* "tcp . 8080" */
static const char *value_words(struct nk_arena *a, const enum nk_nft_type *parts, int n,
			       const void *value)
{
	const uint8_t *v = value;
	const char *words = "";

	for (int i = 0; i < n; v += types[parts[i++]].size)
		words = nk_fmt(a, "%s%s%s", words, i ? " . " : "", part_words(a, parts[i], v));
	return words;
}

static void value(struct nk_batch *b, uint16_t type, const void *data, size_t size)
{
	size_t nest = nk_batch_nest(b, type);

	nk_batch_attr(b, NFTA_DATA_VALUE, data, size);
	nk_batch_nest_end(b, nest);
}

static void put_elem(struct nk_batch *b, const struct shape *key, const struct shape *data,
		     const struct nk_nft_elem *e)
{
	size_t elem = nk_batch_nest(b, NFTA_LIST_ELEM);

	value(b, NFTA_SET_ELEM_KEY, e->key, key->size);
	if (e->data && data->parts)
		value(b, NFTA_SET_ELEM_DATA, e->data, data->size);
	if (e->timeout_ms)
		nk_batch_attr_be64(b, NFTA_SET_ELEM_TIMEOUT, e->timeout_ms);
	nk_batch_nest_end(b, elem);
	if (!e->end)
		return;
	elem = nk_batch_nest(b, NFTA_LIST_ELEM);
	value(b, NFTA_SET_ELEM_KEY, e->end, key->size);
	nk_batch_attr_be32(b, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	nk_batch_nest_end(b, elem);
}

/* One element; words NULL: made of its bytes. */
static void element(struct nk_batch *b, const struct nk_nft_set *set, const struct nk_nft_elem *e,
		    bool add, const char *words)
{
	const struct shape key = key_of(b->arena, set), data = data_of(b->arena, set);

	nk_nft_message(b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0);
	nk_batch_attr_str(b, NFTA_SET_ELEM_LIST_TABLE, set->table);
	nk_batch_attr_str(b, NFTA_SET_ELEM_LIST_SET, set->name);
	size_t list = nk_batch_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	put_elem(b, &key, &data, e);
	nk_batch_nest_end(b, list);
	if (!words)
		words = value_words(b->arena, set->key, key.parts, e->key);
	if (e->timeout_ms)
		words = nk_fmt(b->arena, "%s timeout %llums", words,
			       (unsigned long long)e->timeout_ms);
	if (e->data && data.parts)
		words = nk_fmt(b->arena, "%s : %s", words,
			       value_words(b->arena, set->data, data.parts, e->data));
	nk_batch_words(b, "%s element inet %s %s { %s }", add ? "add" : "delete", set->table,
		       set->name, words);
}

void nk_nft_add_elem(struct nk_batch *b, const struct nk_nft_set *set, const struct nk_nft_elem *e)
{
	element(b, set, e, true, NULL);
}

void nk_nft_del_elem(struct nk_batch *b, const struct nk_nft_set *set, const struct nk_nft_elem *e)
{
	struct nk_nft_elem only = {.key = e->key, .end = e->end, .data = e->data};

	element(b, set, &only, false, NULL);
}

void nk_nft_subnet(struct nk_batch *b, const struct nk_nft_set *set, const struct nk_ip *net,
		   bool add)
{
	const struct nk_ip first = nk_ip_first(net), last = nk_ip_last(net);
	const struct nk_ip end = nk_ip_next(&last);
	struct nk_ip shown = first;
	char text[NK_IP_TEXT];
	/* Behind the last address of all there is none that could end it. */
	const struct nk_nft_elem e = {
		.key = first.a,
		.end = nk_ip_compare(&end, &last) > 0 ? end.a : NULL,
	};

	shown.prefix = net->prefix;
	element(b, set, &e, add, nk_strdup(b->arena, nk_ip_text(&shown, true, text)));
}
