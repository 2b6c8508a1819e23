/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and subnets: read, printed, compared, counted. Pure. */
#ifndef NK_OCI_IP_H
#define NK_OCI_IP_H

#include "base/err.h"
#include "oci/net_spec.h"

#define NK_IP_TEXT 64

/* "10.0.0.1", "fd00::1"; with_prefix: "/24" may follow (else the full length is the prefix). */
int nk_ip_parse(const char *text, bool with_prefix, struct nk_ip *ip, struct nk_err *e);
/* With the prefix when with_prefix; answers buf. */
const char *nk_ip_text(const struct nk_ip *ip, bool with_prefix, char buf[NK_IP_TEXT]);
bool nk_ip_equal(const struct nk_ip *a, const struct nk_ip *b); /* without the prefix */
bool nk_ip_inside(const struct nk_ip *ip, const struct nk_ip *net);
/* -1, 0, 1 in the order of numbers, IPv4 before IPv6; without the prefix */
int nk_ip_compare(const struct nk_ip *a, const struct nk_ip *b);
bool nk_ip_overlap(const struct nk_ip *a, const struct nk_ip *b); /* subnets */
/* The lowest and the highest address of a subnet. */
struct nk_ip nk_ip_first(const struct nk_ip *net);
struct nk_ip nk_ip_last(const struct nk_ip *net);
/* The next address (wraps round at the end of the family). */
struct nk_ip nk_ip_next(const struct nk_ip *ip);
/* "02:…": six bytes in hex. */
int nk_mac_parse(const char *text, uint8_t mac[6], struct nk_err *e);
const char *nk_mac_text(const uint8_t mac[6], char buf[18]);

#endif
