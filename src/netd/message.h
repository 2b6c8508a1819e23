/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of DNS, read and written through ldns: what a client asks, what an upstream answers,
 * what we answer. Pure. Source: RFC 1035, 2308 (negative answers), 6891 (EDNS0), 8914 (extended
 * errors).
 */
#ifndef NK_NETD_MESSAGE_H
#define NK_NETD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ldns has a macro of one letter too many for -Wundef. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#include <ldns/ldns.h>
#pragma GCC diagnostic pop

#include "oci/net_spec.h"

enum {
	NK_UDP_SIZE = 1232,  /* the largest answer by UDP, and what upstreams may send us */
	NK_QUERY_MAX = 4096, /* the largest question that is looked at */
	NK_NAME_TEXT = 1024, /* 255 bytes, each of them at worst "\ddd" */
};

struct nk_question {
	uint8_t name[LDNS_MAX_DOMAINLEN + 1];  /* wire form, lower case */
	uint8_t asked[LDNS_MAX_DOMAINLEN + 1]; /* the same as the client wrote it */
	size_t name_len;		       /* of both; 0: there is no question */
	char text[NK_NAME_TEXT];	       /* "web.example.org", lower case; root: "" */
	uint16_t type, class;
};

/* What a client asks. */
struct nk_query {
	struct nk_question q;
	uint16_t id;
	uint16_t udp_size; /* that it takes by UDP */
	bool rd, cd, ad;   /* bits of the header */
	bool edns, dnssec_ok;
};

static inline void nk_cleanup_pkt(ldns_pkt **pkt)
{
	ldns_pkt_free(*pkt);
}
#define _pkt_ __attribute__((cleanup(nk_cleanup_pkt)))

/* 0: *q is a question. > 0: LDNS_RCODE_… to answer with. -EBADMSG: to be passed over in silence. */
int nk_query_read(const uint8_t *data, size_t n, struct nk_query *q);

/* An empty answer; NULL when memory is out. */
ldns_pkt *nk_reply_new(int rcode);
/* An address of the name that was asked for; a name that it points to; a SOA for negative answers
 * of ours. */
void nk_reply_address(ldns_pkt *pkt, const struct nk_question *q, const struct nk_ip *ip,
		      uint32_t ttl);
void nk_reply_pointer(ldns_pkt *pkt, const struct nk_question *q, const char *name, uint32_t ttl);
void nk_reply_soa(ldns_pkt *pkt, const struct nk_question *q, uint32_t ttl);

/*
 * *pkt as answer to *q, whoever made it: id, flags and question become the client's own. More
 * than `limit` bytes: cut to the question, with the TC bit. ede: extended error (RFC 8914), -1:
 * none. *out is the caller's to free. 0 or -ENOMEM.
 */
int nk_reply_write(const struct nk_query *q, ldns_pkt *pkt, size_t limit, int ede, uint8_t **out,
		   size_t *n);
/* That limit for a client that asks by UDP. */
size_t nk_reply_limit(const struct nk_query *q);

/* The question for an upstream, with EDNS or without. */
int nk_ask_write(const struct nk_query *q, uint16_t id, bool edns, uint8_t **out, size_t *n);
/* Its answer: 0 and *pkt when it is one to this question, else -EBADMSG. */
int nk_answer_read(const uint8_t *data, size_t n, const struct nk_question *q, uint16_t id,
		   ldns_pkt **pkt);

/* Seconds that an answer may be kept; 0: not at all. */
uint32_t nk_answer_ttl(const ldns_pkt *pkt);
/* Take `age` seconds from all its TTLs. */
void nk_answer_age(ldns_pkt *pkt, uint32_t age);
/* The address of an A or AAAA record. */
bool nk_answer_address(const ldns_rr *rr, struct nk_ip *ip);

/* "5.0.89.10.in-addr.arpa" -> address; *bits: as many as are named (32 or 128: a whole one). */
bool nk_reverse_read(const char *text, struct nk_ip *ip, unsigned *bits);

#endif
