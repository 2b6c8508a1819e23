/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser, on a table of its own and on that of `nook run`. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/option.h"
#include "cli/run_options.h"

struct target {
	bool tty, interactive;
	struct nk_strv env;
	const char *name, *explain;
	bool explained;
	unsigned count;
};

static int set_explain(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct target *t = use->target;

	(void)e;
	t->explained = true;
	t->explain = value;
	return 0;
}

#define AT(member) .offset = offsetof(struct target, member)
static const struct nk_option table[] = {
	{"tty", 't', .help = "h", .set = nk_set_flag, AT(tty)},
	{"interactive", 'i', .help = "h", .set = nk_set_flag, AT(interactive)},
	{"env", 'e', .metavar = "X", .help = "h", .set = nk_set_list, AT(env)},
	{"name", .metavar = "N", .help = "what to call it", .set = nk_set_string, AT(name)},
	{"count", 'c', .metavar = "N", .help = "h", .set = nk_set_unsigned, AT(count)},
	{"explain", .metavar = "F", .optional = true, .help = "h", .set = set_explain},
	{0},
};

struct fixture {
	struct nk_arena a;
	struct target t;
	struct nk_err e;
	int result;
};

/* A line of words between blanks. */
static void parse(struct fixture *f, const char *line)
{
	char *argv[32] = {(char *)"x"}, *words;
	int argc = 1;

	nk_arena_done(&f->a);
	*f = (struct fixture){0};
	words = nk_strdup(&f->a, line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	f->result = nk_options_parse(table, &f->a, argc, argv, &f->t, &f->e);
}

static void spellings(void **state)
{
	struct fixture f = {0};

	(void)state;
	parse(&f, "-it --name=web cmd -t");
	assert_int_equal(f.result, 3);
	assert_true(f.t.tty && f.t.interactive);
	assert_string_equal(f.t.name, "web");
	parse(&f, "--name web -eA=1 -e B=2 -e=C=3 --env D=4 --env=E= x");
	assert_int_equal(f.result, 10);
	assert_int_equal(f.t.env.n, 5);
	assert_string_equal(f.t.env.v[0], "A=1");
	assert_string_equal(f.t.env.v[1], "B=2");
	assert_string_equal(f.t.env.v[2], "C=3");
	assert_string_equal(f.t.env.v[4], "E=");
	parse(&f, "-tieX cmd");
	assert_int_equal(f.result, 2);
	assert_string_equal(f.t.env.v[0], "X");
	parse(&f, "-tie X");
	assert_int_equal(f.result, 3);
	parse(&f, "--tty --tty=false --interactive=true");
	assert_false(f.t.tty);
	assert_true(f.t.interactive);
	nk_arena_done(&f.a);
}

static void where_options_end(void **state)
{
	struct fixture f = {0};

	(void)state;
	parse(&f, "-t -- -i");
	assert_int_equal(f.result, 3);
	assert_false(f.t.interactive);
	parse(&f, "cmd -i --nonsense");
	assert_int_equal(f.result, 1);
	assert_false(f.t.interactive);
	parse(&f, "-t - -i");
	assert_int_equal(f.result, 2);
	parse(&f, "--name -- x"); /* the value of --name */
	assert_string_equal(f.t.name, "--");
	parse(&f, "");
	assert_int_equal(f.result, 1);
	nk_arena_done(&f.a);
}

static void optional_values(void **state)
{
	struct fixture f = {0};

	(void)state;
	parse(&f, "--explain json");
	assert_int_equal(f.result, 2); /* "json" is the first word */
	assert_true(f.t.explained);
	assert_null(f.t.explain);
	parse(&f, "--explain=json");
	assert_string_equal(f.t.explain, "json");
	nk_arena_done(&f.a);
}

static void faults(void **state)
{
	struct fixture f = {0};

	(void)state;
	parse(&f, "--nmae x");
	assert_int_equal(f.result, -ENOENT);
	assert_string_equal(f.e.msg, "there is no option --nmae");
	assert_string_equal(f.e.hint, "did you mean --name?");
	parse(&f, "--nmae=x");
	assert_string_equal(f.e.msg, "there is no option --nmae");
	parse(&f, "--zzzzzzzz");
	assert_string_equal(f.e.hint, "");
	parse(&f, "-tq");
	assert_string_equal(f.e.msg, "there is no option -q");
	parse(&f, "--name");
	assert_int_equal(f.result, -EINVAL);
	assert_string_equal(f.e.msg, "--name needs a value");
	assert_string_equal(f.e.hint, "--name N: what to call it");
	parse(&f, "-e");
	assert_string_equal(f.e.msg, "--env needs a value");
	parse(&f, "--tty=perhaps");
	assert_string_equal(f.e.msg, "--tty perhaps: neither true nor false");
	const char *bad[] = {"-1", "1x", "2147483648", "+1", "0x1"};
	for (size_t i = 0; i < 5; i++) {
		char line[64] = "--count ";
		parse(&f, strcat(line, bad[i]));
		assert_int_equal(f.result, -EINVAL);
		assert_int_equal(f.t.count, 0);
	}
	parse(&f, "--count=7");
	assert_int_equal(f.t.count, 7);
	parse(&f, "--help");
	assert_int_equal(f.result, -ECANCELED);
	assert_string_equal(f.e.msg, "");
	parse(&f, "-th");
	assert_int_equal(f.result, -ECANCELED);
	nk_arena_done(&f.a);
}

/* What every row of the real table has to have, and that none hides another. */
static void the_table_of_run(void **state)
{
	(void)state;
	for (const struct nk_option *o = nk_run_table; o->name; o++) {
		assert_non_null(o->help);
		assert_non_null(o->set);
		size_t n = strlen(o->help);
		assert_true(n > 3);
		assert_true(o->help[n - 1] != '.' || !strcmp(o->help + n - 3, "..."));
		assert_ptr_equal(nk_option_find(nk_run_table, o->name, strlen(o->name)), o);
		if (o->letter)
			assert_ptr_equal(nk_option_letter(nk_run_table, o->letter), o);
		if (o->optional)
			assert_non_null(o->metavar);
	}
	assert_null(nk_option_letter(nk_run_table, 0));
	assert_non_null(nk_run_table[0].group);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings),	    cmocka_unit_test(where_options_end),
		cmocka_unit_test(optional_values),  cmocka_unit_test(faults),
		cmocka_unit_test(the_table_of_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
