/* SPDX-License-Identifier: Apache-2.0 */
/* Cards and routes as /proc/PID/net tells them to everybody. */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>

#include "host/text.h"
#include "ns/cards.h"

/* Columns between blanks, as strings; lines are short. */
enum { LINE = 512, COLUMNS = 16 };
static int columns(const char *line, size_t n, char buf[LINE], char *v[COLUMNS])
{
	char *save;
	int count = 0;

	if (n >= LINE)
		return 0;
	memcpy(buf, line, n);
	buf[n] = '\0';
	for (char *w = strtok_r(buf, " \t", &save); w && count < COLUMNS;
	     w = strtok_r(NULL, " \t", &save))
		v[count++] = w;
	return count;
}

static struct nk_card *card(struct nk_arena *a, struct nk_cards *out, const char *name)
{
	struct nk_card *c = nk_card_by_name(out, name);

	if (c)
		return c;
	c = NK_PUSH(a, &out->cards);
	if (c)
		*c = (struct nk_card){
			.name = nk_strdup(a, name), .state = "unknown", .mac = "", .kind = ""};
	return c;
}

/* Two lines of titles, then "  eth0: 1 2 3 …". */
static void dev(struct nk_arena *a, const char *text, struct nk_cards *out)
{
	const char *line;
	size_t n;

	for (int at = 0; (line = nk_text_line(&text, &n)); at++) {
		const char *colon = memrchr(line, ':', n);
		if (at < 2 || !colon)
			continue;
		while (line < colon && *line == ' ')
			line++;
		card(a, out, nk_strndup(a, line, (size_t)(colon - line)));
	}
}

/* 32 hexadecimal digits. */
static const char *six(struct nk_arena *a, const char *digits)
{
	unsigned char b[16];
	char text[INET6_ADDRSTRLEN];

	if (strlen(digits) != 32)
		return "::";
	for (int i = 0; i < 16; i++)
		if (sscanf(digits + 2 * i, "%2hhx", &b[i]) != 1)
			return "::";
	return nk_strdup(a, inet_ntop(AF_INET6, b, text, sizeof(text)));
}

/* ADDRESS INDEX PREFIX SCOPE FLAGS NAME, all but the name in hexadecimal. */
static void if_inet6(struct nk_arena *a, const char *text, struct nk_cards *out)
{
	char buf[LINE], *v[COLUMNS];
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		unsigned prefix, index;
		if (columns(line, n, buf, v) < 6 || sscanf(v[1], "%x", &index) != 1 ||
		    sscanf(v[2], "%x", &prefix) != 1)
			continue;
		struct nk_card *c = card(a, out, v[5]);
		if (!c)
			return;
		c->index = (int)index;
		nk_strv_push(a, &c->addresses, nk_fmt(a, "%s/%u", six(a, v[0]), prefix));
	}
}

static bool listed(const struct nk_strv *v, const char *s)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->v[i], s))
			return true;
	return false;
}

/* A leaf "|-- 10.0.0.2" and below it "/32 host LOCAL": an address of this namespace. The file
 * shows the tables main and local, so each may come twice. */
static void fib_trie(struct nk_arena *a, const char *text, struct nk_cards *out)
{
	char buf[LINE], *v[COLUMNS];
	const char *line, *leaf = NULL;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		int count = columns(line, n, buf, v);
		if (count >= 2 && !strcmp(v[0], "|--"))
			leaf = nk_strdup(a, v[1]);
		else if (count >= 3 && leaf && !strcmp(v[0], "/32") && !strcmp(v[2], "LOCAL") &&
			 !listed(&out->loose, leaf))
			nk_strv_push(a, &out->loose, leaf);
	}
}

static unsigned prefix_of(uint32_t mask)
{
	return (unsigned)__builtin_popcount(mask);
}

static void push(struct nk_arena *a, struct nk_cards *out, const struct nk_route *r)
{
	struct nk_route *new = NK_PUSH(a, &out->routes);

	if (new)
		*new = *r;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT */
static void route(struct nk_arena *a, const char *text, struct nk_cards *out)
{
	char buf[LINE], *v[COLUMNS], to[INET_ADDRSTRLEN], via[INET_ADDRSTRLEN];
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_route r = {.family = AF_INET, .type = "unicast", .table = RT_TABLE_MAIN};
		unsigned dst, gateway, flags, mask;

		if (columns(line, n, buf, v) < 8 || sscanf(v[1], "%x", &dst) != 1 ||
		    sscanf(v[2], "%x", &gateway) != 1 || sscanf(v[3], "%x", &flags) != 1 ||
		    sscanf(v[6], "%u", &r.metric) != 1 || sscanf(v[7], "%x", &mask) != 1)
			continue;
		inet_ntop(AF_INET, &dst, to, sizeof(to));
		inet_ntop(AF_INET, &gateway, via, sizeof(via));
		r.to = mask ? nk_fmt(a, "%s/%u", to, prefix_of(mask)) : "default";
		r.via = flags & RTF_GATEWAY ? nk_strdup(a, via) : NULL;
		if (flags & RTF_REJECT)
			r.type = "unreachable";
		r.dev = strcmp(v[0], "*") != 0 ? nk_strdup(a, v[0]) : NULL;
		push(a, out, &r);
	}
}

/* DST PREFIX SRC PREFIX HOP METRIC REFS USE FLAGS NAME; local ones have RTF_LOCAL. */
static void ipv6_route(struct nk_arena *a, const char *text, struct nk_cards *out)
{
	const unsigned LOCAL = 0x80000000u, ANYCAST = 0x00100000u;
	char buf[LINE], *v[COLUMNS];
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_route r = {.family = AF_INET6, .type = "unicast", .table = RT_TABLE_MAIN};
		unsigned prefix, flags;

		if (columns(line, n, buf, v) < 10 || sscanf(v[1], "%x", &prefix) != 1 ||
		    sscanf(v[5], "%x", &r.metric) != 1 || sscanf(v[8], "%x", &flags) != 1)
			continue;
		/* multicast and local ones are made by the kernel, in the table local; behind all
		 * others stands its own "no route", with the greatest metric */
		if (flags & (LOCAL | ANYCAST) || !strncmp(v[0], "ff", 2) || r.metric == UINT32_MAX)
			continue;
		r.to = prefix || strspn(v[0], "0") < 32 ? nk_fmt(a, "%s/%u", six(a, v[0]), prefix)
							: "default";
		r.via = flags & RTF_GATEWAY ? six(a, v[4]) : NULL;
		r.dev = nk_strdup(a, v[9]);
		if (flags & RTF_REJECT)
			r.type = "unreachable";
		push(a, out, &r);
	}
}

void nk_cards_parse_files(struct nk_arena *a, const struct nk_cards_files *f, struct nk_cards *out)
{
	if (f->dev)
		dev(a, f->dev, out);
	if (f->if_inet6)
		if_inet6(a, f->if_inet6, out);
	if (f->fib_trie)
		fib_trie(a, f->fib_trie, out);
	if (f->route)
		route(a, f->route, out);
	if (f->ipv6_route)
		ipv6_route(a, f->ipv6_route, out);
}
