/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The printers of a whole plan against files below data/step. After a change
 * that is meant, UPDATE_GOLDEN=1 writes them anew: look at the difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <json-c/json.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "step_sample.h"

static char *slurp(const char *path)
{
	_fclose_ FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0;

	if (!f || getdelim(&text, &cap, '\0', f) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void matches_golden(const char *text, const char *name)
{
	_free_ char *path = NULL, *want = NULL;

	assert_true(asprintf(&path, "%s/step/%s", NK_TEST_DATA, name) > 0);
	if (getenv("UPDATE_GOLDEN")) {
		_fclose_ FILE *f = fopen(path, "w");

		assert_non_null(f);
		fputs(text, f);
		return;
	}
	want = slurp(path);
	if (!want)
		fail_msg("%s is missing (UPDATE_GOLDEN=1 makes it)", path);
	assert_string_equal(text, want);
}

static char *words(int width, bool colour)
{
	struct nk_arena a _arena_ = {0};
	const struct nk_explain_style style = {.width = width, .colour = colour};
	struct nk_plan p;
	char *text = NULL;
	size_t n;

	sample_plan(&p, &a);
	FILE *f = open_memstream(&text, &n);
	nk_explain_words(&p, &style, f);
	fclose(f);
	return text;
}

/* The longest line in columns; bytes that go on a character do not count. */
static size_t widest(const char *text)
{
	size_t n = 0, max = 0;

	for (; *text; text++) {
		if (*text == '\n')
			n = 0;
		else if (((unsigned char)*text & 0xc0) != 0x80)
			n++;
		max = n > max ? n : max;
	}
	return max;
}

static void test_words(void **state)
{
	_free_ char *endless = words(0, false), *narrow = words(60, false);
	_free_ char *wide = words(120, false), *ink = words(120, true);

	(void)state;
	matches_golden(endless, "sample.words");
	matches_golden(narrow, "sample.words-60");
	matches_golden(ink, "sample.words-colour");
	assert_true(widest(narrow) <= 60);
	assert_true(widest(wide) <= 120);
	assert_null(strchr(wide, '\033'));
}

typedef int printer(const struct nk_plan *p, FILE *out, struct nk_err *e);

static char *print(printer *how)
{
	struct nk_arena a _arena_ = {0};
	struct nk_err e = {0};
	struct nk_plan p;
	char *text = NULL;
	size_t n;

	sample_plan(&p, &a);
	FILE *f = open_memstream(&text, &n);
	int ret = how(&p, f, &e);
	fclose(f);
	if (ret != 0)
		fail_msg("%s", e.msg);
	return text;
}

static const char *field(struct json_object *step, const char *name)
{
	return json_object_get_string(json_object_object_get(step, name));
}

static void test_json(void **state)
{
	_free_ char *text = print(nk_explain_json);
	struct json_object *root = json_tokener_parse(text), *steps, *s, *args;

	(void)state;
	matches_golden(text, "sample.json");
	assert_non_null(root);
	assert_int_equal(json_object_get_int(json_object_object_get(root, "version")), 1);
	steps = json_object_object_get(root, "steps");
	assert_int_equal(json_object_array_length(steps), 24);
	s = json_object_array_get_idx(steps, 2);
	assert_string_equal(field(s, "syscall"), "clone3");
	assert_string_equal(field(s, "starts"), "init");
	s = json_object_array_get_idx(steps, 14);
	args = json_object_object_get(s, "args");
	/* not UTF-8: as bytes */
	assert_memory_equal(field(json_object_object_get(args, "data"), "hex"), "6122625c63", 10);
	s = json_object_array_get_idx(steps, 23);
	assert_int_equal(json_object_get_int(json_object_object_get(s, "undoes")), 2);
	json_object_put(root);
}

/* What /bin/sh answers; its output goes to our standard error. */
static int shell(const char *command)
{
	_free_ char *quiet = NULL;
	int status;

	assert_true(asprintf(&quiet, "{ %s\n} >&2", command) > 0);
	status = system(quiet);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void save(const char *path, const char *text)
{
	_fclose_ FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
}

static void test_c(void **state)
{
	_free_ char *text = print(nk_explain_c);
	char dir[] = "/tmp/nook-test-XXXXXX", command[256];
	char source[64], program[64];

	(void)state;
	matches_golden(text, "sample.c.txt");
	assert_non_null(mkdtemp(dir));
	snprintf(source, sizeof(source), "%s/x.c", dir);
	snprintf(program, sizeof(program), "%s/x", dir);
	save(source, text);
	snprintf(command, sizeof(command),
		 "cc -std=gnu17 -O2 -Wall -Wextra -Werror -static -o %s %s", program, source);
	assert_int_equal(shell(command), 0);
	/* As root it runs: 7 says that every part of it had its effect. */
	if (geteuid() == 0 && shell("unshare -mpu --fork true") == 0)
		assert_int_equal(shell(program), 7);
	else
		print_message("skipped: running the program needs CAP_SYS_ADMIN\n");
	assert_int_not_equal(access("/tmp/nook-sample", F_OK), 0);
	unlink(source);
	unlink(program);
	rmdir(dir);
}

static void test_sh(void **state)
{
	_free_ char *text = print(nk_explain_sh);
	char file[] = "/tmp/nook-test-XXXXXX", command[256];

	(void)state;
	matches_golden(text, "sample.sh.txt");
	int fd = mkstemp(file);
	assert_true(fd >= 0);
	close(fd);
	save(file, text);
	snprintf(command, sizeof(command), "sh -n %s && bash -n %s", file, file);
	assert_int_equal(shell(command), 0);
	snprintf(command, sizeof(command), "sh %s", file);
	if (geteuid() == 0 && shell("unshare -mpu --fork true") == 0)
		assert_int_equal(shell(command), 7);
	else
		print_message("skipped: running the script needs CAP_SYS_ADMIN\n");
	assert_int_not_equal(access("/tmp/nook-sample", F_OK), 0);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_c),
		cmocka_unit_test(test_sh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
