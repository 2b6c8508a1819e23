/* SPDX-License-Identifier: Apache-2.0 */
/* One step as text: every op has its row, and no string gets out of its quotes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "step/emit_c.h"
#include "step/text.h"
#include "step_sample.h"

static void call_is(const struct nk_step *s, const struct nk_plan *p, const char *want)
{
	char buf[512];

	assert_int_equal(nk_step_call(p, s, buf, sizeof(buf)), strlen(want));
	assert_string_equal(buf, want);
}

static void test_every_op_is_known(void **state)
{
	struct nk_arena a _arena_ = {0};
	struct nk_plan p;

	(void)state;
	nk_plan_init(&p, &a);
	for (int op = 0; op < NK_OP_COUNT; op++) {
		struct nk_step *s = nk_plan_add(&p, (enum nk_op)op, "op %d", op);
		char *text = NULL;
		size_t n;

		s->s[0] = s->s[1] = "";
		if (strcmp(nk_op_info((unsigned)op)->name, "unknown") == 0)
			fail_msg("op %d has no row in ops.c", op);
		FILE *f = open_memstream(&text, &n);
		int ret = op == NK_OP_EXECVE ? 0 : nk_c_call(f, &p, p.steps.n - 1);
		fclose(f);
		free(text);
		if (ret != 0)
			fail_msg("op %s has no case in emit_c_calls.c",
				 nk_op_info((unsigned)op)->name);
	}
	for (int t = 0; t < NK_T_COUNT; t++)
		assert_string_not_equal(nk_topic_name((enum nk_topic)t), "unknown");
	assert_string_equal(nk_op_syscall(NK_OP_LINK_UP), "ioctl");
	assert_string_equal(nk_op_syscall((enum nk_op)250), "unknown");
}

static void test_call_reads_well(void **state)
{
	struct nk_arena a _arena_ = {0};
	struct nk_plan p;
	struct nk_step *s;
	int rootfs, proc;

	(void)state;
	nk_plan_init(&p, &a);
	rootfs = nk_plan_slot(&p, "rootfs_proc");
	proc = nk_plan_slot(&p, "proc");
	s = nk_plan_add(&p, NK_OP_MOVE_MOUNT, "proc");
	s->fd[0] = (int16_t)proc;
	s->fd[1] = (int16_t)rootfs;
	s->s[0] = "";
	s->n[0] = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
	call_is(s, &p,
		"move_mount(proc, \"\", rootfs_proc, \"\", "
		"MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)");
	s = nk_plan_add(&p, NK_OP_OPENAT2, "a file");
	s->fd[0] = (int16_t)rootfs;
	s->s[0] = "etc/hosts";
	s->n[0] = O_PATH | O_NOFOLLOW | 0x40000000;
	s->n[2] = 0x10;
	s->out = (int16_t)nk_plan_slot(&p, "hosts");
	call_is(s, &p,
		"hosts = openat2(rootfs_proc, \"etc/hosts\", "
		"{flags=O_PATH|O_NOFOLLOW|0x40000000, resolve=RESOLVE_IN_ROOT})");
	s = nk_plan_add(&p, NK_OP_FSCONFIG, "upper");
	s->fd[0] = s->fd[1] = (int16_t)proc;
	s->n[0] = FSCONFIG_SET_STRING;
	s->s[0] = "upperdir";
	s->s[1] = "/proc/self/fd/%d/upper";
	call_is(s, &p,
		"fsconfig(proc, FSCONFIG_SET_STRING, \"upperdir\", "
		"\"/proc/self/fd/{proc}/upper\")");
	s = nk_plan_add(&p, NK_OP_PRCTL, "cap");
	s->n[0] = PR_CAPBSET_DROP;
	s->n[1] = 21;
	call_is(s, &p, "prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN)");
	s = nk_plan_add(&p, NK_OP_MKNODAT, "null");
	s->s[0] = "null";
	s->n[0] = 020666;
	s->n[1] = 0x103;
	call_is(s, &p, "mknodat(-1, \"null\", S_IFCHR|0666, makedev(1, 3))");
}

static void test_call_is_cut(void **state)
{
	struct nk_arena a _arena_ = {0};
	struct nk_plan p;
	char small[13], whole[512];

	(void)state;
	nk_plan_init(&p, &a);
	struct nk_step *s = nk_plan_add(&p, NK_OP_CHDIR, "far");
	s->s[0] = "/a/very/long/path/that/nobody/would/want/to/read/in/a/table/of/steps/bin";
	nk_step_call(&p, s, whole, sizeof(whole));
	assert_string_equal(whole, "chdir(\"/a/very/long/path/that/n…/in/a/table/of/steps/bin\")");
	s->s[0] = "/\xc3\xa9\xc3\xa9\xc3\xa9"; /* é: two bytes each, the cut falls between */
	assert_int_equal(nk_step_call(&p, s, small, sizeof(small)), 12);
	s->s[0] = "/e\xc3\xa9\xc3\xa9\xc3\xa9";
	assert_int_equal(nk_step_call(&p, s, small, sizeof(small)), 11);
	assert_int_equal(nk_step_call(&p, s, small, 1), 0);
	assert_int_equal(small[0], 0);
}

static void test_strings_stay_in(void **state)
{
	struct nk_arena a _arena_ = {0};
	struct nk_plan p;
	char buf[512];

	(void)state;
	nk_plan_init(&p, &a);
	struct nk_step *s = nk_plan_add(&p, NK_OP_CHDIR, "x");
	s->s[0] = "\"\033]0;\n\xff\xe2\x80\xae\xc2\x85";
	nk_step_call(&p, s, buf, sizeof(buf));
	assert_string_equal(buf, "chdir(\"\\\"\\x1b]0;\\n\\xff\\xe2\\x80\\xae\\xc2\\x85\")");
	/* over-long forms and surrogates are no UTF-8 */
	assert_int_equal(nk_text_shown("\xc0\xaf", 2), 0);
	assert_int_equal(nk_text_shown("\xed\xa0\x80", 3), 0);
	assert_int_equal(nk_text_shown("\xe2\x82", 2), 0);
	assert_int_equal(nk_text_shown("\xe2\x82\xac", 3), 3);
}

static void test_slot_names_differ(void **state)
{
	static const char *const names[] = {"etc", "etc", "etc_2", "ns mount", "9p",
					    "",	   "etc", "etc_2", "etc_2_6"};
	struct nk_arena a _arena_ = {0};
	struct nk_plan p;
	char x[NK_LABEL_MAX], y[NK_LABEL_MAX];

	(void)state;
	nk_plan_init(&p, &a);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		nk_plan_slot(&p, names[i]);
	for (int i = 0; i < p.n_slots; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(nk_slot_label(&p, i, x), nk_slot_label(&p, k, y));
	assert_string_equal(nk_slot_label(&p, NK_SLOT_FIRST_FREE + 1, x), "etc_2");
	assert_string_equal(nk_slot_label(&p, NK_SLOT_FIRST_FREE + 3, x), "ns_mount");
	assert_string_equal(nk_slot_label(&p, NK_CWD, x), "AT_FDCWD");
	assert_string_equal(nk_slot_label(&p, 5000, x), "-1");
}

static void test_partners(void **state)
{
	struct nk_arena a _arena_ = {0};
	struct nk_plan p;

	(void)state;
	sample_plan(&p, &a);
	for (size_t i = 0; i < p.steps.n; i++) {
		const struct nk_step *s = &p.steps.v[i];
		long other = nk_step_partner(&p, i);

		if (s->op != NK_OP_TELL && s->op != NK_OP_AWAIT) {
			assert_int_equal(other, -1);
			continue;
		}
		assert_true(other >= 0);
		assert_int_equal(p.steps.v[other].n[0], s->n[0]);
		assert_int_equal(nk_step_partner(&p, (size_t)other), (long)i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_op_is_known), cmocka_unit_test(test_call_reads_well),
		cmocka_unit_test(test_call_is_cut),	  cmocka_unit_test(test_strings_stay_in),
		cmocka_unit_test(test_slot_names_differ), cmocka_unit_test(test_partners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
