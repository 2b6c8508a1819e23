#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A rule on the arguments of socket() did not hold in the machine's other ABI, or through
# socketcall().
# vm: seldom, what differs on 6.1 and on version 2 of cgroups, oci_exec, _lifecycle, _limits and _mounts go through
load ../lib/attack
setup() { attack_setup; }
teardown() { attack_teardown; }

@test "Podman-2026-123876: a rule on socket() holds in every ABI and way" {
	[ "$(uname -m)" = x86_64 ] || skip "system call numbers of x86_64"
	cp "$PROBES/call" "$ROOTFS/bin/call"
	configure '.linux.seccomp = {
		defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1,
		architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
		syscalls: [
			{names: $names, action: "SCMP_ACT_ALLOW"},
			{names: ["socket"], action: "SCMP_ACT_ALLOW", args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}]}
		]}' --argjson names "$(all_but_sockets)"
	# AF_UNIX is allowed, AF_VSOCK (40) not: native, int 0x80, and socketcall(SYS_SOCKET).
	run_container sh -c 'call native 41 1 1 0; call native 41 40 1 0; call i386 359 1 1 0; call i386 359 40 1 0; call i386 102 1 0'
	assert_exit 0
	[[ ${lines[0]} =~ ^[0-9]+$|^0$|ok ]] || explain_failure "AF_UNIX should be allowed"
	[ "${lines[1]}" = EPERM ] || explain_failure "AF_VSOCK by socket()"
	[ "${lines[3]}" = EPERM ] || explain_failure "AF_VSOCK by socket() of i386"
	[ "${lines[4]}" = EPERM ] || explain_failure "socketcall() of i386"
}
all_but_sockets() {
	jq -nc '["access","arch_prctl","brk","capget","capset","chdir","clock_gettime","clone","clone3","close","close_range",
		"dup","dup2","dup3","execve","execveat","exit","exit_group","fcntl","fcntl64","fork","fstat","fstat64","fstatat64","futex",
		"getcwd","getdents64","getegid","getegid32","geteuid","geteuid32","getgid","getgid32","getpgrp","getpid","getppid","getrandom","gettid",
		"getuid","getuid32","ioctl","lseek","lstat","mmap","mmap2","mprotect","munmap","nanosleep","newfstatat","open","openat","pipe","pipe2",
		"poll","prctl","pread64","prlimit64","read","readlink","readlinkat","readv","rseq","rt_sigaction","rt_sigprocmask","rt_sigreturn",
		"sched_getaffinity","sendmsg","recvmsg","set_robust_list","set_thread_area","set_tid_address","setgid","setgroups","setresgid","setresuid","setuid","sigreturn",
		"stat","stat64","statx","sysinfo","uname","umask","vfork","wait4","waitpid","write","writev","_llseek","exit"]'
}
