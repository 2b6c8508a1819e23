/* SPDX-License-Identifier: Apache-2.0 */
#include "netd/message.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 12, OPTION_EDE = 15 };

static void set_text(struct nk_question *q)
{
	size_t at = 0;

	for (size_t i = 0; i < q->name_len && q->name[i];) {
		size_t len = q->name[i++];
		if (at)
			q->text[at++] = '.';
		for (; len && i < q->name_len; len--, i++) {
			uint8_t c = q->name[i];
			if (isgraph(c) && c != '.' && c != '\\')
				q->text[at++] = (char)c;
			else
				at += (size_t)snprintf(q->text + at, sizeof(q->text) - at, "\\%03u",
						       c);
		}
	}
	q->text[at] = '\0';
}

static int set_question(struct nk_question *q, const ldns_rr *rr)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);
	size_t len = owner ? ldns_rdf_size(owner) : 0;

	if (!len || len > LDNS_MAX_DOMAINLEN)
		return -EBADMSG;
	memcpy(q->asked, ldns_rdf_data(owner), len);
	/* The lengths of labels are at most 63, below all letters. */
	for (size_t i = 0; i < len; i++)
		q->name[i] = (uint8_t)(q->asked[i] >= 'A' && q->asked[i] <= 'Z' ? q->asked[i] | 0x20
										: q->asked[i]);
	q->name_len = len;
	q->type = (uint16_t)ldns_rr_get_type(rr);
	q->class = (uint16_t)ldns_rr_get_class(rr);
	set_text(q);
	return 0;
}

int nk_query_read(const uint8_t *data, size_t n, struct nk_query *q)
{
	_pkt_ ldns_pkt *pkt = NULL;

	memset(q, 0, sizeof(*q));
	if (n < HEADER || n > NK_QUERY_MAX || (data[2] & 0x80))
		return -EBADMSG;
	q->id = (uint16_t)(data[0] << 8 | data[1]);
	q->rd = data[2] & 0x01;
	q->ad = data[3] & 0x20;
	q->cd = data[3] & 0x10;
	q->udp_size = 512;
	if (data[2] & 0x78)
		return LDNS_RCODE_NOTIMPL;
	if (data[4] != 0 || data[5] != 1 || ldns_wire2pkt(&pkt, data, n) != LDNS_STATUS_OK) {
		pkt = NULL;
		return LDNS_RCODE_FORMERR;
	}
	const ldns_rr_list *questions = ldns_pkt_question(pkt);
	if (ldns_rr_list_rr_count(questions) != 1 ||
	    set_question(&q->q, ldns_rr_list_rr(questions, 0)) < 0)
		return LDNS_RCODE_FORMERR;
	if (ldns_pkt_edns(pkt)) {
		q->edns = true;
		q->dnssec_ok = ldns_pkt_edns_do(pkt);
		if (ldns_pkt_edns_udp_size(pkt) > q->udp_size)
			q->udp_size = ldns_pkt_edns_udp_size(pkt);
		if (ldns_pkt_edns_version(pkt))
			return 16; /* BADVERS */
	}
	return 0;
}

ldns_pkt *nk_reply_new(int rcode)
{
	ldns_pkt *pkt = ldns_pkt_new();

	if (pkt)
		ldns_pkt_set_rcode(pkt, (uint8_t)(rcode & 15));
	if (pkt && rcode > 15)
		ldns_pkt_set_edns_extended_rcode(pkt, (uint8_t)(rcode >> 4));
	return pkt;
}

static ldns_rr *new_record(const struct nk_question *q, ldns_rr_type type, uint32_t ttl)
{
	ldns_rr *rr = ldns_rr_new();

	if (!rr)
		return NULL;
	ldns_rr_set_owner(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, q->name_len, q->asked));
	ldns_rr_set_type(rr, type);
	ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
	ldns_rr_set_ttl(rr, ttl);
	return rr;
}

/* rdf is the record's from here on. A record that memory did not suffice for is left out. */
static bool add_rdf(ldns_rr *rr, ldns_rdf *rdf)
{
	return rdf && ldns_rr_push_rdf(rr, rdf);
}

static void push(ldns_pkt *pkt, ldns_pkt_section section, ldns_rr *rr, bool whole)
{
	if (!whole || !ldns_pkt_push_rr(pkt, section, rr))
		ldns_rr_free(rr);
}

void nk_reply_address(ldns_pkt *pkt, const struct nk_question *q, const struct nk_ip *ip,
		      uint32_t ttl)
{
	bool four = ip->family == AF_INET;
	ldns_rr *rr = new_record(q, four ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA, ttl);

	if (rr)
		push(pkt, LDNS_SECTION_ANSWER, rr,
		     add_rdf(rr, ldns_rdf_new_frm_data(four ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA,
						       four ? 4 : 16, ip->a)));
}

void nk_reply_pointer(ldns_pkt *pkt, const struct nk_question *q, const char *name, uint32_t ttl)
{
	ldns_rr *rr = new_record(q, LDNS_RR_TYPE_PTR, ttl);

	if (rr)
		push(pkt, LDNS_SECTION_ANSWER, rr, add_rdf(rr, ldns_dname_new_frm_str(name)));
}

void nk_reply_soa(ldns_pkt *pkt, const struct nk_question *q, uint32_t ttl)
{
	ldns_rr *rr = new_record(q, LDNS_RR_TYPE_SOA, ttl);

	if (!rr)
		return;
	bool whole = true;
	for (int i = 0; whole && i < 2; i++) /* server, and who is responsible: nobody */
		whole = add_rdf(rr, ldns_dname_new_frm_str("."));
	const uint32_t numbers[] = {1, 3600, 600, 86400, ttl}; /* serial … minimum */
	for (size_t i = 0; whole && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		whole = add_rdf(
			rr, ldns_native2rdf_int32(i ? LDNS_RDF_TYPE_PERIOD : LDNS_RDF_TYPE_INT32,
						  numbers[i]));
	push(pkt, LDNS_SECTION_AUTHORITY, rr, whole);
}

/* Its question becomes that one. */
static int put_question(ldns_pkt *pkt, const struct nk_question *q)
{
	ldns_rr_list *list = ldns_rr_list_new();

	if (!list)
		return -ENOMEM;
	ldns_rr_list_deep_free(ldns_pkt_question(pkt));
	ldns_pkt_set_question(pkt, list);
	ldns_pkt_set_qdcount(pkt, 0);
	if (!q->name_len)
		return 0;
	ldns_rr *rr = new_record(q, q->type, 0);
	if (!rr)
		return -ENOMEM;
	ldns_rr_set_class(rr, q->class);
	ldns_rr_set_question(rr, true);
	if (!ldns_rr_owner(rr) || !ldns_rr_list_push_rr(list, rr)) {
		ldns_rr_free(rr);
		return -ENOMEM;
	}
	ldns_pkt_set_qdcount(pkt, 1);
	return 0;
}

/* What EDNS and TSIG there was between the sender and us goes no further. */
static void put_edns(ldns_pkt *pkt, bool edns, bool dnssec_ok, int ede)
{
	ldns_rdf *options = NULL;
	uint8_t extended = ldns_pkt_edns_extended_rcode(pkt);

	if (edns && ede >= 0) {
		uint8_t option[] = {0, OPTION_EDE, 0, 2, (uint8_t)(ede >> 8), (uint8_t)ede};
		options = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, sizeof(option), option);
	}
	ldns_rdf_deep_free(ldns_pkt_edns_data(pkt));
	ldns_edns_option_list_deep_free(pkt->_edns_list);
	pkt->_edns_list = NULL;
	pkt->_edns_data = options;
	ldns_rr_free(ldns_pkt_tsig(pkt));
	ldns_pkt_set_tsig(pkt, NULL);
	pkt->_edns_z = 0;
	pkt->_edns_version = 0;
	pkt->_edns_extended_rcode = edns ? extended : 0;
	pkt->_edns_udp_size = edns ? NK_UDP_SIZE : 0;
	pkt->_edns_present = edns;
	if (edns)
		ldns_pkt_set_edns_do(pkt, dnssec_ok);
}

static void put_header(ldns_pkt *pkt, const struct nk_query *q)
{
	ldns_pkt_set_id(pkt, q->id);
	ldns_pkt_set_opcode(pkt, LDNS_PACKET_QUERY);
	ldns_pkt_set_qr(pkt, true);
	ldns_pkt_set_tc(pkt, false);
	ldns_pkt_set_rd(pkt, q->rd);
	ldns_pkt_set_ra(pkt, true);
	ldns_pkt_set_cd(pkt, q->cd);
	ldns_pkt_set_ad(pkt, ldns_pkt_ad(pkt) && (q->ad || q->dnssec_ok));
}

static void empty(ldns_pkt *pkt, ldns_pkt_section section, ldns_rr_list *list)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		ldns_rr_free(ldns_rr_list_rr(list, i));
	ldns_rr_list_set_rr_count(list, 0);
	ldns_pkt_set_section_count(pkt, section, 0);
}

int nk_reply_write(const struct nk_query *q, ldns_pkt *pkt, size_t limit, int ede, uint8_t **out,
		   size_t *n)
{
	*out = NULL;
	put_header(pkt, q);
	put_edns(pkt, q->edns, q->dnssec_ok, ede);
	if (put_question(pkt, &q->q) < 0 || ldns_pkt2wire(out, pkt, n) != LDNS_STATUS_OK)
		return -ENOMEM;
	if (*n <= limit)
		return 0;
	free(*out);
	*out = NULL;
	empty(pkt, LDNS_SECTION_ANSWER, ldns_pkt_answer(pkt));
	empty(pkt, LDNS_SECTION_AUTHORITY, ldns_pkt_authority(pkt));
	empty(pkt, LDNS_SECTION_ADDITIONAL, ldns_pkt_additional(pkt));
	ldns_pkt_set_tc(pkt, true);
	return ldns_pkt2wire(out, pkt, n) == LDNS_STATUS_OK ? 0 : -ENOMEM;
}

size_t nk_reply_limit(const struct nk_query *q)
{
	return q->udp_size < NK_UDP_SIZE ? q->udp_size : NK_UDP_SIZE;
}

int nk_ask_write(const struct nk_query *q, uint16_t id, bool edns, uint8_t **out, size_t *n)
{
	_pkt_ ldns_pkt *pkt = ldns_pkt_new();

	*out = NULL;
	if (!pkt)
		return -ENOMEM;
	ldns_pkt_set_id(pkt, id);
	ldns_pkt_set_rd(pkt, q->rd);
	ldns_pkt_set_cd(pkt, q->cd);
	ldns_pkt_set_ad(pkt, q->ad);
	put_edns(pkt, edns, q->dnssec_ok, -1);
	if (put_question(pkt, &q->q) < 0)
		return -ENOMEM;
	return ldns_pkt2wire(out, pkt, n) == LDNS_STATUS_OK ? 0 : -ENOMEM;
}
