/* SPDX-License-Identifier: Apache-2.0 */
#include "netd/upstream.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { FILE_MAX = 65536, PORT = 53 };

socklen_t nk_address_size(const union nk_address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->four) : sizeof(a->six);
}

struct nk_ip nk_address_ip(const union nk_address *a)
{
	struct nk_ip ip = {.family = AF_INET, .prefix = 32};

	if (a->any.sa_family == AF_INET) {
		memcpy(ip.a, &a->four.sin_addr, 4);
	} else if (IN6_IS_ADDR_V4MAPPED(&a->six.sin6_addr)) {
		memcpy(ip.a, a->six.sin6_addr.s6_addr + 12, 4);
	} else {
		ip = (struct nk_ip){.family = AF_INET6, .prefix = 128};
		memcpy(ip.a, &a->six.sin6_addr, 16);
	}
	return ip;
}

bool nk_address_equal(const union nk_address *a, const union nk_address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->four.sin_port == b->four.sin_port &&
		       a->four.sin_addr.s_addr == b->four.sin_addr.s_addr;
	return a->six.sin6_port == b->six.sin6_port &&
	       a->six.sin6_scope_id == b->six.sin6_scope_id &&
	       memcmp(&a->six.sin6_addr, &b->six.sin6_addr, 16) == 0;
}

void nk_address_set(union nk_address *a, const struct nk_ip *ip, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	a->any.sa_family = ip->family;
	if (ip->family == AF_INET) {
		a->four.sin_port = htons(port);
		memcpy(&a->four.sin_addr, ip->a, 4);
	} else {
		a->six.sin6_port = htons(port);
		memcpy(&a->six.sin6_addr, ip->a, 16);
	}
}

/* Number of a card, from /sys or as it stands: if_nametoindex() wants an ioctl, which the filter
 * does not let through. */
static unsigned card_index(const char *name)
{
	char path[64], text[16];

	if (isdigit((unsigned char)name[0]))
		return (unsigned)strtoul(name, NULL, 10);
	if (!name[0] || strlen(name) > 15 || strchr(name, '/'))
		return 0;
	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", name);

	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (unsigned)strtoul(text, NULL, 10);
}

static bool parse(const char *word, union nk_address *a)
{
	char text[INET6_ADDRSTRLEN + 17];
	struct nk_ip ip = {0};

	if (strlen(word) >= sizeof(text))
		return false;
	strcpy(text, word);
	char *scope = strchr(text, '%');
	if (scope)
		*scope++ = '\0';
	ip.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(ip.family, text, ip.a) != 1)
		return false;
	nk_address_set(a, &ip, PORT);
	if (scope && ip.family == AF_INET6)
		a->six.sin6_scope_id = card_index(scope);
	return true;
}

void nk_upstreams_read(struct nk_upstreams *u, const char *text)
{
	static const struct nk_ip here = {.family = AF_INET, .prefix = 8, .a = {127, 0, 0, 1}};

	u->n = 0;
	for (const char *line = text; *line && u->n < NK_UPSTREAMS;) {
		char word[128], *at = word;
		size_t end = strcspn(line, "\n");
		const char *from = line;
		line += end + (line[end] == '\n');
		if (strncmp(from, "nameserver", 10) != 0 || !isblank((unsigned char)from[10]))
			continue;
		for (from += 10; isblank((unsigned char)*from); from++)
			;
		while (isgraph((unsigned char)*from) && at < word + sizeof(word) - 1)
			*at++ = *from++;
		*at = '\0';
		u->v[u->n] = (struct nk_upstream){0};
		u->n += parse(word, &u->v[u->n].address);
	}
	if (!u->n) {
		u->v[0] = (struct nk_upstream){0};
		nk_address_set(&u->v[0].address, &here, PORT);
		u->n = 1;
	}
	u->version++;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* NULL: it is there and cannot be read, for lack of descriptors or memory. */
static char *read_file(const char *path)
{
	_free_ char *text = calloc(1, FILE_MAX + 1);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = 1;

	if (!text || (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)))
		return NULL;
	for (size_t at = 0; fd >= 0 && n > 0 && at < FILE_MAX; at += (size_t)(n > 0 ? n : 0))
		n = read(fd, text + at, FILE_MAX - at);
	char *whole = text;
	text = NULL;
	return whole;
}

bool nk_upstreams_look(struct nk_upstreams *u)
{
	struct stat now = {0};
	_free_ char *text = NULL;

	/* By its name each time: it is a link that is turned, or a file that is replaced. */
	if (stat(u->path, &now) < 0)
		memset(&now, 0, sizeof(now));
	if (u->n && same_file(&now, &u->seen))
		return false;
	text = now.st_ino ? read_file(u->path) : calloc(1, 1);
	/* Not now: the servers that we know stay, and we look again. */
	if (!text && u->n)
		return false;
	if (text)
		u->seen = now;
	nk_upstreams_read(u, text ? text : "");
	return true;
}

int nk_upstreams_pick(const struct nk_upstreams *u, unsigned tried, int64_t now)
{
	int best = -1;

	for (size_t i = 0; i < u->n; i++) {
		if (tried & 1u << i)
			continue;
		if (u->v[i].rests_until <= now)
			return (int)i;
		best = best < 0 ? (int)i : best;
	}
	return best;
}
