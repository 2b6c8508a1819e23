/* SPDX-License-Identifier: Apache-2.0 */
/* message.h: what upstreams answer. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "netd/message.h"

enum { HEADER = 12, TTL_MAX = 86400, NEGATIVE_TTL_MAX = 900 };

static bool same_question(const ldns_pkt *pkt, const struct nk_question *q)
{
	const ldns_rr_list *list = ldns_pkt_question(pkt);

	/* Servers that do not understand a question may leave it out of their answer. */
	if (ldns_rr_list_rr_count(list) == 0)
		return ldns_pkt_get_rcode(pkt) == LDNS_RCODE_FORMERR ||
		       ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NOTIMPL;
	if (ldns_rr_list_rr_count(list) != 1)
		return false;
	const ldns_rr *rr = ldns_rr_list_rr(list, 0);
	const ldns_rdf *owner = ldns_rr_owner(rr);
	if (!owner || ldns_rdf_size(owner) != q->name_len || ldns_rr_get_type(rr) != q->type ||
	    ldns_rr_get_class(rr) != q->class)
		return false;
	const uint8_t *name = ldns_rdf_data(owner);
	for (size_t i = 0; i < q->name_len; i++)
		if (tolower(name[i]) != q->name[i])
			return false;
	return true;
}

int nk_answer_read(const uint8_t *data, size_t n, const struct nk_question *q, uint16_t id,
		   ldns_pkt **out)
{
	_pkt_ ldns_pkt *pkt = NULL;

	*out = NULL;
	/* The cheap looks first: this is where forged answers come by. */
	if (n < HEADER || !(data[2] & 0x80) || (data[2] & 0x78) ||
	    (uint16_t)(data[0] << 8 | data[1]) != id)
		return -EBADMSG;
	if (ldns_wire2pkt(&pkt, data, n) != LDNS_STATUS_OK) {
		pkt = NULL;
		return -EBADMSG;
	}
	if (!same_question(pkt, q))
		return -EBADMSG;
	*out = pkt;
	pkt = NULL;
	return 0;
}

static uint32_t least(const ldns_rr_list *list, uint32_t ttl)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		uint32_t own = ldns_rr_ttl(ldns_rr_list_rr(list, i));
		/* RFC 2181: with the highest bit set it counts as 0. */
		own = own > INT32_MAX ? 0 : own;
		ttl = own < ttl ? own : ttl;
	}
	return ttl;
}

/* RFC 2308: as long as the SOA says; without one, not at all. */
static uint32_t negative_ttl(const ldns_pkt *pkt)
{
	const ldns_rr_list *list = ldns_pkt_authority(pkt);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) != 7)
			continue;
		uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));
		minimum = minimum < NEGATIVE_TTL_MAX ? minimum : NEGATIVE_TTL_MAX;
		return least(list, least(ldns_pkt_answer(pkt), minimum));
	}
	return 0;
}

static bool has_type(const ldns_rr_list *list, uint16_t type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == type)
			return true;
	return false;
}

uint32_t nk_answer_ttl(const ldns_pkt *pkt)
{
	const ldns_rr_list *questions = ldns_pkt_question(pkt), *answer = ldns_pkt_answer(pkt);
	int rcode = ldns_pkt_get_rcode(pkt);

	if (ldns_pkt_tc(pkt) || ldns_rr_list_rr_count(questions) != 1 ||
	    (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN))
		return 0;
	uint16_t type = (uint16_t)ldns_rr_get_type(ldns_rr_list_rr(questions, 0));
	/* An alias that leads nowhere is a negative answer, too. */
	if (rcode == LDNS_RCODE_NXDOMAIN || ldns_rr_list_rr_count(answer) == 0 ||
	    (type != LDNS_RR_TYPE_ANY && !has_type(answer, type)))
		return negative_ttl(pkt);
	return least(ldns_pkt_additional(pkt),
		     least(ldns_pkt_authority(pkt), least(answer, TTL_MAX)));
}

static void age_list(ldns_rr_list *list, uint32_t age)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);
		uint32_t ttl = ldns_rr_ttl(rr);
		ldns_rr_set_ttl(rr, ttl > age ? ttl - age : 0);
	}
}

void nk_answer_age(ldns_pkt *pkt, uint32_t age)
{
	age_list(ldns_pkt_answer(pkt), age);
	age_list(ldns_pkt_authority(pkt), age);
	age_list(ldns_pkt_additional(pkt), age);
}

bool nk_answer_address(const ldns_rr *rr, struct nk_ip *ip)
{
	bool four = ldns_rr_get_type(rr) == LDNS_RR_TYPE_A;
	size_t size = four ? 4 : 16;

	if ((!four && ldns_rr_get_type(rr) != LDNS_RR_TYPE_AAAA) || ldns_rr_rd_count(rr) != 1 ||
	    ldns_rdf_size(ldns_rr_rdf(rr, 0)) != size)
		return false;
	*ip = (struct nk_ip){.family = four ? AF_INET : AF_INET6, .prefix = four ? 32 : 128};
	memcpy(ip->a, ldns_rdf_data(ldns_rr_rdf(rr, 0)), size);
	return true;
}

/* The last label of s[0..*n) as a number in that base; it is cut off. -1: it is none. */
static int last_label(const char *s, size_t *n, int base)
{
	size_t end = *n, at = end;

	while (at && s[at - 1] != '.')
		at--;
	if (end == at || end - at > 3 || (base == 16 && end - at != 1))
		return -1;
	int value = 0;
	for (size_t i = at; i < end; i++) {
		if (!isxdigit((unsigned char)s[i]) || (base == 10 && !isdigit((unsigned char)s[i])))
			return -1;
		int digit = isdigit((unsigned char)s[i]) ? s[i] - '0' : s[i] - 'a' + 10;
		value = value * base + digit;
	}
	if (base == 10 && end - at > 1 && s[at] == '0')
		return -1;
	*n = at ? at - 1 : 0;
	return value;
}

bool nk_reverse_read(const char *text, struct nk_ip *ip, unsigned *bits)
{
	static const char four[] = ".in-addr.arpa", six[] = ".ip6.arpa";
	size_t n = strlen(text);
	bool is_four = n >= sizeof(four) && strcmp(text + n - sizeof(four) + 1, four) == 0;
	bool is_six = n >= sizeof(six) && strcmp(text + n - sizeof(six) + 1, six) == 0;
	unsigned step = is_four ? 8 : 4, all = is_four ? 32 : 128;

	if (!is_four && !is_six)
		return false;
	n -= is_four ? sizeof(four) - 1 : sizeof(six) - 1;
	*ip = (struct nk_ip){.family = is_four ? AF_INET : AF_INET6};
	for (*bits = 0; n; *bits += step) {
		int value = *bits < all ? last_label(text, &n, is_four ? 10 : 16) : -1;
		if (value < 0 || value > 255)
			return false;
		ip->a[*bits / 8] |= (uint8_t)(is_four || *bits % 8 ? value : value << 4);
	}
	ip->prefix = (uint8_t)*bits;
	return true;
}
