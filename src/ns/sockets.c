/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/sockets.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "host/text.h"

/* States of <net/tcp_states.h>: a UDP socket that is bound and not connected is in TCP_CLOSE. */
enum { LISTEN = 0x0a, BOUND = 0x07 };
#define UNIX_LISTENS 0x10000u /* __SO_ACCEPTCON */

/* The words of a line between blanks, at most max of them; the last one is only its first word. */
static size_t words(const char *line, size_t n, struct nk_field *f, size_t max)
{
	size_t count = 0, at = 0;

	while (count < max) {
		while (at < n && line[at] == ' ')
			at++;
		if (at == n)
			break;
		size_t start = at;
		while (at < n && line[at] != ' ')
			at++;
		f[count++] = (struct nk_field){line + start, at - start};
	}
	return count;
}

static bool hex(const char *s, size_t n, uint32_t *out)
{
	*out = 0;
	if (!n || n > 8)
		return false;
	for (size_t i = 0; i < n; i++) {
		int c = s[i] | 0x20;
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;
		if (digit < 0)
			return false;
		*out = *out << 4 | (uint32_t)digit;
	}
	return true;
}

/* "0100007F:1F90": 32-bit words as this machine's memory has them, and the port. */
static bool address(struct nk_arena *a, struct nk_field f, struct nk_ns_socket *s)
{
	char text[INET6_ADDRSTRLEN];
	const char *colon = memchr(f.s, ':', f.n);
	uint32_t part[4], port;
	size_t n = colon ? (size_t)(colon - f.s) : 0;

	if ((n != 8 && n != 32) || !hex(colon + 1, f.n - n - 1, &port) || port > 0xffff)
		return false;
	for (size_t i = 0; i < n / 8; i++)
		if (!hex(f.s + 8 * i, 8, &part[i]))
			return false;
	inet_ntop(n == 8 ? AF_INET : AF_INET6, part, text, sizeof(text));
	s->address = nk_strdup(a, text);
	s->port = (uint16_t)port;
	return true;
}

/* sl local_address rem_address st queues tr:when retrnsmt uid timeout inode … */
static bool inet_line(struct nk_arena *a, const char *proto, struct nk_field *f, size_t n,
		      struct nk_ns_socket *s)
{
	uint32_t state, uid;

	if (n < 10 || !hex(f[3].s, f[3].n, &state) || !nk_text_u32(f[7].s, f[7].n, &uid))
		return false;
	if (state != (proto[0] == 't' ? LISTEN : BOUND))
		return false;
	s->uid = uid;
	s->inode = strtoull(f[9].s, NULL, 10);
	return address(a, f[1], s);
}

/* Num RefCount Protocol Flags Type St Inode Path; the path may hold blanks. */
static bool unix_line(struct nk_arena *a, const char *line, size_t len, struct nk_field *f,
		      size_t n, struct nk_ns_socket *s)
{
	uint32_t flags;

	if (n < 8 || !hex(f[3].s, f[3].n, &flags) || !(flags & UNIX_LISTENS))
		return false;
	s->inode = strtoull(f[6].s, NULL, 10);
	s->address = nk_strndup(a, f[7].s, len - (size_t)(f[7].s - line));
	return true;
}

void nk_ns_sockets_parse(struct nk_arena *a, const char *proto, const char *text,
			 struct nk_ns_sockets *out)
{
	const char *line;
	bool title = true;
	size_t len;

	while ((line = nk_text_line(&text, &len))) {
		struct nk_ns_socket s = {.proto = proto}, *new;
		struct nk_field f[10];
		size_t n = words(line, len, f, 10);
		bool ok = proto[0] == 'u' && proto[1] == 'n' ? unix_line(a, line, len, f, n, &s)
							     : inet_line(a, proto, f, n, &s);
		if (title || !ok) {
			title = false;
			continue;
		}
		new = NK_PUSH(a, out);
		if (new)
			*new = s;
	}
}

const char *nk_ns_socket_words(struct nk_arena *a, const struct nk_ns_socket *s)
{
	if (!strcmp(s->proto, "unix"))
		return s->address;
	return nk_fmt(a, strchr(s->address, ':') ? "[%s]:%u" : "%s:%u", s->address, s->port);
}
