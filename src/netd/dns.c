/* SPDX-License-Identifier: Apache-2.0 */
/* netd.h: what is answered to a question. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "netd/egress.h"
#include "netd/netd.h"

enum { EDE_NONE = -1, EDE_BLOCKED = 15, EDE_PROHIBITED = 18, EDE_NETWORK_ERROR = 23 };

static void send_to(struct nk_netd *d, const struct nk_client *c, const uint8_t *data, size_t n)
{
	(void)d;
	if (c->conn)
		nk_dns_conn_send(c->conn, data, n);
	else if (c->udp->w.fd >= 0)
		/* A full socket drops it, as any wire does. */
		sendto(c->udp->w.fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL, &c->from.any,
		       nk_address_size(&c->from));
}

void nk_dns_give(struct nk_netd *d, const struct nk_client *c, const struct nk_query *q,
		 ldns_pkt *pkt, bool own, int ede)
{
	_pkt_ ldns_pkt *other = NULL;
	size_t n;

	if (pkt && c->view->egress) {
		int rcode = nk_egress_pass(c->view->egress, &q->q, pkt, own, nk_now_ms());
		if (rcode) {
			other = nk_reply_new(rcode);
			pkt = other;
			ede = EDE_BLOCKED;
		}
	}
	if (!pkt) {
		other = nk_reply_new(LDNS_RCODE_SERVFAIL);
		pkt = other;
	}
	if (pkt)
		ldns_pkt_set_aa(pkt, own); /* of what we pass on we are no authority */
	_free_ uint8_t *data = NULL;
	size_t limit = c->conn ? LDNS_MAX_PACKETLEN : nk_reply_limit(q);
	if (pkt && nk_reply_write(q, pkt, limit, ede, &data, &n) == 0)
		send_to(d, c, data, n);
}

static void refuse(struct nk_netd *d, const struct nk_client *c, const struct nk_query *q,
		   int rcode, int ede)
{
	_pkt_ ldns_pkt *pkt = nk_reply_new(rcode);
	_free_ uint8_t *data = NULL;
	size_t n;

	if (rcode == LDNS_RCODE_NXDOMAIN && pkt)
		nk_reply_soa(pkt, &q->q, NK_OWN_TTL);
	if (pkt && nk_reply_write(q, pkt, nk_reply_limit(q), ede, &data, &n) == 0)
		send_to(d, c, data, n);
}

static void come_by_tcp(struct nk_netd *d, const struct nk_client *c, const struct nk_query *q)
{
	_pkt_ ldns_pkt *pkt = nk_reply_new(LDNS_RCODE_NOERROR);
	_free_ uint8_t *data = NULL;
	size_t n;

	/* No answer fits into nothing: it is cut to the question. */
	if (pkt && nk_reply_write(q, pkt, 0, EDE_NONE, &data, &n) == 0)
		send_to(d, c, data, n);
}

/* What has no place here: other classes, transfers, and messages about messages. */
static int unfit(const struct nk_question *q)
{
	if (q->class != LDNS_RR_CLASS_IN)
		return LDNS_RCODE_REFUSED;
	if (q->type == 0 || q->type == LDNS_RR_TYPE_OPT || q->type == LDNS_RR_TYPE_TSIG ||
	    (q->type >= 249 && q->type <= 254)) /* TKEY … MAILA: not ANY */
		return LDNS_RCODE_NOTIMPL;
	return 0;
}

void nk_dns_question(struct nk_netd *d, const struct nk_client *c, const uint8_t *data, size_t n)
{
	struct nk_zone zone = {&d->names, d->alone ? NULL : &d->network};
	_pkt_ ldns_pkt *pkt = NULL;
	struct nk_query q;
	bool mine;

	int rcode = nk_query_read(data, n, &q);
	if (rcode < 0)
		return;
	if (rcode == 0)
		rcode = unfit(&q.q);
	if (rcode) {
		refuse(d, c, &q, rcode, EDE_NONE);
		return;
	}
	if (c->view->egress && !nk_egress_allows(c->view->egress, &q.q)) {
		refuse(d, c, &q, LDNS_RCODE_REFUSED, EDE_BLOCKED);
		return;
	}
	/* Its other networks have names as well. */
	if (!d->alone && !nk_names_known(&d->names, q.q.text))
		pkt = nk_neighbours_answer(d, c, &q.q);
	mine = pkt != NULL;
	if (!pkt)
		pkt = nk_zone_answer(&zone, &q.q, &mine);
	if (mine) {
		nk_dns_give(d, c, &q, pkt, true, EDE_NONE);
		return;
	}
	/* No way out, by names neither. NXDOMAIN, so that a search list goes on. */
	if (!d->alone && d->network.internal) {
		refuse(d, c, &q, LDNS_RCODE_NXDOMAIN, EDE_PROHIBITED);
		return;
	}
	/* With other servers the answers of the last ones are old. */
	if (nk_upstreams_look(&d->upstreams))
		nk_cache_clear(&d->cache);
	pkt = nk_cache_find(&d->cache, &q, nk_now_ms());
	if (pkt) {
		nk_dns_give(d, c, &q, pkt, false, EDE_NONE);
		return;
	}
	int r = nk_forward(d, c, &q);
	/* Perhaps it was somebody else who has asked so much in this one's name. */
	if (r == -EBUSY && !c->conn)
		come_by_tcp(d, c, &q);
	else if (r < 0)
		nk_dns_give(d, c, &q, NULL, false, EDE_NETWORK_ERROR);
}
