/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the actors: with a descriptor, without, and such as nobody should send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "spawn/message.h"
#include "step/step.h"

static int pair[2];

static int setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int teardown(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

/* The lowest number that is free: one that leaked is in the way. */
static int lowest(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void send_with(size_t size, int n_fds)
{
	struct nk_message m = {.type = NK_MSG_LISTENER, .value = 7};
	struct iovec iov = {.iov_base = &m, .iov_len = size};
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = {.h = {.cmsg_level = SOL_SOCKET,
			   .cmsg_type = SCM_RIGHTS,
			   .cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int))}};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[2] = {0, 0};

	memcpy(CMSG_DATA(&control.h), fds, sizeof(fds));
	if (n_fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(pair[0], &msg, 0), size);
}

static void whole(void **state)
{
	struct nk_message m;
	int fd, before = lowest();

	(void)state;
	send_with(sizeof(m), 0);
	assert_int_equal(nk_message_receive(pair[1], &m, &fd), 1);
	assert_int_equal(m.value, 7);
	assert_int_equal(fd, -1);
	send_with(sizeof(m), 1);
	assert_int_equal(nk_message_receive(pair[1], &m, &fd), 1);
	assert_int_equal(fd, before);
	close(fd);
}

static void short_one(void **state)
{
	struct nk_message m;
	int fd, before = lowest();

	(void)state;
	send_with(sizeof(m) - 1, 1);
	assert_int_equal(nk_message_receive(pair[1], &m, &fd), 0);
	assert_int_equal(fd, -1);
	assert_int_equal(lowest(), before);
}

static void two_descriptors(void **state)
{
	struct nk_message m;
	int fd, before = dup(0), expected = lowest();

	(void)state;
	close(before);
	send_with(sizeof(m), 2);
	assert_int_equal(nk_message_receive(pair[1], &m, &fd), 1);
	assert_int_equal(fd, before);
	/* The next that is free, unless a second one came in. */
	assert_int_equal(lowest(), expected);
	close(fd);
}

static void the_end(void **state)
{
	struct nk_message m;
	int fd;

	(void)state;
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(nk_message_receive(pair[1], &m, &fd), 0);
	assert_int_equal(fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole, setup, teardown),
		cmocka_unit_test_setup_teardown(short_one, setup, teardown),
		cmocka_unit_test_setup_teardown(two_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
