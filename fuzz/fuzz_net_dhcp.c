/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: what a DHCP server sends, from the BOOTP message on. IP and UDP headers are put before it,
 * with the right lengths and checksum, so that mutations get to the options.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/dhcp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void checksum(uint8_t *ip)
{
	unsigned sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (unsigned)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum & 0xffff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 5};
	struct nk_dhcp_answer a;
	size_t n = 28 + (size > 1400 ? 1400 : size);
	uint8_t *p = calloc(1, n);

	if (!p)
		abort();
	p[0] = 0x45;
	p[9] = 17;
	put16(p + 2, n);
	put16(p + 20, 67);
	put16(p + 22, 68);
	put16(p + 24, n - 20);
	memcpy(p + 28, data, n - 28);
	checksum(p);
	int rc = nk_dhcp_read(p, n, 0x12345678, mac, &a);
	if (rc != 0 && rc != -ENOMSG && rc != -EBADMSG)
		abort();
	if (rc == 0 && a.type != NK_DHCP_NAK &&
	    (a.t1 >= a.t2 || a.t2 >= a.seconds || a.ip.prefix > 32 || !a.server.family) &&
	    a.seconds > 2)
		abort();
	if (a.n_dns > NK_DHCP_DNS || a.n_routes > NK_DHCP_ROUTES)
		abort();
	nk_dhcp_read(data, size, 0x12345678, mac, &a);
	free(p);
	return 0;
}
