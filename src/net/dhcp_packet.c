/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dhcp_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum {
	IP_SIZE = 20,
	UDP_SIZE = 8,
	SNAME = 44, /* where the fields of the message begin */
	FILE_NAME = 108,
	MAGIC = 236,
	OPTIONS = 240,
	SMALLEST = 300, /* some servers drop what is shorter (RFC 1542) */
	PORT_SERVER = 67,
	PORT_CLIENT = 68,
};

enum option {
	PAD = 0,
	SUBNET_MASK = 1,
	ROUTER = 3,
	DNS = 6,
	HOST_NAME = 12,
	MTU = 26,
	WANTED_IP = 50,
	LEASE_TIME = 51,
	OVERLOAD = 52,
	TYPE = 53,
	SERVER_ID = 54,
	PARAMETERS = 55,
	MAX_SIZE = 57,
	T1 = 58,
	T2 = 59,
	CLIENT_ID = 61,
	CLASSLESS_ROUTES = 121,
	END = 255,
};

static const uint8_t magic[4] = {0x63, 0x82, 0x53, 0x63};

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* The Internet checksum (RFC 1071) as a sum that goes on. */
static uint32_t add(uint32_t sum, const uint8_t *at, size_t n)
{
	for (; n > 1; at += 2, n -= 2)
		sum += get16(at);
	return n ? sum + ((uint32_t)*at << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* ---- write ---- */

static uint8_t *option(uint8_t *at, enum option code, const void *data, size_t n)
{
	*at++ = (uint8_t)code;
	*at++ = (uint8_t)n;
	memcpy(at, data, n);
	return at + n;
}

static uint8_t *put_options(const struct nk_dhcp_request *q, uint8_t *at)
{
	static const uint8_t parameters[] = {
		SUBNET_MASK, ROUTER, DNS, MTU, LEASE_TIME, SERVER_ID, T1, T2, CLASSLESS_ROUTES};
	uint8_t type = (uint8_t)q->type, id[7] = {1}, size[2];
	size_t name = q->hostname ? strlen(q->hostname) : 0;

	memcpy(id + 1, q->mac, 6);
	at = option(at, TYPE, &type, 1);
	at = option(at, CLIENT_ID, id, sizeof(id));
	if (q->wanted.family)
		at = option(at, WANTED_IP, q->wanted.a, 4);
	if (q->server.family)
		at = option(at, SERVER_ID, q->server.a, 4);
	if (q->type == NK_DHCP_RELEASE || q->type == NK_DHCP_DECLINE)
		return at;
	put16(size, NK_DHCP_FRAME - IP_SIZE - UDP_SIZE);
	at = option(at, MAX_SIZE, size, sizeof(size));
	at = option(at, PARAMETERS, parameters, sizeof(parameters));
	if (name && name < 64)
		at = option(at, HOST_NAME, q->hostname, name);
	return at;
}

static void put_headers(const struct nk_dhcp_request *q, uint8_t *buf, size_t payload)
{
	uint8_t *ip = buf, *udp = buf + IP_SIZE;
	size_t udp_size = UDP_SIZE + payload;
	uint32_t sum;

	memset(buf, 0, IP_SIZE + UDP_SIZE);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(IP_SIZE + udp_size));
	ip[8] = 64; /* hops */
	ip[9] = IPPROTO_UDP;
	if (q->from.family)
		memcpy(ip + 12, q->from.a, 4);
	memset(ip + 16, 0xff, 4);
	if (q->dest.family)
		memcpy(ip + 16, q->dest.a, 4);
	put16(ip + 10, fold(add(0, ip, IP_SIZE)));
	put16(udp, PORT_CLIENT);
	put16(udp + 2, PORT_SERVER);
	put16(udp + 4, (unsigned)udp_size);
	sum = add((uint32_t)(IPPROTO_UDP + udp_size), ip + 12, 8);
	sum = fold(add(sum, udp, udp_size));
	put16(udp + 6, sum ? sum : 0xffff);
}

size_t nk_dhcp_write(const struct nk_dhcp_request *q, uint8_t *buf)
{
	uint8_t *m = buf + IP_SIZE + UDP_SIZE, *end;

	memset(m, 0, SMALLEST);
	m[0] = 1; /* a request */
	m[1] = 1; /* Ethernet, */
	m[2] = 6; /* whose addresses have six bytes */
	put16(m + 4, q->xid >> 16);
	put16(m + 6, q->xid & 0xffff);
	put16(m + 8, q->elapsed);
	if (q->own.family)
		memcpy(m + 12, q->own.a, 4);
	memcpy(m + 28, q->mac, 6);
	memcpy(m + MAGIC, magic, sizeof(magic));
	end = put_options(q, m + OPTIONS);
	*end++ = END;
	if (end < m + SMALLEST)
		end = m + SMALLEST;
	put_headers(q, buf, (size_t)(end - m));
	return (size_t)(end - buf);
}

/* ---- read ---- */

static struct nk_ip address(const uint8_t *at)
{
	struct nk_ip ip = {.family = AF_INET, .prefix = 32};

	memcpy(ip.a, at, 4);
	return ip;
}

/* Ones on the left, zeroes behind them: how many, or -1. */
static int prefix_of(const uint8_t mask[4])
{
	uint32_t m = get32(mask), inverse = ~m;
	int n = 0;

	if (inverse & (inverse + 1))
		return -1;
	for (; m; m <<= 1)
		n++;
	return n;
}

static int read_routes(struct nk_dhcp_answer *a, const uint8_t *at, size_t n)
{
	while (n) {
		size_t prefix = *at, bytes = (prefix + 7) / 8;
		struct nk_dhcp_route r = {.to = {.family = AF_INET, .prefix = (uint8_t)prefix}};

		if (prefix > 32 || n < 1 + bytes + 4)
			return -EBADMSG;
		memcpy(r.to.a, at + 1, bytes);
		if (prefix % 8)
			r.to.a[bytes - 1] &= (uint8_t)(0xff00 >> (prefix % 8));
		r.via = address(at + 1 + bytes);
		if (a->n_routes < NK_DHCP_ROUTES)
			a->routes[a->n_routes++] = r;
		at += 1 + bytes + 4;
		n -= 1 + bytes + 4;
	}
	return 0;
}

/* One option; what nobody needs is passed over. */
static int read_option(struct nk_dhcp_answer *a, unsigned code, const uint8_t *at, size_t n)
{
	int prefix;

	switch (code) {
	case TYPE:
		if (n != 1)
			return -EBADMSG;
		a->type = (enum nk_dhcp_type) * at;
		return 0;
	case SUBNET_MASK:
		if (n != 4 || (prefix = prefix_of(at)) < 0)
			return -EBADMSG;
		a->ip.prefix = (uint8_t)prefix;
		return 0;
	case ROUTER:
	case DNS:
		if (!n || n % 4)
			return -EBADMSG;
		if (code == ROUTER)
			a->router = address(at);
		for (; code == DNS && n && a->n_dns < NK_DHCP_DNS; at += 4, n -= 4)
			a->dns[a->n_dns++] = address(at);
		return 0;
	case SERVER_ID:
	case LEASE_TIME:
	case T1:
	case T2:
		if (n != 4)
			return -EBADMSG;
		if (code == SERVER_ID)
			a->server = address(at);
		else
			*(code == LEASE_TIME ? &a->seconds
			  : code == T1	     ? &a->t1
					     : &a->t2) = get32(at);
		return 0;
	case MTU:
		if (n != 2)
			return -EBADMSG;
		a->mtu = (uint16_t)get16(at);
		return 0;
	case CLASSLESS_ROUTES:
		return read_routes(a, at, n);
	default:
		return 0;
	}
}

/* A field of options. *overload: which other fields hold options, too. */
static int read_field(struct nk_dhcp_answer *a, const uint8_t *at, size_t n, unsigned *overload)
{
	const uint8_t *end = at + n;

	while (at < end && *at != END) {
		unsigned code = *at++;
		size_t size;

		if (code == PAD)
			continue;
		if (at == end || *at > end - at - 1)
			return -EBADMSG;
		size = *at++;
		if (code == OVERLOAD) {
			if (size != 1 || !overload)
				return -EBADMSG;
			*overload = *at;
		} else if (read_option(a, code, at, size) < 0) {
			return -EBADMSG;
		}
		at += size;
	}
	return 0;
}

/* Times that make sense, whatever the server says. */
static void times(struct nk_dhcp_answer *a)
{
	if (!a->t2 || a->t2 >= a->seconds)
		a->t2 = a->seconds - a->seconds / 8;
	if (!a->t1 || a->t1 >= a->t2)
		a->t1 = a->seconds / 2;
}

/* An address for one machine, and the subnet's prefix of its class where none was said. */
static bool usable(struct nk_dhcp_answer *a)
{
	uint8_t first = a->ip.a[0];

	if (a->ip.prefix == 0)
		a->ip.prefix = first < 128 ? 8 : first < 192 ? 16 : 24;
	return first != 0 && first != 127 && first < 224 && a->server.family;
}

static int read_message(const uint8_t *m, size_t n, uint32_t xid, const uint8_t mac[6],
			struct nk_dhcp_answer *a)
{
	unsigned overload = 0;

	if (n < OPTIONS || m[0] != 2 || m[1] != 1 || m[2] != 6 || get32(m + 4) != xid ||
	    memcmp(m + 28, mac, 6) != 0 || memcmp(m + MAGIC, magic, sizeof(magic)) != 0)
		return -ENOMSG;
	a->ip = address(m + 16);
	a->ip.prefix = 0;
	if (read_field(a, m + OPTIONS, n - OPTIONS, &overload) < 0 ||
	    (overload & 1 && read_field(a, m + FILE_NAME, MAGIC - FILE_NAME, NULL) < 0) ||
	    (overload & 2 && read_field(a, m + SNAME, FILE_NAME - SNAME, NULL) < 0))
		return -EBADMSG;
	if (a->type == NK_DHCP_NAK)
		return 0;
	if (a->type != NK_DHCP_OFFER && a->type != NK_DHCP_ACK)
		return -ENOMSG;
	if (!usable(a) || !a->seconds)
		return -EBADMSG;
	times(a);
	return 0;
}

int nk_dhcp_read(const uint8_t *buf, size_t n, uint32_t xid, const uint8_t mac[6],
		 struct nk_dhcp_answer *out)
{
	size_t head, total, udp;

	*out = (struct nk_dhcp_answer){0};
	if (n < IP_SIZE || buf[0] >> 4 != 4)
		return -ENOMSG;
	head = (size_t)(buf[0] & 15) * 4;
	total = get16(buf + 2);
	if (head < IP_SIZE || total > n || total < head + UDP_SIZE || buf[9] != IPPROTO_UDP ||
	    get16(buf + 6) & 0x3fff || fold(add(0, buf, head)) != 0)
		return -ENOMSG;
	/* The checksum of UDP is not looked at: between cards of one machine nobody fills it in. */
	udp = get16(buf + head + 4);
	if (get16(buf + head) != PORT_SERVER || get16(buf + head + 2) != PORT_CLIENT ||
	    udp < UDP_SIZE || udp > total - head)
		return -ENOMSG;
	return read_message(buf + head + UDP_SIZE, udp - UDP_SIZE, xid, mac, out);
}
