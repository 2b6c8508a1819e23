/* SPDX-License-Identifier: Apache-2.0 */
#include "net/egress.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

static const char private_suffix[] = "@private";

enum { NAME_MAX_LENGTH = 253, LABEL_MAX = 63 };

/* Letters, digits, "-" and "_" in words of at most 63, with dots between them. */
static int check_name(const char *name, const char *word, struct nk_err *e)
{
	size_t label = 0;

	if (strlen(name) > NAME_MAX_LENGTH)
		return nk_fail(e, EINVAL, "egress '%s': longer than %d characters", word,
			       NAME_MAX_LENGTH);
	for (const char *c = name;; c++) {
		if (*c == '.' || !*c) {
			if (label == 0 || label > LABEL_MAX)
				return nk_fail(e, EINVAL, "egress '%s': not a domain name", word);
			if (!*c)
				return 0;
			label = 0;
		} else if (isalnum((unsigned char)*c) || *c == '-' || *c == '_') {
			label++;
		} else {
			nk_fail(e, EINVAL, "egress '%s': '%c' has no place in a domain name", word,
				*c);
			return nk_hint(e, "NAME, *.NAME, NAME@private or an address");
		}
	}
}

int nk_egress_read(struct nk_arena *a, const char *word, struct nk_egress_word *w, struct nk_err *e)
{
	struct nk_err unused = {0};
	struct nk_ip ip = {0};

	*w = (struct nk_egress_word){0};
	if (nk_ip_parse(word, false, &ip, &unused) >= 0) {
		w->ip = ip;
		return 0;
	}
	if (strchr(word, '/')) {
		nk_fail(e, EINVAL, "egress '%s': a network cannot be allowed", word);
		return nk_hint(e,
			       "single addresses and names can; whole networks: --firewall "
			       "'out accept to %s'",
			       word);
	}

	size_t n = strlen(word), end = sizeof(private_suffix) - 1;
	w->private = n > end && strcmp(word + n - end, private_suffix) == 0;
	n -= w->private ? end : 0;
	w->below = n > 2 && strncmp(word, "*.", 2) == 0;
	size_t from = w->below ? 2 : 0;
	if (n > from + 1 && word[n - 1] == '.')
		n--;
	char *name = nk_strndup(a, word + from, n - from);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	w->name = name;
	return check_name(name, word, e);
}

bool nk_egress_matches(const struct nk_egress_word *w, const char *text)
{
	if (!w->name)
		return false;
	if (!w->below)
		return strcmp(w->name, text) == 0;
	size_t n = strlen(text), own = strlen(w->name);
	return n > own + 1 && text[n - own - 1] == '.' && strcmp(text + n - own, w->name) == 0;
}

struct range {
	const char *kind;
	uint8_t prefix, a[16];
};

/* clang-format off */
static const struct range four[] = {
	{"an address of no network", 8, {0}},
	{"a private address", 8, {10}},
	{"a shared address", 10, {100, 64}},
	{"a loopback address", 8, {127}},
	{"a link-local address", 16, {169, 254}},
	{"a private address", 12, {172, 16}},
	{"a private address", 24, {192, 0, 0}},
	{"a private address", 16, {192, 168}},
	{"a private address", 15, {198, 18}},
	{"a multicast address", 4, {224}},
	{"a reserved address", 4, {240}},
};
static const struct range six[] = {
	{"an address of no network", 128, {0}},
	{"a loopback address", 128, {[15] = 1}},
	{"a private address", 48, {0, 0x64, 0xff, 0x9b, 0, 1}},
	{"a tunnel's address", 32, {0x20, 1}},
	{"an address of no network", 64, {1}},
	{"a private address", 7, {0xfc}},
	{"a link-local address", 10, {0xfe, 0x80}},
	{"a private address", 10, {0xfe, 0xc0}},
	{"a multicast address", 8, {0xff}},
};
/* IPv6 addresses that have one of IPv4 in them: where it begins. */
static const struct { uint8_t prefix, at, a[16]; } embedded[] = {
	{96, 12, {[10] = 0xff, [11] = 0xff}},		/* mapped */
	{96, 12, {0}},					/* compatible */
	{96, 12, {0, 0x64, 0xff, 0x9b}},		/* NAT64 */
	{16, 2, {0x20, 2}},				/* 6to4 */
};
/* clang-format on */

static bool in_range(const struct nk_ip *ip, const uint8_t *a, uint8_t prefix)
{
	struct nk_ip net = {.family = ip->family, .prefix = prefix};

	memcpy(net.a, a, sizeof(net.a));
	return nk_ip_inside(ip, &net);
}

const char *nk_egress_kind(const struct nk_ip *ip)
{
	const struct range *list = ip->family == AF_INET ? four : six;
	size_t n = ip->family == AF_INET ? NK_COUNT(four) : NK_COUNT(six);

	for (size_t i = 0; i < n; i++)
		if (in_range(ip, list[i].a, list[i].prefix))
			return list[i].kind;
	for (size_t i = 0; ip->family == AF_INET6 && i < NK_COUNT(embedded); i++) {
		if (!in_range(ip, embedded[i].a, embedded[i].prefix))
			continue;
		struct nk_ip inner = {.family = AF_INET, .prefix = 32};
		memcpy(inner.a, ip->a + embedded[i].at, 4);
		return nk_egress_kind(&inner);
	}
	return NULL;
}
