/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the kernel starts nook-runtime: before the C library. The commands that send a process
 * into a container execute this program a second time (sealed.h); glibc's start costs more than
 * the kernel's part of an execution (it asks cpuid some 75 times, each of which leaves a virtual
 * machine: 0.29 of 0.43 ms), so the first execution does without it.
 *
 * Only what nearly always works is done here. What does not returns, and sealed.c does it with
 * all its words. No library, no thread-local storage, no relocation may be needed: meson.build
 * has the flags. It is the entry of the static program only.
 */
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <sys/statfs.h>
#include <stdbool.h>

#include "child/raw.h"

#define SELF "/proc/self/exe"
enum { READ_ONLY = 1 }; /* ST_RDONLY */

void nk_entry(void);
void nk_before_libc(long *stack);

#if defined(__x86_64__)
/* What _start wants untouched: the stack pointer, and rdx, which the kernel has set to 0. */
__asm__(".globl nk_entry\n"
	"nk_entry:\n"
	"	mov %rsp, %rdi\n"
	"	mov %rsp, %rbx\n"
	"	and $-16, %rsp\n"
	"	call nk_before_libc\n"
	"	mov %rbx, %rsp\n"
	"	xor %edx, %edx\n"
	"	jmp _start\n");
#elif defined(__aarch64__)
__asm__(".globl nk_entry\n"
	"nk_entry:\n"
	"	mov x19, sp\n"
	"	mov x0, sp\n"
	"	bl nk_before_libc\n"
	"	mov sp, x19\n"
	"	mov x0, #0\n"
	"	b _start\n");
#endif

static bool equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* As in sealed.c; a word too many costs an execution and nothing else. */
static bool goes_inside(long argc, char **argv)
{
	for (long i = 1; i < argc; i++)
		if (equal(argv[i], "create") || equal(argv[i], "run") || equal(argv[i], "exec") ||
		    equal(argv[i], "restore"))
			return true;
	return false;
}

void nk_before_libc(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	struct statfs fs;
	long fd;

#ifdef NK_WEAKEN /* sealed.c asks what is to be left out */
	return;
#endif
	if (!goes_inside(argc, argv) || nk_raw2(SYS_statfs, SELF, &fs) < 0 ||
	    (fs.f_flags & READ_ONLY))
		return;
	fd = nk_raw3(SYS_open_tree, AT_FDCWD, SELF, OPEN_TREE_CLONE); /* nk_sealed_fd() */
	if (fd < 0)
		return;
	if (nk_raw5(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) >= 0)
		nk_raw5(SYS_execveat, fd, "", argv, argv + argc + 1, AT_EMPTY_PATH);
	nk_raw1(SYS_close, fd);
}
