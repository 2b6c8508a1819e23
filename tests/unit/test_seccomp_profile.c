/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles from files: what they decide, what is refused, and the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cbpf.h"
#include "security/caps.h"
#include "security/profile_json.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define ALLOW SECCOMP_RET_ALLOW
#define NO(err) (SECCOMP_RET_ERRNO | (err))

static struct nk_arena arena;
static char dir[] = "/tmp/nook-seccomp-XXXXXX";

static int parse(const char *text, uint64_t caps, struct nk_rules *rules, struct nk_err *e)
{
	struct nk_profile_host host = {
		.caps = caps, .arch = SCMP_ARCH_X86_64, .kernel_major = 6, .kernel_minor = 1};

	memset(e, 0, sizeof(*e));
	return nk_profile_parse(&arena, text, strlen(text), &host, rules, e);
}

static struct nk_bpf filter_with(const char *text, uint64_t caps)
{
	struct nk_rules rules;
	struct nk_bpf bpf = {0};
	struct nk_err e;

	if (parse(text, caps, &rules, &e) < 0 || nk_rules_compile(&arena, &rules, &bpf, &e) < 0)
		fail_msg("%s", e.msg);
	return bpf;
}

static uint32_t ask(const struct nk_bpf *bpf, uint32_t nr, uint64_t a0)
{
	return cbpf_ask(bpf, AUDIT_ARCH_X86_64, nr, a0, 0, 0);
}

static void refused(const char *text, const char *msg)
{
	struct nk_rules rules;
	struct nk_bpf bpf;
	struct nk_err e;

	int r = parse(text, 0, &rules, &e);
	if (r >= 0)
		r = nk_rules_compile(&arena, &rules, &bpf, &e);
	if (r >= 0)
		fail_msg("accepted: %s", text);
	assert_string_equal(e.msg, msg);
}

static void actions(void **state)
{
	struct nk_bpf bpf = filter_with(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		"{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\"},"
		"{\"names\":[\"rmdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":30},"
		"{\"names\":[\"link\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"ENOSYS\"},"
		"{\"names\":[\"unlink\"],\"action\":\"SCMP_ACT_KILL\"},"
		"{\"names\":[\"rename\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
		"{\"names\":[\"chmod\"],\"action\":\"SCMP_ACT_TRAP\"},"
		"{\"names\":[\"chown\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":7},"
		"{\"name\":\"umask\",\"action\":\"SCMP_ACT_LOG\"},"
		"{\"names\":[\"mseal\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
		0);

	(void)state;
	assert_int_equal(ask(&bpf, 0, 0), ALLOW);
	assert_int_equal(ask(&bpf, 83, 0), NO(EPERM));
	assert_int_equal(ask(&bpf, 84, 0), NO(30));
	assert_int_equal(ask(&bpf, 86, 0), NO(ENOSYS));
	assert_int_equal(ask(&bpf, 87, 0), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(ask(&bpf, 82, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(ask(&bpf, 90, 0), SECCOMP_RET_TRAP);
	assert_int_equal(ask(&bpf, 92, 0), SECCOMP_RET_TRACE | 7);
	assert_int_equal(ask(&bpf, 95, 0), SECCOMP_RET_LOG);
	/* a call that libseccomp does not know can be refused too */
	assert_int_equal(ask(&bpf, 462, 0), NO(EPERM));
	assert_int_equal(ask(&bpf, 999, 0), ALLOW);
}

static void comparisons(void **state)
{
	static const struct {
		const char *op;
		uint64_t yes, no;
	} ops[] = {
		{"\"SCMP_CMP_NE\",\"value\":7", 8, 7},
		{"\"SCMP_CMP_LT\",\"value\":7", 6, 7},
		{"\"SCMP_CMP_LE\",\"value\":7", 7, 8},
		{"\"SCMP_CMP_EQ\",\"value\":7", 7, 6},
		{"\"SCMP_CMP_GE\",\"value\":7", 7, 6},
		{"\"SCMP_CMP_GT\",\"value\":7", 8, 7},
		{"\"SCMP_CMP_MASKED_EQ\",\"value\":240,\"valueTwo\":16", 0x1f, 0x2f},
		{"\"SCMP_CMP_EQ\",\"value\":18446744073709551615", UINT64_MAX, UINT32_MAX},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(ops); i++) {
		char text[512];
		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":["
			 "\"alarm\"],"
			 "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"op\":%s}]}]}",
			 ops[i].op);
		struct nk_bpf bpf = filter_with(text, 0);
		assert_int_equal(ask(&bpf, 37, ops[i].yes), ALLOW);
		assert_int_equal(ask(&bpf, 37, ops[i].no), NO(EPERM));
	}
}

/* Docker's conditions: each rule opens one call when it applies. */
static void conditions(void **state)
{
	static const struct {
		const char *condition;
		bool applies;
	} c[] = {
		{"\"includes\":{\"caps\":[\"CAP_CHOWN\"]}", true},
		{"\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}", false},
		{"\"excludes\":{\"caps\":[\"CAP_CHOWN\"]}", false},
		{"\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}", true},
		{"\"includes\":{\"arches\":[\"amd64\",\"x32\"]}", true},
		{"\"includes\":{\"arches\":[\"arm64\"]}", false},
		{"\"includes\":{\"arches\":[\"s390\",\"s390x\"]}", false},
		{"\"excludes\":{\"arches\":[\"s390\"]}", true},
		{"\"includes\":{\"minKernel\":\"4.8\"}", true},
		{"\"includes\":{\"minKernel\":\"6.1\"}", true},
		{"\"includes\":{\"minKernel\":\"6.2\"}", false},
		{"\"excludes\":{\"minKernel\":\"4.8\"}", false},
		{"\"includes\":{},\"excludes\":null,\"args\":null,\"comment\":\"\"", true},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(c); i++) {
		char text[512];
		snprintf(
			text, sizeof(text),
			"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"acct\"],"
			"\"action\":\"SCMP_ACT_ALLOW\",%s}]}",
			c[i].condition);
		struct nk_bpf bpf = filter_with(text, BIT(CAP_CHOWN));
		if (ask(&bpf, 163, 0) != (c[i].applies ? ALLOW : NO(EPERM)))
			fail_msg("%s", c[i].condition);
	}
}

static void architectures(void **state)
{
	struct nk_bpf bpf = filter_with(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_S390X\"],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],"
		"\"syscalls\":[{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		0);

	(void)state;
	assert_int_equal(bpf.flags, SECCOMP_FILTER_FLAG_LOG);
	assert_int_equal(ask(&bpf, 39, 0), ALLOW);
	assert_int_equal(ask(&bpf, 0, 0), NO(ENOSYS));
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 20, 0, 0, 0), ALLOW);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 21, 0, 0, 0), NO(ENOSYS));
	/* x32 was not named: it ends the program */
	assert_int_equal(ask(&bpf, 0x40000027, 0), SECCOMP_RET_KILL_THREAD);

	bpf = filter_with("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":["
			  "{\"architecture\":\"SCMP_ARCH_AARCH64\","
			  "\"subArchitectures\":[\"SCMP_ARCH_ARM\"]},"
			  "{\"architecture\":\"SCMP_ARCH_X86_64\","
			  "\"subArchitectures\":[\"SCMP_ARCH_X32\"]}],"
			  "\"syscalls\":[{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
			  0);
	assert_int_equal(ask(&bpf, 0x40000027, 0), ALLOW);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 20, 0, 0, 0), SECCOMP_RET_KILL_THREAD);
}

/* A short profile refuses with its own errno what Linux 6.1 has, ENOSYS what is newer. */
static void newer_calls_of_a_short_profile(void **state)
{
	struct nk_bpf bpf = filter_with(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13,\"syscalls\":["
		"{\"names\":[\"read\",\"no_such_call_yet\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		0);

	(void)state;
	assert_int_equal(ask(&bpf, 1, 0), NO(EACCES));
	assert_int_equal(ask(&bpf, 450, 0), NO(EACCES));
	assert_int_equal(ask(&bpf, 462, 0), NO(ENOSYS));
	bpf = filter_with("{\"defaultAction\":\"SCMP_ACT_KILL\"}", 0);
	assert_int_equal(ask(&bpf, 999, 0), SECCOMP_RET_KILL_THREAD);
}

/* Podman 2026-123876 for files: a rule on socket()'s family does not open socketcall(). */
static void attack_socketcall_beside_a_profile(void **state)
{
#define SOCKET_RULE                                                                     \
	"{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0," \
	"\"value\":38,\"op\":\"SCMP_CMP_NE\"}]}"
	struct nk_bpf bpf =
		filter_with("{\"defaultAction\":\"SCMP_ACT_ERRNO\","
			    "\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":[" SOCKET_RULE
			    ",{\"names\":[\"connect\"],"
			    "\"action\":\"SCMP_ACT_ALLOW\"}]}",
			    0);

	(void)state;
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 359, AF_INET, 0, 0), ALLOW);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 359, AF_ALG, 0, 0), NO(EPERM));
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 102, 1, 0, 0), NO(EPERM));
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 102, 3, 0, 0), ALLOW);

	/* without the guard libseccomp opens it: the line above can fail */
	struct nk_rules rules;
	struct nk_err e;
	assert_int_equal(parse("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":["
			       "\"SCMP_ARCH_X86\"],\"syscalls\":[" SOCKET_RULE "]}",
			       0, &rules, &e),
			 0);
	rules.mux_guards = false;
	assert_int_equal(nk_rules_compile(&arena, &rules, &bpf, &e), 0);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 102, 1, 0, 0), ALLOW);

	/* who names socketcall gets it */
	bpf = filter_with("{\"defaultAction\":\"SCMP_ACT_ERRNO\","
			  "\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":[" SOCKET_RULE
			  ",{\"names\":[\"socketcall\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
			  0);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 102, 1, 0, 0), ALLOW);
}

#define RULE(more) \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"]," more "}]}"
#define ARG(more) RULE("\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{" more "}]")

static void bad_documents(void **state)
{
	(void)state;
	refused("", "the JSON ends too early");
	refused("{", "the JSON ends too early");
	refused("{,}", "not JSON at byte 1: quoted object property name expected");
	refused("[]", "profile: object expected, found array");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\"} x",
		"not JSON at byte 35: unexpected character");
	refused("{}", "defaultAction: missing");
	refused("{\"defaultAction\":7}", "defaultAction: string expected, found int");
	refused("{\"defaultAction\":\"ALLOW\"}", "defaultAction: unknown action \"ALLOW\"");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"sycalls\":[]}", "sycalls: unknown key");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}",
		"defaultErrnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE have one");
	refused("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
		"defaultAction: SCMP_ACT_NOTIFY needs an agent and is not supported yet");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"listenerPath\":\"/x\"}",
		"listenerPath: needs an agent and is not supported yet");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_VAX\"]}",
		"architectures[0]: unknown architecture \"SCMP_ARCH_VAX\"");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		"\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\"}]}",
		"architectures: given together with archMap");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"NO\"]}",
		"flags[0]: unknown flag \"NO\"");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\\u0000b\"]}]}",
		"syscalls[0].names[0]: a zero byte in the string");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"open at\"]}]}",
		"syscalls[0].names[0]: \"open at\" is no name of a system call");
	/* nothing of a foreign file gets to the terminal as it is */
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"\\u001b[2J\\n\":1}", "?[2J?: unknown key");
}

static void bad_rules(void **state)
{
	(void)state;
	refused(RULE("\"comment\":\"\""), "syscalls[0].action: missing");
	refused(RULE("\"action\":\"SCMP_ACT_ALLOW\",\"arg\":[]"), "syscalls[0].arg: unknown key");
	refused(RULE("\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096"),
		"syscalls[0].errnoRet: 4096 is not a number from 0 to 4095");
	refused(RULE("\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":-1"),
		"syscalls[0].errnoRet: -1 is not a number from 0 to 4095");
	refused(RULE("\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EBOGUS\""),
		"syscalls[0].errno: unknown errno \"EBOGUS\"");
	refused(RULE("\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EPERM\",\"errnoRet\":2"),
		"syscalls[0].errno: differs from errnoRet");
	refused(RULE("\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_X\"]}"),
		"syscalls[0].includes.caps[0]: unknown capability \"CAP_X\"");
	refused(RULE("\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"arches\":[\"vax\"]}"),
		"syscalls[0].excludes.arches[0]: unknown architecture \"vax\"");
	refused(RULE("\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"new\"}"),
		"syscalls[0].includes.minKernel: a kernel version such as \"4.8\" expected");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"action\":"
		"\"SCMP_ACT_ALLOW\"}]}",
		"syscalls[0].names: missing");
	refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mount\","
		"\"umuont\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
		"seccomp: there is no system call \"umuont\" to refuse");
}

static void bad_arguments(void **state)
{
	(void)state;
	refused(ARG("\"index\":0,\"value\":1"), "syscalls[0].args[0].op: missing");
	refused(ARG("\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_XX\""),
		"syscalls[0].args[0].op: unknown operator \"SCMP_CMP_XX\"");
	refused(ARG("\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\""),
		"syscalls[0].args[0].index: 6 is not a number from 0 to 5");
	refused(ARG("\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\""),
		"syscalls[0].args[0].value: -1 is not a number from 0 to 18446744073709551615");
	refused(ARG("\"index\":0,\"value\":18446744073709551616,\"op\":\"SCMP_CMP_EQ\""),
		"the number at byte 117 has more than 64 bits");
	refused(ARG("\"index\":0,\"value\":1.5,\"op\":\"SCMP_CMP_EQ\""),
		"syscalls[0].args[0].value: int expected, found double");
	refused(ARG("\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_NE\"},"
		    "{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_NE\""),
		"syscalls[0].args[1].index: argument 1 is compared twice");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"mseal\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,"
		"\"op\":\"SCMP_CMP_EQ\"}]}]}",
		"seccomp: mseal is too new for rules on its arguments");
}

static void depth_and_size_are_limited(void **state)
{
	struct nk_profile_host host = {.arch = SCMP_ARCH_X86_64};
	struct nk_rules rules;
	struct nk_err e;
	char deep[64];

	(void)state;
	memset(deep, '[', sizeof(deep));
	assert_true(nk_profile_parse(&arena, deep, sizeof(deep), &host, &rules, &e) < 0);
	assert_string_equal(e.msg, "not JSON at byte 12: nesting too deep");

	_free_ char *big = malloc(NK_PROFILE_MAX_BYTES + 1);
	assert_non_null(big);
	memset(big, ' ', NK_PROFILE_MAX_BYTES + 1);
	assert_true(nk_profile_parse(&arena, big, NK_PROFILE_MAX_BYTES + 1, &host, &rules, &e) < 0);
	assert_string_equal(e.msg, "larger than 1 MiB");
}

/* ---- the cache ---- */

static void write_text(const char *path, const char *text)
{
	_fclose_ FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

static struct nk_bpf from_file(const char *path, uint64_t caps, const char *cache)
{
	struct nk_spec spec = {
		.seccomp = NK_SECCOMP_FILE, .seccomp_file = path, .caps = {.bounding = caps}};
	struct nk_bpf bpf;
	struct nk_err e;

	if (nk_seccomp_filter(&arena, &spec, cache, &bpf, &e) < 0)
		fail_msg("%s", e.msg);
	return bpf;
}

/* The only file in the cache; their number is the answer. */
static int cached_file(const char *cache, char path[512])
{
	_closedir_ DIR *d = opendir(cache);
	int n = 0;

	for (struct dirent *de; d && (de = readdir(d));)
		if (strncmp(de->d_name, "seccomp-", 8) == 0) {
			snprintf(path, 512, "%s/%s", cache, de->d_name);
			n++;
		} else {
			assert_true(strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0);
		}
	return n;
}

static void poke(const char *path, off_t at, char xor)
{
	_close_ int fd = open(path, O_RDWR);
	char c;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c = (char)(c ^ xor);
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
}

static void damage(const char *path, int how)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	switch (how) {
	case 0: /* the last instruction */
		poke(path, st.st_size - 1, 1);
		break;
	case 1: /* the magic */
		poke(path, 0, 1);
		break;
	case 2: /* the number of instructions */
		poke(path, 9, 1);
		break;
	case 3: /* the flags of seccomp(2) */
		poke(path, 12, 2);
		break;
	case 4: /* cut off */
		assert_int_equal(truncate(path, st.st_size - 8), 0);
		break;
	case 5:
		assert_int_equal(truncate(path, 0), 0);
		break;
	case 6: /* somebody else may write */
		poke(path, st.st_size - 1, 1);
		assert_int_equal(chmod(path, 0666), 0);
		break;
	case 7: /* a link to somewhere */
		assert_int_equal(unlink(path), 0);
		assert_int_equal(symlink("/etc/passwd", path), 0);
		break;
	case 8: /* opening this would hang */
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkfifo(path, 0600), 0);
		break;
	default: /* another user's; only root can make one */
		poke(path, st.st_size - 1, 1);
		if (geteuid() == 0)
			assert_int_equal(chown(path, 12345, 0), 0);
	}
}

static void damaged_cache_is_compiled_again(void **state)
{
	char profile[64], cache[64], path[512];

	(void)state;
	snprintf(profile, sizeof(profile), "%s/p.json", dir);
	snprintf(cache, sizeof(cache), "%s/made/by/us", dir);
	write_text(profile, RULE("\"action\":\"SCMP_ACT_ALLOW\""));

	struct nk_bpf good = from_file(profile, 0, cache);
	assert_int_equal(cached_file(cache, path), 1);
	struct stat st;
	assert_int_equal(stat(cache, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	for (int how = 0; how < 10; how++) {
		damage(path, how);
		struct nk_bpf again = from_file(profile, 0, cache);
		assert_int_equal(again.n, good.n);
		assert_int_equal(again.flags, good.flags);
		assert_memory_equal(again.insns, good.insns, good.n * sizeof(*good.insns));
		/* and the file is whole, ours and private again */
		assert_int_equal(cached_file(cache, path), 1);
		assert_int_equal(lstat(path, &st), 0);
		assert_true(S_ISREG(st.st_mode));
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(st.st_uid, geteuid());
	}
}

/* That the cache is really read: one whose sum is right and whose content is not ours. */
static void sound_cache_is_used(void **state)
{
	char profile[64], cache[64], path[512];

	(void)state;
	snprintf(profile, sizeof(profile), "%s/q.json", dir);
	snprintf(cache, sizeof(cache), "%s/cache-q", dir);
	write_text(profile, RULE("\"action\":\"SCMP_ACT_ALLOW\""));
	from_file(profile, 0, cache);
	assert_int_equal(cached_file(cache, path), 1);
	struct stat before, after;
	assert_int_equal(stat(path, &before), 0);
	struct nk_bpf bpf = from_file(profile, 0, cache);
	assert_int_equal(ask(&bpf, 0, 0), ALLOW);
	assert_int_equal(stat(path, &after), 0);
	/* a rewrite would be a new inode */
	assert_int_equal(before.st_ino, after.st_ino);

	/* other content, other capabilities: other keys */
	from_file(profile, BIT(CAP_SYS_TIME), cache);
	assert_int_equal(cached_file(cache, path), 2);
	write_text(profile, RULE("\"action\":\"SCMP_ACT_LOG\""));
	from_file(profile, 0, cache);
	assert_int_equal(cached_file(cache, path), 3);
}

static void built_in_key_is_what_matters(void **state)
{
	char cache[64], path[512];
	struct nk_spec spec = {.caps = {.bounding = BIT(CAP_SYS_TIME)}};
	struct nk_bpf bpf;
	struct nk_err e;

	(void)state;
	snprintf(cache, sizeof(cache), "%s/cache-b", dir);
	assert_int_equal(nk_seccomp_filter(&arena, &spec, cache, &bpf, &e), 0);
	assert_int_equal(cached_file(cache, path), 1);
	/* CAP_KILL is asked for by no rule: the same filter */
	spec.caps.bounding |= BIT(CAP_KILL);
	assert_int_equal(nk_seccomp_filter(&arena, &spec, cache, &bpf, &e), 0);
	assert_int_equal(cached_file(cache, path), 1);
	/* the default set was compiled with nook: no file */
	spec.caps.bounding = NK_CAPS_DEFAULT;
	assert_int_equal(nk_seccomp_filter(&arena, &spec, cache, &bpf, &e), 0);
	assert_int_equal(cached_file(cache, path), 1);
	/* a directory that others can write is not used */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(chmod(cache, 0777), 0);
	spec.caps.bounding = BIT(CAP_SYS_TIME);
	assert_int_equal(nk_seccomp_filter(&arena, &spec, cache, &bpf, &e), 0);
	assert_int_equal(cached_file(cache, path), 0);
}

static void bad_files(void **state)
{
	struct nk_spec spec = {.seccomp = NK_SECCOMP_FILE, .seccomp_file = "/no/such.json"};
	char profile[64];
	struct nk_bpf bpf;
	struct nk_err e;

	(void)state;
	assert_true(nk_seccomp_filter(&arena, &spec, NULL, &bpf, &e) < 0);
	assert_string_equal(e.msg, "seccomp profile /no/such.json: No such file or directory");
	spec.seccomp_file = "/";
	assert_true(nk_seccomp_filter(&arena, &spec, NULL, &bpf, &e) < 0);
	assert_string_equal(e.msg, "seccomp profile /: not a regular file");
	snprintf(profile, sizeof(profile), "%s/bad.json", dir);
	write_text(profile, ARG("\"index\":0,\"value\":1,\"op\":\"EQ\""));
	spec.seccomp_file = profile;
	assert_true(nk_seccomp_filter(&arena, &spec, NULL, &bpf, &e) < 0);
	assert_non_null(strstr(e.msg, "bad.json: syscalls[0].args[0].op: unknown operator \"EQ\""));
	assert_int_equal(truncate(profile, NK_PROFILE_MAX_BYTES + 1), 0);
	assert_true(nk_seccomp_filter(&arena, &spec, NULL, &bpf, &e) < 0);
	assert_non_null(strstr(e.msg, "larger than 1 MiB"));
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int clean_up(void **state)
{
	char command[64];

	(void)state;
	nk_arena_done(&arena);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions),
		cmocka_unit_test(comparisons),
		cmocka_unit_test(conditions),
		cmocka_unit_test(architectures),
		cmocka_unit_test(newer_calls_of_a_short_profile),
		cmocka_unit_test(attack_socketcall_beside_a_profile),
		cmocka_unit_test(bad_documents),
		cmocka_unit_test(bad_rules),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(depth_and_size_are_limited),
		cmocka_unit_test(damaged_cache_is_compiled_again),
		cmocka_unit_test(sound_cache_is_used),
		cmocka_unit_test(built_in_key_is_what_matters),
		cmocka_unit_test(bad_files),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
