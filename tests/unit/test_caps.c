/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "security/caps.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define ALL_41 (BIT(41) - 1)

struct lists {
	const char *add[4], *drop[4];
};

static int build(struct nk_caps *out, const struct lists *l, bool privileged, uint32_t uid,
		 unsigned last_cap, struct nk_err *e)
{
	struct nk_arena a = {0};
	struct nk_strv add = {0}, drop = {0};

	memset(e, 0, sizeof(*e));
	for (int i = 0; i < 4 && l->add[i]; i++)
		nk_strv_push(&a, &add, l->add[i]);
	for (int i = 0; i < 4 && l->drop[i]; i++)
		nk_strv_push(&a, &drop, l->drop[i]);
	int r = nk_caps_build(out, &add, &drop, privileged, uid, last_cap, e);
	nk_arena_done(&a);
	return r;
}

static uint64_t bounding(const struct lists *l, bool privileged)
{
	struct nk_caps c;
	struct nk_err e;

	if (build(&c, l, privileged, 0, 40, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(c.bounding, c.effective);
	assert_int_equal(c.bounding, c.permitted);
	assert_int_equal(c.inheritable, 0);
	assert_int_equal(c.ambient, 0);
	return c.bounding;
}

static void refused(const struct lists *l, unsigned last_cap, const char *msg, const char *hint)
{
	struct nk_caps c;
	struct nk_err e;

	assert_true(build(&c, l, false, 0, last_cap, &e) < 0);
	assert_string_equal(e.msg, msg);
	assert_string_equal(e.hint, hint);
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(nk_cap_by_name("NET_ADMIN"), CAP_NET_ADMIN);
	assert_int_equal(nk_cap_by_name("cap_net_admin"), CAP_NET_ADMIN);
	assert_int_equal(nk_cap_by_name("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(nk_cap_by_name("NET"), -1);
	assert_int_equal(nk_cap_by_name("CAP_"), -1);
	assert_int_equal(nk_cap_by_name(""), -1);
	assert_string_equal(nk_cap_name(CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
	assert_null(nk_cap_name(41));
	for (unsigned i = 0; i < 41; i++)
		assert_int_equal(nk_cap_by_name(nk_cap_name(i)), i);
}

static void sets_of_root(void **state)
{
	(void)state;
	/* 0xa80425fb is what /proc/1/status shows in a container of Docker. */
	assert_int_equal(NK_CAPS_DEFAULT, 0xa80425fb);
	assert_int_equal(bounding(&(struct lists){0}, false), 0xa80425fb);
	assert_int_equal(bounding(&(struct lists){.add = {"SYS_ADMIN"}}, false),
			 0xa80425fb | BIT(CAP_SYS_ADMIN));
	assert_int_equal(bounding(&(struct lists){.drop = {"mknod", "CAP_KILL"}}, false),
			 0xa80425fb & ~BIT(CAP_MKNOD) & ~BIT(CAP_KILL));
	assert_int_equal(bounding(&(struct lists){.drop = {"ALL"}}, false), 0);
	assert_int_equal(bounding(&(struct lists){.add = {"CHOWN"}, .drop = {"all"}}, false),
			 BIT(CAP_CHOWN));
	assert_int_equal(bounding(&(struct lists){.add = {"ALL"}}, false), ALL_41);
	assert_int_equal(bounding(&(struct lists){.add = {"ALL"}, .drop = {"BPF"}}, false),
			 ALL_41 & ~BIT(CAP_BPF));
	assert_int_equal(bounding(&(struct lists){0}, true), ALL_41);
	assert_int_equal(bounding(&(struct lists){.drop = {"SYS_TIME"}}, true),
			 ALL_41 & ~BIT(CAP_SYS_TIME));
}

static void ordinary_user_has_the_bounding_set_only(void **state)
{
	struct nk_caps c;
	struct nk_err e;

	(void)state;
	assert_int_equal(build(&c, &(struct lists){0}, false, 1000, 40, &e), 0);
	assert_int_equal(c.bounding, 0xa80425fb);
	assert_int_equal(c.effective | c.permitted | c.inheritable | c.ambient, 0);
	assert_int_equal(build(&c, &(struct lists){0}, true, 1000, 37, &e), 0);
	assert_int_equal(c.bounding, BIT(38) - 1);
}

static void bad_names(void **state)
{
	(void)state;
	refused(&(struct lists){.add = {"NET_ADMN"}}, 40,
		"--cap-add: there is no capability \"NET_ADMN\"", "did you mean NET_ADMIN?");
	refused(&(struct lists){.drop = {"cap_sys_admn"}}, 40,
		"--cap-drop: there is no capability \"cap_sys_admn\"", "did you mean SYS_ADMIN?");
	refused(&(struct lists){.add = {""}}, 40, "--cap-add: there is no capability \"\"",
		"names are those of capabilities(7), such as NET_ADMIN, or ALL");
	refused(&(struct lists){.add = {"ABSOLUTELY_NOTHING_LIKE_ANY_OF_THEM_AT_ALL"}}, 40,
		"--cap-add: there is no capability "
		"\"ABSOLUTELY_NOTHING_LIKE_ANY_OF_THEM_AT_ALL\"",
		"names are those of capabilities(7), such as NET_ADMIN, or ALL");
	refused(&(struct lists){.add = {"BPF"}}, 37,
		"--cap-add: this kernel does not know CAP_BPF yet", "");
}

static void contradictions(void **state)
{
	const char *hint = "name it in --cap-add or in --cap-drop, not in both";

	(void)state;
	refused(&(struct lists){.add = {"CHOWN"}, .drop = {"chown"}}, 40,
		"CAP_CHOWN is both added and dropped", hint);
	refused(&(struct lists){.add = {"ALL"}, .drop = {"ALL"}}, 40,
		"all capabilities are both added and dropped", hint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(sets_of_root),
		cmocka_unit_test(ordinary_user_has_the_bounding_set_only),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(contradictions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
