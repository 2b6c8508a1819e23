/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a letter that names the reader, and then what the kernel would tell: texts of /proc,
 * answers of rtnetlink. Strangers have a word in most of them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ns/cards.h"
#include "ns/idmap.h"
#include "ns/inside.h"
#include "ns/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cards(struct nk_arena *a, char which, const char *text, size_t n)
{
	struct nk_cards c = {0};
	struct nk_cards_files f = {
		.dev = which == 'd' ? text : NULL,
		.if_inet6 = which == '6' ? text : NULL,
		.fib_trie = which == 'f' ? text : NULL,
		.route = which == 'r' ? text : NULL,
		.ipv6_route = which == 'R' ? text : NULL,
	};

	if (which == 'L') {
		nk_cards_parse_links(a, text, n, &c);
		nk_cards_parse_addresses(a, text, n, &c);
		nk_cards_parse_routes(a, text, n, &c);
	}
	nk_cards_parse_files(a, &f, &c);
	for (size_t i = 0; i < c.cards.n; i++)
		if (!c.cards.v[i].name || !nk_card_words(a, &c, &c.cards.v[i]))
			abort();
	for (size_t i = 0; i < c.routes.n; i++)
		if (!c.routes.v[i].to || !nk_route_words(a, &c.routes.v[i]))
			abort();
}

/* A list differs from itself in nothing. */
static void mounts(struct nk_arena *a, const char *text)
{
	struct nk_ns_mount_diffs d = {0};
	struct nk_ns_mounts m = {0};

	nk_ns_mounts_parse(a, text, &m);
	nk_ns_mounts_compare(a, &m, &m, &d);
	if (d.n)
		abort();
	for (size_t i = 0; i < m.n; i++)
		if (!m.v[i].point || !m.v[i].source)
			abort();
}

static void objects(struct nk_arena *a, char which, const char *text, size_t n)
{
	struct nk_ipc_objects o = {0};

	if (which == 'p')
		nk_ipc_parse_mqueue(a, text, n, &o);
	else
		nk_ipc_parse_sysv(a,
				  which == 'q'	 ? NK_IPC_MSG
				  : which == 'e' ? NK_IPC_SEM
						 : NK_IPC_SHM,
				  text, &o);
	for (size_t i = 0; i < o.n; i++)
		if (!nk_ipc_name(a, &o.v[i]) || !nk_ipc_words(a, &o.v[i]))
			abort();
}

static void sockets(struct nk_arena *a, const char *proto, const char *text)
{
	struct nk_ns_sockets s = {0};

	nk_ns_sockets_parse(a, proto, text, &s);
	for (size_t i = 0; i < s.n; i++)
		if (!nk_ns_socket_words(a, &s.v[i]))
			abort();
}

static void process(struct nk_arena *a, char which, const char *text)
{
	struct nk_inside in = {0};
	struct nk_ns_status st;
	int64_t x = 0, y = 0;

	if (which == 's' && nk_ns_status_parse(&st, text) == 0 && st.levels > NK_NSPID_LEVELS)
		abort();
	if (which == 'c')
		nk_inside_parse_cgroups(a, text, text, &in);
	for (size_t i = 0; i < in.cgroups.n; i++)
		if (!in.cgroups.v[i].inside)
			abort();
	if (which == 'o')
		nk_inside_parse_offsets(text, &x, &y);
	if (which == 'i' && nk_ns_idmap_parse(a, text, &in.uids) == 0)
		for (size_t i = 0; i < in.uids.n; i++)
			nk_ns_idmap_words(a, &in.uids.v[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct nk_arena a = {0};
	char which = size ? (char)data[0] : 0;
	const char *text;

	if (!size)
		return 0;
	text = nk_strndup(&a, (const char *)data + 1, size - 1);
	if (which == 'L' || which == 'p') {
		/* bytes, in a block of exactly their size, so that reading on is noticed */
		char *exact = malloc(size);
		if (!exact)
			return 0;
		memcpy(exact, data + 1, size - 1);
		if (which == 'L')
			cards(&a, which, exact, size - 1);
		else
			objects(&a, which, exact, size - 1);
		free(exact);
	} else if (strchr("d6frR", which)) {
		cards(&a, which, text, 0);
	} else if (which == 'm') {
		mounts(&a, text);
	} else if (strchr("qeh", which)) {
		objects(&a, which, text, 0);
	} else if (strchr("tu", which)) {
		sockets(&a, which == 't' ? "tcp6" : "unix", text);
	} else {
		process(&a, which, text);
	}
	return 0;
}
