/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and the entry point without a C library. With glibc linked in,
 * nook-init would be 700 KiB and hold 700 KiB for as long as its container lives;
 * so both are a few pages.
 */
#ifndef NK_INIT_RAW_H
#define NK_INIT_RAW_H

#include <sys/syscall.h>

#if defined(__x86_64__)

/* The stack holds argc, argv and the environment, and is not aligned as C wants it. */
__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call nk_init_start\n"
	"	hlt\n");

static inline long nk_raw(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

__asm__(".globl _start\n"
	"_start:\n"
	"	mov x29, xzr\n"
	"	mov x30, xzr\n"
	"	mov x0, sp\n"
	"	and x1, x0, #-16\n"
	"	mov sp, x1\n"
	"	bl nk_init_start\n"
	"	brk #0\n");

static inline long nk_raw(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}

#else
#error "nook knows x86_64 and aarch64"
#endif

/* Result of the kernel: >= 0, or -errno. Arguments left out are 0. */
#define SYS(name, ...) SYS_ARGS(SYS_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0)
#define SYS_ARGS(nr, a, b, c, d, e, ...) \
	nk_raw((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

#endif
