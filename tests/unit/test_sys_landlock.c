/* SPDX-License-Identifier: Apache-2.0 */
/* Files are read and written in the places that were named, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "sys/landlock.h"

static bool opens(const char *path, int flags)
{
	_close_ int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd >= 0;
}

/* In a child: 0, or the number of the line that is not so. */
static int confined(void)
{
	char in[] = "/tmp/nook-unit-XXXXXX", out[] = "/tmp/nook-unit-XXXXXX";
	struct nk_err e;

	if (!mkdtemp(in) || !mkdtemp(out) || chdir(in) < 0)
		return __LINE__;

	_close_ int dir = open(in, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_close_ int other = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct nk_landlock_place places[] = {
		{.path = "/etc"},
		{.path = "/dev/null", .write = true},
		{.path = "/no/such/file"},
		{.fd = dir, .write = true},
		{.fd = -1},
	};
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (nk_landlock_files(places, NK_COUNT(places), &e) < 0)
			_exit(1);
		if (!opens("/etc/passwd", O_RDONLY) || opens("/etc/passwd", O_RDWR))
			_exit(2);
		if (opens("/etc/nook-unit", O_WRONLY | O_CREAT))
			_exit(3);
		if (!opens("/dev/null", O_RDWR) || opens("/dev/zero", O_RDONLY))
			_exit(4);
		if (!opens("new", O_RDWR | O_CREAT) || rename("new", "name") < 0 ||
		    unlink("name") < 0)
			_exit(5);
		if (faccessat(other, ".", F_OK, 0) < 0 || mkdirat(other, "dir", 0700) == 0)
			_exit(6);
		execl("/bin/true", "true", NULL);
		_exit(errno == EACCES ? 0 : 7);
	}
	waitpid(pid, &status, 0);
	unlink("/etc/nook-unit");
	rmdir(in);
	rmdir(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void places(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
		skip();
	assert_int_equal(confined(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
