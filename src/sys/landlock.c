/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Newer than the headers may be: by the version of the kernel's Landlock. */
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)  /* 3 */
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15) /* 5 */
#define SCOPE_ABSTRACT 1U		    /* 6 */

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define CHANGE                                                         \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK |  \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | RIGHT_TRUNCATE)
#define NEVER                                                           \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |    \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | RIGHT_IOCTL_DEV)
#define OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE)

/* struct landlock_ruleset_attr with all that it has got since. */
struct ruleset {
	uint64_t files, net, scopes;
};

static uint64_t known(int version)
{
	uint64_t all = READ | CHANGE | NEVER;

	if (version < 2)
		all &= ~(uint64_t)LANDLOCK_ACCESS_FS_REFER;
	if (version < 3)
		all &= ~RIGHT_TRUNCATE;
	if (version < 5)
		all &= ~RIGHT_IOCTL_DEV;
	return all;
}

static int allow(int rules, const struct nk_landlock_place *p, uint64_t known, struct nk_err *e)
{
	_close_ int own = p->path ? open(p->path, O_PATH | O_CLOEXEC) : -EBADF;
	struct landlock_path_beneath_attr at = {
		.parent_fd = p->path ? own : p->fd,
		.allowed_access = known & (p->write ? READ | CHANGE : READ),
	};
	const char *name = p->path ? p->path : "a directory";
	struct stat st;

	if (at.parent_fd < 0)
		return !p->path || errno == ENOENT ? 0 : nk_fail(e, errno, "open %s", name);
	if (fstat(at.parent_fd, &st) < 0)
		return nk_fail(e, errno, "%s", name);
	if (!S_ISDIR(st.st_mode))
		at.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &at, 0) < 0)
		return nk_fail(e, errno, "allow %s (Landlock)", name);
	return 0;
}

int nk_landlock_files(const struct nk_landlock_place *places, size_t n, struct nk_err *e)
{
	int version =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset want = {0};
	size_t size = version >= 6 ? sizeof(want) : sizeof(want.files);
	int rc = 0;

	if (version <= 0)
		return 0;
	want.files = known(version);
	want.scopes = version >= 6 ? SCOPE_ABSTRACT : 0;

	_close_ int rules = (int)syscall(SYS_landlock_create_ruleset, &want, size, 0);

	if (rules < 0)
		return nk_fail(e, errno, "make rules for files (Landlock)");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = allow(rules, &places[i], want.files, e);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		rc = nk_fail(e, errno, "confine files (Landlock)");
	return rc;
}
