/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory: names, locks, dead owners, waiters, hostile files. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "state/process.h"
#include "state/record.h"
#include "state/state.h"

static char top[64];
static struct nk_err e;

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/nook-test-state-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int count(const char *dir)
{
	_closedir_ DIR *d = opendir(dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	return d ? n - 2 : -1;
}

static const char *path(const char *rest)
{
	static char buf[256];

	snprintf(buf, sizeof(buf), "%s/%s", top, rest);
	return buf;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	return system(cmd);
}

static struct nk_state_record record(struct nk_arena *a, const char *name)
{
	struct nk_state_record r = {.id = nk_state_new_id(a), .name = name, .reference = "host"};

	r.spec = NK_NEW(a, struct nk_spec);
	nk_resources_init(&r.spec->resources);
	nk_strv_push(a, &r.spec->args, "/bin/true");
	return r;
}

/* A child that runs container name: it creates it, tells so by a byte and sleeps.
 * Its "init" is another child, whose pid comes back. */
static pid_t owner(const char *name, pid_t *init)
{
	int ready[2];

	assert_int_equal(pipe(ready), 0);

	pid_t pid = fork();

	if (pid == 0) {
		struct nk_arena a = {0};
		struct nk_state st;
		struct nk_state_handle h;
		struct nk_state_record r = record(&a, name);
		pid_t child = fork();

		if (child == 0) {
			/* Whoever waits for the test's last word does not wait for this one, and
			 * should nobody end it, it ends by itself. */
			close_range(0, ~0U, 0);
			alarm(120);
			pause();
			_exit(0);
		}
		if (nk_state_open(&st, top, NULL, &e) < 0 ||
		    nk_state_create(&st, &a, &r, &h, &e) < 0 ||
		    nk_state_started(&h, &r, child, &e) < 0) {
			kill(child, SIGKILL);
			_exit(1);
		}
		if (write(ready[1], &child, sizeof(child)) != sizeof(child))
			_exit(2);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], init, sizeof(*init)), sizeof(*init));
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void names_are_checked(void **state)
{
	char longest[NK_STATE_NAME_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[NK_STATE_NAME_MAX] = '\0';
	assert_int_equal(nk_state_check_name(longest, &e), 0);
	longest[NK_STATE_NAME_MAX] = 'a';
	longest[NK_STATE_NAME_MAX + 1] = '\0';
	assert_int_equal(nk_state_check_name(longest, &e), -EINVAL);
	assert_int_equal(nk_state_check_name("web-1.a_b", &e), 0);
	for (const char *const *bad = (const char *const[]){"", ".", "..", ".dead-x", "-a", "a/b",
							    "a b", "_a", "a\n", "\xc3\xa4", NULL};
	     *bad; bad++)
		assert_int_equal(nk_state_check_name(*bad, &e), -EINVAL);
	assert_non_null(strstr(e.hint, "letter or digit first"));
}

static void a_life(void **state)
{
	_arena_ struct nk_arena a = {0};
	_state_ struct nk_state st;
	struct nk_state_handle h;
	struct nk_state_record r = record(&a, "web"), found;
	char prefix[8] = "";

	(void)state;
	nk_strv_push(&a, &r.cgroups, "/sys/fs/cgroup/nook/web");
	assert_int_equal(nk_state_open(&st, top, NULL, &e), 0);
	assert_int_equal(nk_state_create(&st, &a, &r, &h, &e), 0);
	assert_int_equal(nk_state_find(&st, &a, "web", &found, &e), 0);
	assert_int_equal(found.status, NK_STATE_CREATING);
	assert_int_equal(nk_state_pidfd(&found, &e), -ESRCH);
	assert_non_null(strstr(e.msg, "still being started"));

	assert_int_equal(nk_state_started(&h, &r, getpid(), &e), 0);
	memcpy(prefix, r.id, 7);
	assert_int_equal(nk_state_find(&st, &a, prefix, &found, &e), 0);
	assert_int_equal(nk_state_find(&st, &a, r.id, &found, &e), 0);
	assert_string_equal(found.id, r.id);
	assert_string_equal(found.name, "web");
	assert_string_equal(found.reference, "host");
	assert_string_equal(found.cgroups.v[0], "/sys/fs/cgroup/nook/web");
	assert_int_equal(found.pid, getpid());
	assert_int_equal(found.owner, getpid());
	assert_int_equal(found.created.tv_nsec, r.created.tv_nsec);
	assert_int_equal(found.created.tv_sec, r.created.tv_sec);
	assert_string_equal(found.spec->args.v[0], "/bin/true");

	_close_ int pidfd = nk_state_pidfd(&found, &e);

	assert_true(pidfd >= 0);
	assert_int_equal(nk_state_remove(&h, 0, &e), 0);
	assert_int_equal(nk_state_find(&st, &a, "web", &found, &e), -ENOENT);
	assert_string_equal(e.msg, "no container named \"web\" is running");
	assert_int_equal(count(path("containers")), 0);
}

static void a_taken_name_is_refused(void **state)
{
	_arena_ struct nk_arena a = {0};
	_state_ struct nk_state st;
	struct nk_state_handle h, h2;
	struct nk_state_record r = record(&a, "web"), r2 = record(&a, "web");

	(void)state;
	assert_int_equal(nk_state_open(&st, top, NULL, &e), 0);
	assert_int_equal(nk_state_create(&st, &a, &r, &h, &e), 0);
	assert_int_equal(nk_state_started(&h, &r, getpid(), &e), 0);
	assert_int_equal(nk_state_create(&st, &a, &r2, &h2, &e), -EEXIST);
	assert_non_null(strstr(e.msg, "the name \"web\" belongs to container"));
	assert_non_null(strstr(e.hint, "nook stop web"));
	assert_int_equal(count(path("containers")), 1);
	assert_int_equal(nk_state_remove(&h, 0, &e), 0);
	assert_int_equal(nk_state_create(&st, &a, &r2, &h2, &e), 0);
	assert_int_equal(nk_state_remove(&h2, 0, &e), 0);
}

static char reaped[128];
static int reap(const struct nk_state_record *r, struct nk_err *err)
{
	(void)err;
	snprintf(reaped, sizeof(reaped), "%s", r->name);
	return 0;
}

static void a_dead_owner_leaves_nothing(void **state)
{
	_arena_ struct nk_arena a = {0};
	_state_ struct nk_state st;
	struct nk_state_list list = {0};
	pid_t init, pid = owner("web", &init);
	uint64_t start = nk_process_start(init);

	(void)state;
	reaped[0] = '\0';
	assert_int_equal(nk_state_open(&st, top, reap, &e), 0);
	assert_int_equal(nk_state_list(&st, &a, &list, &e), 0);
	assert_int_equal(list.n, 1);
	assert_string_equal(reaped, "");

	_close_ int init_fd = nk_process_pidfd(init, start);

	assert_true(init_fd >= 0);
	end(pid);
	assert_int_equal(nk_process_wait(init_fd, 20), -ETIMEDOUT);
	list = (struct nk_state_list){0};
	assert_int_equal(nk_state_list(&st, &a, &list, &e), 0);
	assert_int_equal(list.n, 0);
	assert_string_equal(reaped, "web");
	assert_int_equal(count(path("containers")), 0);
	assert_int_equal(nk_process_wait(init_fd, 0), 0);
}

static void the_dead_are_cleaned_and_the_living_left(void **state)
{
	_state_ struct nk_state st;
	pid_t dead_init, live_init, dead = owner("dead", &dead_init),
				    live = owner("live", &live_init);
	_close_ int dead_fd = nk_process_pidfd(dead_init, nk_process_start(dead_init));
	_close_ int live_fd = nk_process_pidfd(live_init, nk_process_start(live_init));

	(void)state;
	assert_int_equal(nk_state_open(&st, top, reap, &e), 0);
	end(dead);
	nk_state_clean(&st);
	assert_int_equal(count(path("containers")), 1);
	assert_int_equal(nk_process_wait(dead_fd, 0), 0);
	assert_int_equal(nk_process_wait(live_fd, 0), -ETIMEDOUT);
	end(live);
	nk_state_clean(&st);
	assert_int_equal(count(path("containers")), 0);
	assert_int_equal(nk_process_wait(live_fd, 0), 0);
}

static void a_dead_owner_frees_the_name(void **state)
{
	_arena_ struct nk_arena a = {0};
	_state_ struct nk_state st;
	struct nk_state_handle h;
	struct nk_state_record r = record(&a, "web");
	pid_t init, pid = owner("web", &init);

	(void)state;
	end(pid);
	assert_int_equal(nk_state_open(&st, top, NULL, &e), 0);
	assert_int_equal(nk_state_create(&st, &a, &r, &h, &e), 0);
	assert_int_equal(nk_state_remove(&h, 0, &e), 0);
	assert_int_equal(count(path("containers")), 0);
}

static void a_reused_pid_is_left_alone(void **state)
{
	_arena_ struct nk_arena a = {0};
	_state_ struct nk_state st;
	struct nk_state_record r = record(&a, "web");
	struct nk_state_list list = {0};
	pid_t bystander = fork();

	(void)state;
	if (bystander == 0) {
		pause();
		_exit(0);
	}

	pid_t pid = fork();

	if (pid == 0) {
		struct nk_state_handle h;

		if (nk_state_open(&st, top, NULL, &e) < 0 ||
		    nk_state_create(&st, &a, &r, &h, &e) < 0)
			_exit(1);
		r.status = NK_STATE_RUNNING;
		r.pid = bystander;
		r.pid_start = nk_process_start(bystander) - 1;
		_exit(nk_state_save(&h, &r, &e) < 0);
	}

	int status;

	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(nk_state_open(&st, top, NULL, &e), 0);
	assert_int_equal(nk_state_list(&st, &a, &list, &e), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(count(path("containers")), 0);
	assert_int_equal(waitpid(bystander, NULL, WNOHANG), 0);
	end(bystander);
}

/* A record on a disk: its pid and start may fit a process of another boot. */
static void another_boot_is_dead(void **state)
{
	(void)state;
	for (int other = 0; other < 2; other++) {
		_arena_ struct nk_arena a = {0};
		_state_ struct nk_state st;
		struct nk_state_record r = record(&a, "web");
		struct nk_state_list list = {0};
		struct nk_state_handle h;
		pid_t init = fork();

		if (init == 0) {
			pause();
			_exit(0);
		}
		assert_int_equal(nk_state_open(&st, top, reap, &e), 0);
		assert_int_equal(nk_state_create(&st, &a, &r, &h, &e), 0);
		assert_int_equal(strlen(r.boot_id), 36);
		/* 0: of an older nook, which did not write it; the process is the container's. */
		r.boot_id = other ? "01234567-89ab-cdef-0123-456789abcdef" : NULL;
		assert_int_equal(nk_state_started(&h, &r, init, &e), 0);
		assert_int_equal(nk_state_list(&st, &a, &list, &e), 0);
		assert_int_equal(list.n, !other);
		close(h.lock_fd); /* as if its nook had died */
		close(h.dir_fd);
		reaped[0] = '\0';
		list = (struct nk_state_list){0};
		assert_int_equal(nk_state_list(&st, &a, &list, &e), 0);
		assert_int_equal(list.n, 0);
		assert_int_equal(count(path("containers")), 0);
		assert_string_equal(reaped, other ? "" : "web");
		if (other)
			assert_int_equal(waitpid(init, NULL, WNOHANG), 0);
		end(init);
	}
}

/* One of many that want the name "web". Holds it until all have tried. */
static int contender(int go, int tried, int hold, bool tidy)
{
	struct nk_arena a = {0};
	struct nk_state st;
	struct nk_state_handle h;
	struct nk_state_record r = record(&a, "web");
	char byte = 0;

	if (nk_state_open(&st, top, NULL, &e) < 0 || read(go, &byte, 1) != 0)
		return 9;

	int rc = nk_state_create(&st, &a, &r, &h, &e);

	if (rc >= 0 && nk_state_started(&h, &r, getpid(), &e) < 0)
		return 8;
	if (write(tried, &byte, 1) != 1 || read(hold, &byte, 1) != 0)
		return 7;
	if (rc >= 0 && tidy)
		nk_state_remove(&h, 0, &e);
	return rc == -EEXIST ? 1 : rc < 0 ? 6 : 0;
}

static void one_of_many_wins(void **state)
{
	enum { N = 16, ROUNDS = 20 };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		int go[2], tried[2], hold[2], won = 0;
		pid_t pids[N];
		char byte;

		assert_int_equal(pipe(go) | pipe(tried) | pipe(hold), 0);
		for (int i = 0; i < N; i++) {
			pids[i] = fork();
			if (pids[i])
				continue;
			close(go[1]);
			close(hold[1]);
			/* Every other round begins on the remains of the winner before. */
			_exit(contender(go[0], tried[1], hold[0], round % 2));
		}
		close(go[1]);
		close(tried[1]);
		for (int i = 0; i < N; i++)
			assert_int_equal(read(tried[0], &byte, 1), 1);
		close(hold[1]);
		close(go[0]);
		close(tried[0]);
		close(hold[0]);
		for (int i = 0; i < N; i++) {
			int status;

			waitpid(pids[i], &status, 0);
			assert_true(WIFEXITED(status));
			assert_in_range(WEXITSTATUS(status), 0, 1);
			won += WEXITSTATUS(status) == 0;
		}
		assert_int_equal(won, 1);
		assert_int_equal(count(path("containers")), round % 2 ? 0 : 1);
	}
}

/* Waiters get the code, whether they look before or after the directory is gone. */
static void many_wait(void **state)
{
	enum { N = 8 };
	_arena_ struct nk_arena a = {0};
	_state_ struct nk_state st;
	struct nk_state_handle h;
	struct nk_state_record r = record(&a, "web");
	pid_t pids[N];

	(void)state;
	assert_int_equal(nk_state_open(&st, top, NULL, &e), 0);
	assert_int_equal(nk_state_create(&st, &a, &r, &h, &e), 0);
	assert_int_equal(nk_state_started(&h, &r, getpid(), &e), 0);
	for (int i = 0; i < N; i++) {
		struct nk_state_wait w;
		int code = 0;

		assert_int_equal(nk_state_wait_begin(&st, &r, &w, &e), 0);
		pids[i] = fork();
		if (pids[i]) {
			close(w.lock_fd);
			continue;
		}
		close(h.lock_fd);
		if (i == 0)
			usleep(200000); /* comes late */
		_exit(nk_state_wait_end(&st, &r, &w, i % 2 ? -1 : 5000, &code, &e) < 0 ? 255
										       : code);
	}
	usleep(50000);
	assert_int_equal(nk_state_remove(&h, 42, &e), 0);
	for (int i = 0; i < N; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		assert_int_equal(WEXITSTATUS(status), 42);
	}
}

static void waiting_ends(void **state)
{
	_arena_ struct nk_arena a = {0};
	_state_ struct nk_state st;
	struct nk_state_record r;
	struct nk_state_wait w;
	pid_t init, pid = owner("web", &init);
	int code = 0;

	(void)state;
	assert_int_equal(nk_state_open(&st, top, NULL, &e), 0);
	assert_int_equal(nk_state_find(&st, &a, "web", &r, &e), 0);
	assert_int_equal(nk_state_wait_begin(&st, &r, &w, &e), 0);
	assert_int_equal(nk_state_wait_end(&st, &r, &w, 30, &code, &e), -ETIMEDOUT);
	assert_int_equal(nk_state_wait_begin(&st, &r, &w, &e), 0);
	end(pid);
	assert_int_equal(nk_state_wait_end(&st, &r, &w, 5000, &code, &e), 0);
	assert_int_equal(code, 137);
	assert_int_equal(count(path("containers")), 0);
}

static void beat(int sig)
{
	(void)sig;
}

/* A handler without SA_RESTART: what is interrupted goes on. */
static void signals_do_not_end_a_wait(void **state)
{
	const struct itimerval fast = {{0, 2000}, {0, 2000}}, off = {0};
	const struct sigaction sa = {.sa_handler = beat};
	struct sigaction before;

	(void)state;
	for (int forever = 0; forever < 2; forever++) {
		_arena_ struct nk_arena a = {0};
		_state_ struct nk_state st;
		struct nk_state_record r;
		struct nk_state_wait w;
		pid_t init, pid = owner("web", &init);
		int code = 0;

		assert_int_equal(nk_state_open(&st, top, NULL, &e), 0);
		assert_int_equal(nk_state_find(&st, &a, "web", &r, &e), 0);
		assert_int_equal(nk_state_wait_begin(&st, &r, &w, &e), 0);
		pid_t killer = fork();
		if (killer == 0) {
			usleep(100000);
			kill(pid, SIGKILL);
			_exit(0);
		}
		sigaction(SIGALRM, &sa, &before);
		setitimer(ITIMER_REAL, &fast, NULL);
		int rc = nk_state_wait_end(&st, &r, &w, forever ? -1 : 5000, &code, &e);
		setitimer(ITIMER_REAL, &off, NULL);
		sigaction(SIGALRM, &before, NULL);
		assert_int_equal(rc, 0);
		assert_int_equal(code, 137);
		waitpid(killer, NULL, 0);
		waitpid(pid, NULL, 0);
	}
}

static void the_directory_has_to_be_ours(void **state)
{
	_state_ struct nk_state st;

	(void)state;
	assert_int_equal(chmod(top, 0770), 0);
	assert_int_equal(nk_state_open(&st, top, NULL, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "can be written by others"));
	assert_int_equal(chmod(top, 0700), 0);

	assert_int_equal(symlink("/tmp", path("containers")), 0);
	assert_int_equal(nk_state_open(&st, top, NULL, &e), -ENOTDIR);
	assert_int_equal(unlink(path("containers")), 0);

	if (geteuid() == 0) {
		assert_int_equal(chown(top, 65534, 65534), 0);
		assert_int_equal(nk_state_open(&st, top, NULL, &e), -EINVAL);
		assert_non_null(strstr(e.msg, "belongs to user 65534"));
		assert_int_equal(chown(top, 0, 0), 0);
	}
	assert_int_equal(nk_state_open(&st, path("a/b/c"), NULL, &e), 0);
}

static void leftovers_are_swept(void **state)
{
	_arena_ struct nk_arena a = {0};
	_state_ struct nk_state st;
	struct nk_state_list list = {0};

	(void)state;
	assert_int_equal(nk_state_open(&st, top, NULL, &e), 0);
	assert_int_equal(mkdirat(st.fd, ".new-abc", 0700), 0);
	assert_int_equal(mkdirat(st.fd, ".dead-abc", 0700), 0);
	assert_int_equal(mkdirat(st.fd, "empty", 0700), 0);
	close(openat(st.fd, ".dead-abc/lock", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(nk_state_list(&st, &a, &list, &e), 0);
	assert_int_equal(count(path("containers")), 0);
}

static int parse(const char *text, struct nk_state_record *r)
{
	static struct nk_arena a;

	return nk_record_parse(&a, text, strlen(text), r, &e);
}

static void bad_records_are_refused(void **state)
{
	struct nk_state_record r;

	(void)state;
	assert_int_equal(parse("{\"version\":2,\"new\":[]}", &r), -ENOTSUP);
	assert_string_equal(e.msg, "its state is of version 2, this nook knows version 1");
	assert_int_equal(parse("", &r), -EINVAL);
	assert_int_equal(parse("[]", &r), -EINVAL);
	assert_int_equal(parse("{}", &r), -EINVAL);
	assert_string_equal(e.msg, "\"version\" is missing");
	assert_int_equal(parse("{\"version\":\"1\"}", &r), -EINVAL);
	assert_string_equal(e.msg, "\"version\" is not a whole number");
	assert_int_equal(parse("{\"version\":1} x", &r), -EINVAL);
	assert_int_equal(parse("{\"version\":1,\"pid\":99999999999}", &r), -EINVAL);
	assert_string_equal(e.msg, "\"pid\" is out of range");
	assert_int_equal(parse("{\"version\":1,\"status\":\"running\"}", &r), -EINVAL);
	assert_string_equal(e.msg, "\"pid\" is missing");
	assert_int_equal(parse("{\"version\":1,\"name\":\"a\\u0000b\"}", &r), -EINVAL);
	assert_string_equal(e.msg, "\"name\" has a NUL in it");

	char deep[200];

	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(parse(deep, &r), -EINVAL);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static void hostile_paths_are_refused(void **state)
{
	struct nk_state_record r;
	static const char form[] = "{\"version\":1,\"status\":\"creating\",\"id\":\"%s\","
				   "\"created\":\"2026-11-22T05:02:14.123456789Z\","
				   "\"name\":\"%s\",\"cgroups\":[\"%s\"],\"spec\":{}}";
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), form, ID, "../x", "/sys/fs/cgroup/nook/a");
	assert_true(parse(text, &r) < 0);
	assert_non_null(strstr(e.msg, "is not a container name"));
	snprintf(text, sizeof(text), form, ID, "x", "/sys/fs/cgroup/../../etc");
	assert_true(parse(text, &r) < 0);
	assert_non_null(strstr(e.msg, "not plain"));
	snprintf(text, sizeof(text), form, "../../etc", "x", "/sys/fs/cgroup/nook/a");
	assert_true(parse(text, &r) < 0);
	assert_non_null(strstr(e.msg, "64 hex digits"));
	snprintf(text, sizeof(text), form, ID, "x", "/sys/fs/cgroup/nook/a");
	assert_true(parse(text, &r) < 0);
	assert_string_equal(e.msg, "spec: \"root\" is missing");
}

static void times_come_back(void **state)
{
	struct timespec t = {.tv_sec = 1795323734, .tv_nsec = 1002003}, back;
	char buf[96];

	(void)state;
	assert_string_equal(nk_time_text(buf, &t), "2026-11-22T05:02:14.001002003Z");
	assert_int_equal(nk_time_parse(buf, &back), 0);
	assert_int_equal(back.tv_sec, t.tv_sec);
	assert_int_equal(back.tv_nsec, t.tv_nsec);
	assert_int_equal(nk_time_parse("2026-11-22T05:02:14Z", &back), -EINVAL);
	assert_int_equal(nk_time_parse("26-11-22T05:02:14.001002003Z", &back), -EINVAL);
	assert_int_equal(nk_time_parse("2026-11-22T05:02:14.00100200Z", &back), -EINVAL);
	assert_int_equal(nk_time_parse("2026-11-22T05:02:14.001002003Zx", &back), -EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_checked),
		T(a_life),
		T(a_taken_name_is_refused),
		T(a_dead_owner_leaves_nothing),
		T(the_dead_are_cleaned_and_the_living_left),
		T(a_dead_owner_frees_the_name),
		T(a_reused_pid_is_left_alone),
		T(another_boot_is_dead),
		T(one_of_many_wins),
		T(many_wait),
		T(waiting_ends),
		T(signals_do_not_end_a_wait),
		T(the_directory_has_to_be_ours),
		T(leftovers_are_swept),
		cmocka_unit_test(bad_records_are_refused),
		cmocka_unit_test(hostile_paths_are_refused),
		cmocka_unit_test(times_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
