/* SPDX-License-Identifier: Apache-2.0 */
/* Which program carries an ordinary user's network: what it says of itself, and published ports. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "runtime/net_backend.h"

static char dir[] = "/tmp/nook-backend-XXXXXX";

static const char *program(struct nk_arena *a, const char *name, const char *script)
{
	const char *path = nk_fmt(a, "%s/%s", dir, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

static void what_a_program_says(void **state)
{
	__attribute__((cleanup(nk_arena_done))) struct nk_arena a = {0};
	char text[64];

	(void)state;
	const char *both = program(&a, "both", "echo \"$1\"; echo fault >&2; exit 1");
	assert_int_equal(nk_net_program_says(both, "--help", text, sizeof(text)), 0);
	assert_string_equal(text, "--help\nfault\n");
	/* More than there is room for, and it goes on. */
	const char *endless = program(&a, "endless", "exec yes");
	assert_int_equal(nk_net_program_says(endless, "--help", text, sizeof(text)), 0);
	assert_int_equal(strlen(text), sizeof(text) - 1);
	assert_int_equal(nk_net_program_says("/no/such/program", "--help", text, sizeof(text)),
			 -ENOENT);
}

static struct nk_ports ports_of(struct nk_port *p)
{
	return (struct nk_ports){.v = p, .n = 1};
}

static void sockets_of_ports(void **state)
{
	struct nk_port both = {.host_port = 1, .port = 1, .count = 3};
	struct nk_port six = {.host = {.family = AF_INET6}, .host_port = 1, .count = 2};
	struct nk_ports ports = ports_of(&both);

	(void)state;
	assert_int_equal(nk_net_ports_sockets(&ports, true), 6);
	assert_int_equal(nk_net_ports_sockets(&ports, false), 3);
	ports = ports_of(&six);
	assert_int_equal(nk_net_ports_sockets(&ports, true), 2);
}

static void taken(void **state)
{
	__attribute__((cleanup(nk_arena_done))) struct nk_arena a = {0};
	struct nk_state st = {.fd = -EBADF};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	struct nk_err e = {0};
	_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	struct nk_port p = {.host = {.family = AF_INET, .prefix = 32, .a = {127, 0, 0, 1}},
			    .host_port = ntohs(at.sin_port),
			    .port = 80,
			    .count = 1};
	const struct nk_ports ports = ports_of(&p);
	assert_int_equal(nk_net_bind_ports(&st, &a, &ports, false, NULL, &e), -EADDRINUSE);
	assert_non_null(strstr(e.msg, nk_fmt(&a, "port %u/tcp", ntohs(at.sin_port))));
	assert_non_null(strstr(e.hint, "-p OTHER:PORT"));
	close(fd);
	fd = -EBADF;
	int held = -1;
	assert_int_equal(nk_net_bind_ports(&st, &a, &ports, false, &held, &e), 0);
	assert_int_equal(listen(held, 1), 0);
	close(held);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"both", "endless"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < NK_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_program_says),
		cmocka_unit_test(sockets_of_ports),
		cmocka_unit_test(taken),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
