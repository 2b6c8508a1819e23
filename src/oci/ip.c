/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned bits(const struct nk_ip *ip)
{
	return ip->family == AF_INET ? 32 : 128;
}

static size_t bytes(const struct nk_ip *ip)
{
	return bits(ip) / 8;
}

/* The mask's part in byte i. */
static uint8_t mask(const struct nk_ip *net, size_t i)
{
	unsigned from = (unsigned)i * 8;

	if (net->prefix >= from + 8)
		return 0xff;
	return net->prefix <= from ? 0 : (uint8_t)(0xff00 >> (net->prefix - from));
}

static int bad(const char *text, const char *what, struct nk_err *e)
{
	nk_fail(e, 0, "\"%.60s\" is not %s", text, what);
	return nk_hint(e, "as 10.89.0.2 or fd00::2, a subnet as 10.89.0.0/24");
}

int nk_ip_parse(const char *text, bool with_prefix, struct nk_ip *ip, struct nk_err *e)
{
	const char *what = with_prefix ? "an address with a prefix" : "an IP address";
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[NK_IP_TEXT];
	unsigned prefix = 0;

	*ip = (struct nk_ip){0};
	if (len >= sizeof(address) || (slash && !with_prefix))
		return bad(text, what, e);
	memcpy(address, text, len);
	address[len] = '\0';
	ip->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(ip->family, address, ip->a) != 1)
		return bad(text, what, e);
	ip->prefix = (uint8_t)bits(ip);
	if (!slash)
		return 0;
	for (const char *c = slash + 1; *c; c++) {
		if (*c < '0' || *c > '9' || (prefix = prefix * 10 + (unsigned)(*c - '0')) > 128)
			return bad(text, what, e);
	}
	if (!slash[1] || prefix > bits(ip))
		return bad(text, what, e);
	ip->prefix = (uint8_t)prefix;
	return 0;
}

const char *nk_ip_text(const struct nk_ip *ip, bool with_prefix, char buf[NK_IP_TEXT])
{
	buf[0] = '\0';
	if (!ip->family || !inet_ntop(ip->family, ip->a, buf, NK_IP_TEXT))
		return buf;
	if (with_prefix)
		snprintf(buf + strlen(buf), NK_IP_TEXT - strlen(buf), "/%u", ip->prefix);
	return buf;
}

int nk_ip_compare(const struct nk_ip *a, const struct nk_ip *b)
{
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = a->family ? memcmp(a->a, b->a, bytes(a)) : 0;
	return (c > 0) - (c < 0);
}

bool nk_ip_equal(const struct nk_ip *a, const struct nk_ip *b)
{
	return nk_ip_compare(a, b) == 0;
}

bool nk_ip_inside(const struct nk_ip *ip, const struct nk_ip *net)
{
	if (ip->family != net->family || !ip->family)
		return false;
	for (size_t i = 0; i < bytes(net); i++)
		if ((ip->a[i] ^ net->a[i]) & mask(net, i))
			return false;
	return true;
}

bool nk_ip_overlap(const struct nk_ip *a, const struct nk_ip *b)
{
	return a->prefix < b->prefix ? nk_ip_inside(b, a) : nk_ip_inside(a, b);
}

struct nk_ip nk_ip_first(const struct nk_ip *net)
{
	struct nk_ip ip = *net;

	for (size_t i = 0; i < bytes(net); i++)
		ip.a[i] = net->a[i] & mask(net, i);
	return ip;
}

struct nk_ip nk_ip_last(const struct nk_ip *net)
{
	struct nk_ip ip = *net;

	for (size_t i = 0; i < bytes(net); i++)
		ip.a[i] = net->a[i] | (uint8_t)~mask(net, i);
	return ip;
}

struct nk_ip nk_ip_next(const struct nk_ip *ip)
{
	struct nk_ip next = *ip;

	for (size_t i = bytes(ip); i-- > 0;)
		if (++next.a[i])
			break;
	return next;
}

int nk_mac_parse(const char *text, uint8_t mac[6], struct nk_err *e)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	if (strlen(text) == 17) {
		int n = 0;

		for (; n < 6; n++) {
			const char *at = text + 3 * (size_t)n;

			if (strspn(at, digits) < 2 || (at[2] && at[2] != ':'))
				break;
			sscanf(at, "%2hhx", &mac[n]);
		}
		/* Bit 0 of the first byte marks addresses of groups: no card may have one. */
		if (n == 6 && !(mac[0] & 1))
			return 0;
	}
	nk_fail(e, 0, "\"%.40s\" is not the hardware address of a card", text);
	return nk_hint(e, "six bytes in hexadecimal, the first one even: 02:00:00:00:00:05");
}

const char *nk_mac_text(const uint8_t mac[6], char buf[18])
{
	snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return buf;
}
