/* SPDX-License-Identifier: Apache-2.0 */
/* Subordinate ids, default maps and leased ranges. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "host/idrange.h"
#include "host/subids.h"

static void test_parse(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	struct nk_idmaps m = {0};

	unsigned bad = nk_subids_parse(&a,
				       "bob:100000:65536\n"
				       "bobby:1:1\n"
				       "alice:200000:65536\n"
				       "\n"
				       "# bob:1:1\n"
				       "1000:300000:10\n"
				       "bob:400000:5",
				       "bob", 1000, &m);
	assert_int_equal(bad, 0);
	assert_int_equal(m.n, 3);
	assert_int_equal(m.v[0].outside, 100000);
	assert_int_equal(m.v[0].count, 65536);
	assert_int_equal(m.v[1].outside, 300000);
	assert_int_equal(m.v[2].count, 5);
	assert_true(nk_subids_total(&m) == 65551);
}

static void test_malformed(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"bob:100000",
		"bob:100000:",
		"bob::5",
		"bob:1:2:3",
		"bob:-1:5",
		"bob: 1:5",
		"bob:0x10:5",
		"bob:1:0",
		"bob:4294967295:1",
		"bob:4294967290:6",
		"bob:99999999999:1",
		"bob:1e3:1",
		"bob:1:5 ",
		"bob",
	};

	for (size_t i = 0; i < NK_COUNT(lines); i++) {
		_arena_ struct nk_arena a = {0};
		struct nk_idmaps m = {0};
		assert_int_equal(nk_subids_parse(&a, lines[i], "bob", 1000, &m), 1);
		assert_int_equal(m.n, 0);
	}
	/* The last id there is. */
	_arena_ struct nk_arena a = {0};
	struct nk_idmaps m = {0};
	assert_int_equal(nk_subids_parse(&a, "bob:4294967290:5", "bob", 1000, &m), 0);
	assert_int_equal(m.n, 1);
}

static void test_passwd(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	const char *text = "broken:x:1000\nroot:x:0:0:root:/root:/bin/sh\n"
			   "bob:x:1000:1000::/home/bob:/bin/sh";
	uid_t uid;

	assert_string_equal(nk_passwd_name(&a, text, 1000), "bob");
	assert_null(nk_passwd_name(&a, text, 7));
	assert_int_equal(nk_passwd_uid(text, "bob", &uid), 0);
	assert_int_equal(uid, 1000);
	assert_int_equal(nk_passwd_uid(text, "broken", &uid), -ENOENT);
}

static void push(struct nk_arena *a, struct nk_idmaps *m, uint32_t in, uint32_t out, uint32_t n)
{
	*NK_PUSH(a, m) = (struct nk_idmap){in, out, n};
}

static void test_rootless_map(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	struct nk_facts f = {.euid = 1000, .egid = 100};
	struct nk_idmaps u = {0}, g = {0};

	push(&a, &f.subuids, 0, 100000, 65536);
	push(&a, &f.subuids, 0, 900000, 10);
	push(&a, &f.subgids, 0, 200000, 65536);
	nk_idmap_rootless(&a, &f, &u, &g);
	assert_int_equal(u.n, 3);
	assert_int_equal(u.v[0].outside, 1000);
	assert_int_equal(u.v[0].count, 1);
	assert_int_equal(u.v[1].inside, 1);
	assert_int_equal(u.v[1].outside, 100000);
	assert_int_equal(u.v[2].inside, 65537);
	assert_int_equal(u.v[2].outside, 900000);
	assert_int_equal(g.v[0].outside, 100);
	f.single_id = "no newuidmap";
	u.n = g.n = 0;
	nk_idmap_rootless(&a, &f, &u, &g);
	assert_int_equal(u.n, 1);
	assert_int_equal(g.n, 1);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char dir[] = "/tmp/nook-test-ids-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/ids", dir);
	unlink(path);
	return rmdir(dir);
}

static void test_lease(void **state)
{
	(void)state;
	struct nk_facts f = {.initial_userns = true};
	struct nk_err e = {0};
	uint32_t one, two, three;
	int fd1 = -1, fd2 = -1, fd3 = -1;

	assert_int_equal(nk_idrange_max(&f), 65536);
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 65536, &one, &fd1, &e), 0);
	assert_true(one >= 0x70000000 && one < 0x7fff0000);
	/* The same start, so the next one: no overlap. */
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 65536, &two, &fd2, &e), 0);
	assert_int_not_equal(one, two);
	assert_true((two > one ? two - one : one - two) >= 65536);
	assert_true(fcntl(fd1, F_GETFD) & FD_CLOEXEC);
	close(fd1);
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 65536, &three, &fd3, &e), 0);
	assert_int_equal(three, one);
	close(fd2);
	close(fd3);
}

static void test_killed_holder_frees(void **state)
{
	(void)state;
	struct nk_facts f = {.initial_userns = true};
	struct nk_err e = {0};
	uint32_t mine = 0, theirs = 0;
	int fd = -1, tell[2];

	assert_return_code(pipe(tell), errno);
	pid_t pid = fork();
	if (pid == 0) {
		if (nk_idrange_lease(dir, ID, &f, 65536, &theirs, &fd, &e) ||
		    write(tell[1], &theirs, sizeof(theirs)) != sizeof(theirs))
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(tell[0], &theirs, sizeof(theirs)), sizeof(theirs));
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 65536, &mine, &fd, &e), 0);
	assert_int_not_equal(mine, theirs);
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 65536, &mine, &fd, &e), 0);
	assert_int_equal(mine, theirs);
	close(fd);
	close(tell[0]);
	close(tell[1]);
}

static void test_lease_from_subids(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	struct nk_facts f = {.initial_userns = true};
	struct nk_err e = {0};
	uint32_t first;
	int fds[3] = {-1, -1, -1};

	/* Only what stands in both files counts: 200000..331071, two ranges. */
	push(&a, &f.subuids, 0, 100000, 231072);
	push(&a, &f.subgids, 0, 200000, 500000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(nk_idrange_lease(dir, ID, &f, 65536, &first, &fds[i], &e), 0);
		assert_true(first == 200000 || first == 265536);
	}
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 65536, &first, &fds[2], &e), -EAGAIN);
	assert_non_null(strstr(e.msg, "all 2 ranges"));
	assert_true(e.hint[0]);
	close(fds[0]);
	close(fds[1]);
}

static void test_lease_nested(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	struct nk_facts f = {.initial_userns = false};
	struct nk_err e = {0};
	uint32_t first;
	int fd = -1, fd2 = -1;

	/* As in a rootless Podman container: 0 and 65536 others. The upper half, as below are the
	 * outer container's own users. */
	push(&a, &f.own_uids, 0, 1000, 1);
	push(&a, &f.own_uids, 1, 100000, 65536);
	push(&a, &f.own_gids, 0, 1000, 1);
	push(&a, &f.own_gids, 1, 100000, 65536);
	assert_int_equal(nk_idrange_max(&f), 32768);
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 32768, &first, &fd, &e), 0);
	assert_int_equal(first, 32769);
	/* The lock is of the ids above: one beside us with other ids of the same number has its
	 * own, one with the same ids does not. */
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 32768, &first, &fd2, &e), -EAGAIN);
	f.own_uids.v[1].outside += 65536;
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 32768, &first, &fd2, &e), 0);
	assert_int_equal(first, 32769);
	close(fd);
	close(fd2);
	/* As in `unshare -r`: no id to give away but root's own. */
	f.own_uids.n = f.own_gids.n = 1;
	assert_int_equal(nk_idrange_max(&f), 0);
	assert_int_equal(nk_idrange_lease(dir, ID, &f, 65536, &first, &fd, &e), -ERANGE);
	assert_true(e.hint[0]);
}

/* Maps of one line, 0 is 0: what is leased of them lies above the outer container's users. */
static void test_lease_upper_part(void **state)
{
	(void)state;
	static const struct {
		uint32_t mapped, max, least, below;
	} cases[] = {
		{UINT32_MAX, 65536, 0x70000000, 0x7fff0000},
		{10000000, 65536, 65536, 10000000},
		{2 * 65536, 65536, 65536, 65537},
		{65536, 32768, 32768, 32769},
		{2, 1, 1, 2},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_arena_ struct nk_arena a = {0};
		struct nk_facts f = {.initial_userns = false};
		struct nk_err e = {0};
		uint32_t first;
		int fd = -1;

		push(&a, &f.own_uids, 0, 0, cases[i].mapped);
		push(&a, &f.own_gids, 0, 0, cases[i].mapped);
		assert_int_equal(nk_idrange_max(&f), cases[i].max);
		assert_int_equal(nk_idrange_lease(dir, ID, &f, cases[i].max, &first, &fd, &e), 0);
		assert_in_range(first, cases[i].least, cases[i].below - 1);
		assert_true((uint64_t)first + cases[i].max <= cases[i].mapped);
		close(fd);
	}
}

static void test_leased_map(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	struct nk_idmaps whole = {0}, half = {0}, one = {0};

	nk_idmap_leased(&a, 100000, 65536, &whole);
	assert_int_equal(whole.n, 1);
	assert_int_equal(whole.v[0].count, 65536);
	/* nobody is there, and no id outside is two inside. */
	nk_idmap_leased(&a, 100000, 32768, &half);
	assert_int_equal(half.n, 2);
	assert_int_equal(half.v[0].count, 32767);
	assert_int_equal(half.v[1].inside, 65534);
	assert_int_equal(half.v[1].outside, 132767);
	assert_int_equal(half.v[1].count, 1);
	nk_idmap_leased(&a, 100000, 1, &one);
	assert_int_equal(one.n, 1);
}

static void test_lease_bad_dir(void **state)
{
	(void)state;
	struct nk_facts f = {.initial_userns = true};
	struct nk_err e = {0};
	uint32_t first;
	int fd = -1;

	char link[64];

	assert_int_equal(nk_idrange_lease("/nonexistent/x", ID, &f, 65536, &first, &fd, &e),
			 -ENOENT);
	assert_non_null(strstr(e.msg, "/nonexistent/x"));
	/* A link is somebody else's doing, and so is what others may write to. */
	snprintf(link, sizeof(link), "%s-link", dir);
	assert_return_code(symlink(dir, link), errno);
	assert_true(nk_idrange_lease(link, ID, &f, 65536, &first, &fd, &e) < 0);
	unlink(link);
	assert_return_code(chmod(dir, 0777), errno);
	assert_true(nk_idrange_lease(dir, ID, &f, 65536, &first, &fd, &e) < 0);
	assert_non_null(strstr(e.msg, "written by others"));
	assert_return_code(chmod(dir, 0700), errno);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_passwd),
		cmocka_unit_test(test_rootless_map),
		cmocka_unit_test(test_lease),
		cmocka_unit_test(test_killed_holder_frees),
		cmocka_unit_test(test_lease_from_subids),
		cmocka_unit_test(test_lease_nested),
		cmocka_unit_test(test_lease_upper_part),
		cmocka_unit_test(test_leased_map),
		cmocka_unit_test(test_lease_bad_dir),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
