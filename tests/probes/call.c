/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Make one system call by number and print what the kernel answers: "ok" or the
 * name of the error. For what a filter decides, in each ABI of the machine.
 *
 *     call [i386|x32|native] NUMBER [ARG...]
 *
 * i386 goes through int $0x80, which a 64-bit process may use too: no 32-bit
 * compiler is needed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long by_door_of_i386(const long *n)
{
#ifdef __x86_64__
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(n[0]), "b"(n[1]), "c"(n[2]), "d"(n[3]), "S"(n[4])
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
#else
	(void)n;
	return -ENOSYS;
#endif
}

int main(int argc, char **argv)
{
	long n[6] = {0}, r;

	if (argc < 3 || argc > 7) {
		fputs("usage: call i386|x32|native NUMBER [ARG...]\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		n[i - 2] = (long)strtoull(argv[i], NULL, 0);
	if (strcmp(argv[1], "i386") == 0) {
		r = by_door_of_i386(n);
	} else {
		if (strcmp(argv[1], "x32") == 0)
			n[0] |= 0x40000000;
		r = syscall(n[0], n[1], n[2], n[3], n[4]);
		r = r < 0 ? -errno : r;
	}
	puts(r < 0 ? strerrorname_np((int)-r) : "ok");
	return 0;
}
