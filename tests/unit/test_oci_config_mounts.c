/* SPDX-License-Identifier: Apache-2.0 */
/* The options of mounts, each word and how they add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mount.h>

#include "base/cleanup.h"
#include "oci/config.h"
#include "oci/mount_words.h"

#define ATIME MOUNT_ATTR__ATIME

/* Space-separated words, and what they come to. */
static const struct {
	const char *words;
	uint64_t set, clear, rec_set, rec_clear, propagation;
	unsigned flags;
} cases[] = {
	{"defaults", .flags = 0},
	{"ro", MOUNT_ATTR_RDONLY},
	{"ro rw", 0, MOUNT_ATTR_RDONLY},
	{"rw ro", MOUNT_ATTR_RDONLY},
	{"nosuid nodev noexec", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
	{"suid dev exec", 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
	{"nosuid suid", 0, MOUNT_ATTR_NOSUID},
	{"nosymfollow", 0x200000},
	{"nosymfollow symfollow", 0, 0x200000},
	{"nodiratime", MOUNT_ATTR_NODIRATIME},
	{"diratime", 0, MOUNT_ATTR_NODIRATIME},
	{"noatime", MOUNT_ATTR_NOATIME, ATIME},
	{"strictatime", MOUNT_ATTR_STRICTATIME, ATIME},
	{"relatime", 0, ATIME},
	{"atime", 0, ATIME},
	/* one of the family, never two */
	{"noatime strictatime", MOUNT_ATTR_STRICTATIME, ATIME},
	{"strictatime noatime", MOUNT_ATTR_NOATIME, ATIME},
	{"noatime relatime", 0, ATIME},
	{"noatime atime", 0, ATIME},
	/* the words that only take back */
	{"norelatime", 0, 0},
	{"nostrictatime", 0, 0},
	{"strictatime nostrictatime", 0, 0},
	{"noatime nostrictatime", MOUNT_ATTR_NOATIME, ATIME},
	{"noatime norelatime", MOUNT_ATTR_NOATIME, ATIME},
	{"relatime norelatime", 0, 0},
	{"rstrictatime rnostrictatime", 0, 0},
	{"rrelatime rnorelatime", 0, 0},
	{"rro", 0, 0, MOUNT_ATTR_RDONLY},
	{"rro rrw", 0, 0, 0, MOUNT_ATTR_RDONLY},
	{"ro rrw", MOUNT_ATTR_RDONLY, 0, 0, MOUNT_ATTR_RDONLY},
	{"rnosuid rnodev rnoexec", 0, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
	{"rsuid rdev rexec", 0, 0, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
	{"rnoatime", 0, 0, MOUNT_ATTR_NOATIME, ATIME},
	{"rstrictatime", 0, 0, MOUNT_ATTR_STRICTATIME, ATIME},
	{"rrelatime", 0, 0, 0, ATIME},
	{"ratime", 0, 0, 0, ATIME},
	{"rnodiratime", 0, 0, MOUNT_ATTR_NODIRATIME},
	{"rdiratime", 0, 0, 0, MOUNT_ATTR_NODIRATIME},
	{"rnosymfollow", 0, 0, 0x200000},
	{"rsymfollow", 0, 0, 0, 0x200000},
	{"private", .propagation = MS_PRIVATE},
	{"rprivate", .propagation = MS_PRIVATE | MS_REC},
	{"slave", .propagation = MS_SLAVE},
	{"rslave", .propagation = MS_SLAVE | MS_REC},
	{"shared", .propagation = MS_SHARED},
	{"rshared", .propagation = MS_SHARED | MS_REC},
	{"unbindable", .propagation = MS_UNBINDABLE},
	{"runbindable", .propagation = MS_UNBINDABLE | MS_REC},
	{"shared rslave", .propagation = MS_SLAVE | MS_REC},
	{"bind", .flags = NK_MNT_BIND},
	{"rbind", .flags = NK_MNT_BIND | NK_MNT_RECURSIVE},
	{"bind idmap", .flags = NK_MNT_BIND | NK_MNT_IDMAP},
	{"rbind ridmap", .flags = NK_MNT_BIND | NK_MNT_RECURSIVE | NK_MNT_IDMAP | NK_MNT_IDMAP_REC},
	{"tmpcopyup", .flags = NK_MNT_TMPCOPYUP},
	{"bind copy-symlink", .flags = NK_MNT_BIND | NK_MNT_COPY_SYMLINK},
	{"remount ro", MOUNT_ATTR_RDONLY, .flags = NK_MNT_REMOUNT},
};

static void take(struct nk_arena *a, struct nk_oci_mount *m, const char *words)
{
	struct nk_err e = {0};
	char *text = nk_strdup(a, words), *save = NULL;

	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		assert_int_equal(nk_oci_mount_option(a, m, w, &e), 0);
}

static void words_add_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < NK_COUNT(cases); i++) {
		_arena_ struct nk_arena a = {0};
		struct nk_oci_mount m = {0};

		take(&a, &m, cases[i].words);
		if (m.attr_set != cases[i].set || m.attr_clear != cases[i].clear ||
		    m.rec_set != cases[i].rec_set || m.rec_clear != cases[i].rec_clear ||
		    m.propagation != cases[i].propagation || m.flags != cases[i].flags || m.data.n)
			fail_msg("%s: set %jx clear %jx below %jx %jx propagation %jx flags %x",
				 cases[i].words, (uintmax_t)m.attr_set, (uintmax_t)m.attr_clear,
				 (uintmax_t)m.rec_set, (uintmax_t)m.rec_clear,
				 (uintmax_t)m.propagation, m.flags);
	}
}

static void superblock(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_mount m = {0};

	(void)state;
	take(&a, &m, "sync dirsync lazytime silent mand iversion");
	assert_true(m.sync && m.dirsync && m.lazytime && m.silent && m.mand && m.iversion);
	take(&a, &m, "async nolazytime loud nomand noiversion");
	assert_true(!m.sync && m.dirsync && !m.lazytime && !m.silent && !m.mand && !m.iversion);
	assert_int_equal(m.attr_set | m.attr_clear | m.flags, 0);
}

/* Everything else is for the file system. */
static void data(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_mount m = {0};

	(void)state;
	take(&a, &m, "size=64k nr_inodes=10 newinstance RO");
	assert_int_equal(m.data.n, 4);
	assert_string_equal(m.data.v[3], "RO");
	assert_int_equal(m.attr_set, 0);
	/* What mount(2) does with them is done here. */
	take(&a, &m, "uid=1,gid=2,,ro context=\"a:b:c:s0:c1,c2\" fscontext=a:s0:c1,c2 x=\"y z=\"");
	assert_int_equal(m.data.n, 11);
	assert_string_equal(m.data.v[5], "gid=2");
	assert_string_equal(m.data.v[6], "ro");
	assert_string_equal(m.data.v[7], "context=a:b:c:s0:c1,c2");
	assert_string_equal(m.data.v[8], "fscontext=a:s0:c1,c2");
	assert_string_equal(m.data.v[9], "x=\"y");
	assert_string_equal(m.data.v[10], "z=\"");
	assert_int_equal(m.attr_set, 0);
	assert_int_equal(nk_oci_mount_option(&a, &m, "", &(struct nk_err){0}), 0);
	assert_int_equal(m.data.n, 11);
}

/* The search in the table needs it, and `features` lists it. */
static void alphabetical(void **state)
{
	(void)state;
	for (unsigned i = 1; nk_oci_mount_word(i); i++)
		assert_true(strcmp(nk_oci_mount_word(i - 1), nk_oci_mount_word(i)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_add_up),
		cmocka_unit_test(superblock),
		cmocka_unit_test(data),
		cmocka_unit_test(alphabetical),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
