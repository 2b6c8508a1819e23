/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses are leased once, from a file that outlives whoever wrote it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "net/lease.h"
#include "net/lease_file.h"
#include "oci/ip.h"

struct world {
	struct nk_arena a;
	char dir[64];
	struct nk_net_store s;
	struct nk_network n;
};

static struct nk_ip ip(const char *text)
{
	struct nk_ip out;
	struct nk_err e;

	assert_int_equal(nk_ip_parse(text, true, &out, &e), 0);
	return out;
}

static void subnet(struct world *w, const char *net, const char *gateway, const char *range)
{
	struct nk_subnet *s = NK_PUSH(&w->a, &w->n.subnets);

	s->net = ip(net);
	s->gateway = ip(gateway);
	if (range)
		s->range = ip(range);
}

static void sh(const char *fmt, const char *arg)
{
	char command[200];

	snprintf(command, sizeof(command), fmt, arg, arg, arg);
	assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/nook-lease-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	sh("mkdir %s/root %s/state && touch %s/root/lan.json", w->dir);
	w->s.root = nk_fmt(&w->a, "%s/root", w->dir);
	w->s.state = nk_fmt(&w->a, "%s/state", w->dir);
	w->s.fd = open(w->s.root, O_RDONLY | O_DIRECTORY);
	w->s.state_fd = open(w->s.state, O_RDONLY | O_DIRECTORY);
	w->n = (struct nk_network){.name = "lan"};
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	close(w->s.fd);
	close(w->s.state_fd);
	sh("rm -r %s", w->dir);
	nk_arena_done(&w->a);
	free(w);
	return 0;
}

static struct nk_net_leases buried;

static void bury(struct nk_arena *a __attribute__((unused)), const struct nk_net_leases *lines)
{
	buried = *lines;
}

static int lease(struct world *w, struct nk_net_card *card, const char *id, struct nk_err *e)
{
	card->network = &w->n;
	return nk_net_lease(&w->s, &w->a, card, id, id, NULL, "rm", NULL, e);
}

static const char *first(struct nk_net_card *card)
{
	static char buf[NK_IP_TEXT];

	return nk_ip_text(&card->ips.v[0], true, buf);
}

static void lowest_free_of_both_families(void **state)
{
	struct world *w = *state;
	struct nk_net_card web = {0}, db = {0}, again = {0};
	struct nk_err e = {0};
	char buf[NK_IP_TEXT], mac[18];

	subnet(w, "10.89.0.0/24", "10.89.0.1", NULL);
	subnet(w, "fd00:1::/64", "fd00:1::1", NULL);
	assert_int_equal(lease(w, &web, "web", &e), 0);
	assert_string_equal(first(&web), "10.89.0.2/24");
	assert_string_equal(nk_ip_text(&web.ips.v[1], true, buf), "fd00:1::2/64");
	assert_string_equal(nk_mac_text(web.mac, mac), "02:42:0a:59:00:02");
	assert_string_equal(web.ifname, "eth0");
	assert_true(strlen(web.host_ifname) <= 15);
	assert_int_equal(lease(w, &db, "db", &e), 0);
	assert_string_equal(first(&db), "10.89.0.3/24");
	assert_string_not_equal(web.host_ifname, db.host_ifname);

	assert_int_equal(nk_net_release(&w->s, &w->a, "lan", "web", NULL, bury, &e), 0);
	assert_int_equal(buried.n, 1);
	assert_string_equal(buried.v[0].host_ifname, web.host_ifname);
	assert_int_equal(lease(w, &again, "new", &e), 0);
	assert_string_equal(first(&again), "10.89.0.2/24");
}

static void asked_for(void **state)
{
	struct world *w = *state;
	struct nk_net_card web = {0}, db = {0};
	struct nk_err e = {0};

	subnet(w, "10.89.0.0/24", "10.89.0.1", NULL);
	*NK_PUSH(&w->a, &web.ips) = ip("10.89.0.7");
	assert_int_equal(lease(w, &web, "web", &e), 0);
	assert_string_equal(first(&web), "10.89.0.7/24");

	*NK_PUSH(&w->a, &db.ips) = ip("10.89.0.7");
	assert_int_equal(lease(w, &db, "db", &e), -EADDRINUSE);
	assert_non_null(strstr(e.msg, "belongs to web"));
	db.ips.v[0] = ip("10.89.0.1");
	assert_int_equal(lease(w, &db, "db", &e), -EADDRINUSE);
	assert_non_null(strstr(e.msg, "gateway"));
	db.ips.v[0] = ip("10.89.0.255");
	assert_int_equal(lease(w, &db, "db", &e), -EADDRINUSE);
	db.ips.v[0] = ip("10.90.0.2");
	assert_true(lease(w, &db, "db", &e) < 0);
	assert_non_null(strstr(e.hint, "10.89.0.0/24"));
	/* Nothing of that was kept. */
	db.ips.v[0] = ip("10.89.0.8");
	assert_int_equal(lease(w, &db, "db", &e), 0);
	/* Twice the same card. */
	assert_int_equal(lease(w, &db, "db", &e), -EEXIST);
}

static void one_hardware_address_once(void **state)
{
	struct world *w = *state;
	struct nk_net_card web = {.mac = {2, 0, 0, 0, 0, 5}}, db = {.mac = {2, 0, 0, 0, 0, 5}};
	struct nk_err e = {0};

	subnet(w, "10.89.0.0/24", "10.89.0.1", NULL);
	assert_int_equal(lease(w, &web, "web", &e), 0);
	assert_int_equal(lease(w, &db, "db", &e), -EADDRINUSE);
}

static void range_and_end(void **state)
{
	struct world *w = *state;
	struct nk_err e = {0};

	subnet(w, "10.89.0.0/24", "10.89.0.1", "10.89.0.252/30");
	for (int i = 0; i < 3; i++) {
		struct nk_net_card card = {0};
		char id[] = {(char)('a' + i), 0};

		assert_int_equal(lease(w, &card, nk_strdup(&w->a, id), &e), 0);
		assert_int_equal(card.ips.v[0].a[3], 252 + i);
	}
	struct nk_net_card card = {0};
	assert_int_equal(lease(w, &card, "z", &e), -ENOSPC);
	/* The second subnet of the family has room. */
	subnet(w, "10.90.0.0/24", "10.90.0.1", NULL);
	card = (struct nk_net_card){0};
	assert_int_equal(lease(w, &card, "z", &e), 0);
	assert_string_equal(first(&card), "10.90.0.2/24");
}

/* The kernel gives a dead process's number again one day: its start tells. */
static void dead_owners_keep_nothing(void **state)
{
	struct world *w = *state;
	struct nk_net_card card = {.network = &w->n}, next = {.network = &w->n};
	struct nk_net_leases alive = {0}, dead = {0};
	struct nk_err e = {0};
	int hold[2], status;

	subnet(w, "10.89.0.0/24", "10.89.0.1", NULL);
	assert_int_equal(pipe(hold), 0);
	pid_t child = fork();
	if (child == 0) {
		struct nk_arena a = {0};
		const char *owner = nk_net_owner_self(&a, &e);

		_exit(!owner ||
		      nk_net_lease(&w->s, &a, &card, "c", "c", NULL, owner, NULL, &e) < 0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(nk_net_leases(&w->s, &w->a, "lan", &alive, &dead, NULL, &e), 0);
	assert_int_equal(alive.n, 0);
	assert_int_equal(dead.n, 1);
	assert_int_equal(strncmp(dead.v[0].owner, "pid:", 4), 0);
	assert_int_equal(nk_net_lease(&w->s, &w->a, &next, "d", "d", NULL, "rm", bury, &e), 0);
	assert_int_equal(buried.n, 1);
	assert_string_equal(first(&next), "10.89.0.2/24");
	assert_true(nk_net_owner_alive(nk_net_owner_self(&w->a, &e)));
	assert_false(nk_net_owner_alive(nk_net_owner_process(&w->a, getpid(), 1)));
	assert_false(nk_net_owner_alive("pid:1:2:another-boot"));
	assert_false(nk_net_owner_alive("who?"));
	const char *ns = nk_net_owner_ns(&w->a, "/proc/self/ns/net", &e);
	assert_true(nk_net_owner_alive(ns));
	assert_false(nk_net_owner_alive("ns:/proc/self/ns/net:1:2"));
	assert_false(nk_net_owner_alive("ns:/nowhere:1:2"));

	/* Who has no descriptor left to look with does not believe that others are dead. */
	struct rlimit files, none;
	const char *self = nk_net_owner_self(&w->a, &e);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = files.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool lives = nk_net_owner_alive(self);
	bool gone = nk_net_owner_alive("pid:4194303:2:-");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_true(lives);
	assert_false(gone);
}

static void lines_come_back(void **state)
{
	struct world *w = *state;
	struct nk_net_lease l = {.mac = {2, 0x42, 1, 2, 3, 4},
				 .ifname = "eth1",
				 .host_ifname = "nk00",
				 .id = "ns:two words",
				 .name = "50%, of it",
				 .owner = "rm"},
			    back;
	struct nk_port *p;
	const char *line;

	*NK_PUSH(&w->a, &l.ips) = ip("10.0.0.2/24");
	*NK_PUSH(&w->a, &l.ips) = ip("fd00::2/64");
	nk_strv_push(&w->a, &l.aliases, "www");
	nk_strv_push(&w->a, &l.aliases, "a,b");
	p = NK_PUSH(&w->a, &l.ports);
	*p = (struct nk_port){NK_TCP, {0}, 8080, 80, 1};
	p = NK_PUSH(&w->a, &l.ports);
	*p = (struct nk_port){NK_UDP, ip("::1"), 5000, 6000, 10};
	line = nk_net_lease_line(&w->a, &l);
	assert_string_equal(line, "10.0.0.2/24,fd00::2/64 02:42:01:02:03:04 eth1 nk00 "
				  "ns:two%20words 50%25%2c%20of%20it www,a%2cb "
				  "tcp:*:8080>80,udp:[::1]:5000-5009>6000-6009 rm\n");
	assert_int_equal(nk_net_lease_parse(&w->a, line, strlen(line) - 1, &back), 0);
	assert_string_equal(nk_net_lease_line(&w->a, &back), line);
	assert_string_equal(back.id, l.id);
	assert_string_equal(back.aliases.v[1], "a,b");
	assert_int_equal(back.ports.v[1].count, 10);
	assert_int_equal(back.ports.v[1].host.family, AF_INET6);
	assert_int_equal(nk_net_lease_parse(&w->a, "# a comment", 11, &back), -EINVAL);
	assert_int_equal(nk_net_lease_parse(&w->a, line, strlen(line) - 4, &back), -EINVAL);
}

/* A dry run chooses the same and writes nothing; a network that has gone gives nothing. */
static void dry_and_gone(void **state)
{
	struct world *w = *state;
	struct nk_net_card card = {.network = &w->n};
	struct nk_err e = {0};

	subnet(w, "10.89.0.0/24", "10.89.0.1", NULL);
	w->s.dry = true;
	assert_int_equal(lease(w, &card, "c", &e), 0);
	w->s.dry = false;
	assert_string_equal(first(&card), "10.89.0.2/24");
	assert_int_equal(faccessat(w->s.state_fd, "lan", F_OK, 0), -1);
	sh("rm %s/root/lan.json", w->dir);
	card = (struct nk_net_card){0};
	assert_int_equal(lease(w, &card, "c", &e), -ENOENT);
}

/* Many at once: no address twice. */
static void many_writers(void **state)
{
	enum { WRITERS = 20 };
	struct world *w = *state;
	struct nk_net_leases alive = {0};
	struct nk_err e = {0};
	int failed = 0, status;

	subnet(w, "10.89.0.0/24", "10.89.0.1", NULL);
	for (int i = 0; i < WRITERS; i++) {
		if (fork() == 0) {
			struct nk_net_card card = {0};

			_exit(lease(w, &card, nk_fmt(&w->a, "c%d", i), &e) < 0);
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	assert_int_equal(failed, 0);
	assert_int_equal(nk_net_leases(&w->s, &w->a, "lan", &alive, NULL, NULL, &e), 0);
	assert_int_equal(alive.n, WRITERS);
	for (size_t i = 0; i < alive.n; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(nk_ip_equal(&alive.v[i].ips.v[0], &alive.v[k].ips.v[0]));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lowest_free_of_both_families),
		TEST(asked_for),
		TEST(one_hardware_address_once),
		TEST(range_and_end),
		TEST(dead_owners_keep_nothing),
		TEST(lines_come_back),
		TEST(dry_and_gone),
		TEST(many_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
