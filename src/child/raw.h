/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw system calls: the result is >= 0 or -errno. glibc's wrappers are no good
 * in the child: they set errno in memory that may be shared, and its set*id
 * functions signal the other threads of a process that has none.
 */
#ifndef NK_CHILD_RAW_H
#define NK_CHILD_RAW_H

#include <sys/syscall.h>

#if defined(__x86_64__)

static inline long nk_raw(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long nk_raw(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}

#else
#error "nook knows x86_64 and aarch64"
#endif

#define NK_ARG(x) ((long)(x))
#define nk_raw0(nr) nk_raw(nr, 0, 0, 0, 0, 0, 0)
#define nk_raw1(nr, a) nk_raw(nr, NK_ARG(a), 0, 0, 0, 0, 0)
#define nk_raw2(nr, a, b) nk_raw(nr, NK_ARG(a), NK_ARG(b), 0, 0, 0, 0)
#define nk_raw3(nr, a, b, c) nk_raw(nr, NK_ARG(a), NK_ARG(b), NK_ARG(c), 0, 0, 0)
#define nk_raw4(nr, a, b, c, d) nk_raw(nr, NK_ARG(a), NK_ARG(b), NK_ARG(c), NK_ARG(d), 0, 0)
#define nk_raw5(nr, a, b, c, d, e) \
	nk_raw(nr, NK_ARG(a), NK_ARG(b), NK_ARG(c), NK_ARG(d), NK_ARG(e), 0)

#endif
