/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay of -t with real ptys: `outer` plays the person's terminal, the
 * relay's master is the container's.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spawn/terminal.h"

struct pty {
	int master, slave;
};

static struct pty pty_new(void)
{
	struct pty p = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
	int zero = 0;

	assert_true(p.master >= 0);
	assert_return_code(ioctl(p.master, TIOCSPTLCK, &zero), errno);
	p.slave = ioctl(p.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(p.slave >= 0);
	return p;
}

static void step(struct nk_terminal *t, int ms)
{
	struct pollfd fds[3];
	int n = nk_terminal_poll_fds(t, fds);

	if (n && poll(fds, (nfds_t)n, ms) > 0)
		nk_terminal_handle(t, fds);
}

/* Run the relay until fd has something to read (or two seconds have passed). */
static size_t relay_read(struct nk_terminal *t, int fd, char *buf, size_t size)
{
	for (int i = 0; i < 200; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, 0) > 0) {
			ssize_t n = read(fd, buf, size - 1);
			buf[n > 0 ? n : 0] = '\0';
			return n > 0 ? (size_t)n : 0;
		}
		step(t, 10);
	}
	return 0;
}

static void test_both_ways_and_restore(void **state)
{
	(void)state;
	struct pty outer = pty_new(), inner = pty_new();
	struct termios was, raw, is;
	struct nk_terminal t;
	struct nk_err e;
	char buf[64];

	tcgetattr(outer.slave, &was);
	assert_int_equal(nk_terminal_open(&t, inner.master, outer.slave, outer.slave, &e), 0);
	tcgetattr(outer.slave, &raw);
	assert_true(was.c_lflag & ICANON);
	assert_false(raw.c_lflag & (ICANON | ECHO | ISIG));

	/* ^C typed by the person is a byte for the pty, not a signal for nook. */
	tcgetattr(inner.slave, &is);
	cfmakeraw(&is);
	tcsetattr(inner.slave, TCSANOW, &is);
	assert_int_equal(write(outer.master, "a\003", 2), 2);
	assert_int_equal(relay_read(&t, inner.slave, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "a\003", 2);
	assert_int_equal(write(inner.slave, "out\n", 4), 4);
	assert_int_equal(relay_read(&t, outer.master, buf, sizeof(buf)), 4);
	assert_string_equal(buf, "out\n");

	nk_terminal_done(&t);
	tcgetattr(outer.slave, &is);
	assert_int_equal(is.c_lflag, was.c_lflag);
	assert_int_equal(is.c_iflag, was.c_iflag);
	assert_int_equal(is.c_oflag, was.c_oflag);
	nk_terminal_done(&t); /* harmless */
	close(outer.master);
	close(outer.slave);
	close(inner.slave);
}

static void test_size(void **state)
{
	(void)state;
	struct pty outer = pty_new(), inner = pty_new();
	struct winsize size = {.ws_row = 33, .ws_col = 101}, seen;
	struct nk_terminal t;
	struct nk_err e;

	ioctl(outer.master, TIOCSWINSZ, &size);
	/* Only the output is a terminal: its size counts all the same. */
	assert_int_equal(nk_terminal_open(&t, inner.master, -1, outer.slave, &e), 0);
	assert_false(t.raw);
	ioctl(inner.slave, TIOCGWINSZ, &seen);
	assert_int_equal(seen.ws_row, 33);
	assert_int_equal(seen.ws_col, 101);
	size.ws_col = 40;
	ioctl(outer.master, TIOCSWINSZ, &size);
	nk_terminal_resize(&t);
	ioctl(inner.slave, TIOCGWINSZ, &seen);
	assert_int_equal(seen.ws_col, 40);
	nk_terminal_done(&t);
	close(outer.master);
	close(outer.slave);
	close(inner.slave);
}

/* What a command reading lines sees when stdin is this text and then ends. */
static void eof_case(const char *text, const char *first_read)
{
	struct pty inner = pty_new();
	struct nk_terminal t;
	struct nk_err e;
	char buf[64];
	int in[2], out[2];

	assert_return_code(pipe2(in, O_CLOEXEC), errno);
	assert_return_code(pipe2(out, O_CLOEXEC), errno);
	assert_int_equal(nk_terminal_open(&t, inner.master, in[0], out[1], &e), 0);
	assert_int_equal(write(in[1], text, strlen(text)), strlen(text));
	close(in[1]);
	if (*text) {
		assert_int_equal(relay_read(&t, inner.slave, buf, sizeof(buf)), strlen(first_read));
		assert_string_equal(buf, first_read);
	}
	/* And then the end of the file: readable, with nothing to read. */
	assert_int_equal(relay_read(&t, inner.slave, buf, sizeof(buf)), 0);
	struct pollfd p = {.fd = inner.slave, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0); /* once, not for ever */
	assert_true(t.in_ended);
	nk_terminal_done(&t);
	close(in[0]);
	close(out[0]);
	close(out[1]);
	close(inner.slave);
}

static void test_eof(void **state)
{
	(void)state;
	eof_case("line\n", "line\n");
	eof_case("half", "half");
	eof_case("", "");
}

static void test_output_survives_exit(void **state)
{
	(void)state;
	struct pty inner = pty_new();
	struct nk_terminal t;
	struct nk_err e;
	char buf[1024];
	int out[2];
	size_t total = 0;

	assert_return_code(pipe2(out, O_CLOEXEC), errno);
	assert_int_equal(nk_terminal_open(&t, inner.master, -1, out[1], &e), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char line[100];
		memset(line, 'x', sizeof(line));
		for (int i = 0; i < 300; i++)
			if (write(inner.slave, line, sizeof(line)) != sizeof(line))
				_exit(1);
		_exit(0);
	}
	close(inner.slave);
	/* Read slowly, so that the relay's buffer, the pipe and the pty fill up. */
	fcntl(out[1], F_SETPIPE_SZ, 4096);
	for (int i = 0; i < 2000 && !t.ended; i++) {
		step(&t, 5);
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		ssize_t n = read(out[0], buf, sizeof(buf));
		total += n > 0 ? (size_t)n : 0;
	}
	assert_true(t.ended);
	int status;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	fcntl(out[1], F_SETPIPE_SZ, 1 << 20);
	nk_terminal_drain(&t, 1000);
	nk_terminal_done(&t);
	close(out[1]);
	for (ssize_t n; (n = read(out[0], buf, sizeof(buf))) > 0;)
		total += (size_t)n;
	assert_int_equal(total, 30000);
	close(out[0]);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void test_stuck_reader(void **state)
{
	(void)state;
	struct pty inner = pty_new();
	struct nk_terminal t;
	struct nk_err e;
	char block[4096] = {0};
	int out[2];

	assert_return_code(pipe2(out, O_CLOEXEC), errno);
	fcntl(out[1], F_SETPIPE_SZ, 4096);
	assert_int_equal(nk_terminal_open(&t, inner.master, -1, out[1], &e), 0);
	fcntl(inner.slave, F_SETFL, O_NONBLOCK);
	int64_t begin = now_ms();
	size_t taken = 0;
	for (int i = 0; i < 100; i++) {
		ssize_t n = write(inner.slave, block, sizeof(block));
		taken += n > 0 ? (size_t)n : 0;
		step(&t, 1);
	}
	/* Nobody reads: the writer is held back, and we never block. */
	assert_true(taken < 64 * 1024);
	nk_terminal_drain(&t, 50);
	assert_true(now_ms() - begin < 2000);
	/* The caller's own pipe was not made non-blocking behind its back. */
	assert_false(fcntl(out[1], F_GETFL) & O_NONBLOCK);
	nk_terminal_done(&t);
	close(out[0]);
	close(out[1]);
	close(inner.slave);
}

static void test_reader_gone(void **state)
{
	(void)state;
	struct pty inner = pty_new();
	struct nk_terminal t;
	struct nk_err e;
	char buf[8];
	int out[2];

	signal(SIGPIPE, SIG_IGN);
	assert_return_code(pipe2(out, O_CLOEXEC), errno);
	assert_int_equal(nk_terminal_open(&t, inner.master, -1, out[1], &e), 0);
	close(out[0]);
	assert_int_equal(write(inner.slave, "x", 1), 1);
	for (int i = 0; i < 100 && !t.ended; i++)
		step(&t, 10);
	assert_true(t.ended);
	/* As behind a terminal that was closed. */
	assert_int_equal(read(inner.slave, buf, sizeof(buf)), 0);
	assert_int_equal(write(inner.slave, "x", 1), -1);
	assert_int_equal(errno, EIO);
	nk_terminal_done(&t);
	close(out[1]);
	close(inner.slave);
}

static void test_pty_closed_gives_terminal_back(void **state)
{
	(void)state;
	struct pty outer = pty_new(), inner = pty_new();
	struct termios is;
	struct nk_terminal t;
	struct nk_err e;

	assert_int_equal(nk_terminal_open(&t, inner.master, outer.slave, outer.slave, &e), 0);
	close(inner.slave);
	for (int i = 0; i < 100 && !t.ended; i++)
		step(&t, 10);
	assert_true(t.ended);
	tcgetattr(outer.slave, &is);
	assert_true(is.c_lflag & ISIG);
	struct pollfd fds[3];
	assert_int_equal(nk_terminal_poll_fds(&t, fds), 0);
	nk_terminal_done(&t);
	close(outer.master);
	close(outer.slave);
}

/* A fault of nook itself, and a kill that cannot be blocked away. */
static void test_fatal_signal_restores(void **state)
{
	(void)state;
	static const int sigs[] = {SIGSEGV, SIGABRT};

	for (size_t i = 0; i < NK_COUNT(sigs); i++) {
		struct pty outer = pty_new(), inner = pty_new();
		struct termios was, is;
		int status;

		tcgetattr(outer.slave, &was);
		pid_t pid = fork();
		if (pid == 0) {
			struct nk_terminal t;
			struct nk_err e;
			for (size_t j = 0; j < NK_COUNT(sigs); j++)
				signal(sigs[j], SIG_DFL); /* not cmocka's */
			if (nk_terminal_open(&t, inner.master, outer.slave, outer.slave, &e) ||
			    !t.raw)
				_exit(1);
			kill(getpid(), sigs[i]);
			_exit(2);
		}
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), sigs[i]);
		tcgetattr(outer.slave, &is);
		assert_int_equal(is.c_lflag, was.c_lflag);
		close(outer.master);
		close(outer.slave);
		close(inner.master);
		close(inner.slave);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways_and_restore),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_eof),
		cmocka_unit_test(test_output_survives_exit),
		cmocka_unit_test(test_stuck_reader),
		cmocka_unit_test(test_reader_gone),
		cmocka_unit_test(test_pty_closed_gives_terminal_back),
		cmocka_unit_test(test_fatal_signal_restores),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
