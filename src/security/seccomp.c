/* SPDX-License-Identifier: Apache-2.0 */
#include "security/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "security/cache.h"
#include "security/profile.h"
#include "security/profile_json.h"

enum {
	SCHEME = 2, /* raise it when tree.c makes other code of the same rules */
};

static void key_begin(struct nk_sha256 *h, const char *kind, uint64_t caps)
{
	const struct scmp_version *v = seccomp_version();
	uint32_t arch = nk_arch_native();
	int scheme = SCHEME;

	nk_sha256_init(h);
	nk_sha256_add_string(h, kind);
	nk_sha256_add(h, &scheme, sizeof(scheme));
	nk_sha256_add(h, v, sizeof(*v));
	nk_sha256_add(h, &arch, sizeof(arch));
	nk_sha256_add(h, &caps, sizeof(caps));
}

static int compile(struct nk_arena *a, const struct nk_rules *rules, const char *cache_dir,
		   const uint8_t key[NK_SHA256_SIZE], struct nk_bpf *out, struct nk_err *e)
{
	int r = nk_rules_compile(a, rules, out, e);

	if (r >= 0 && cache_dir)
		nk_filter_cache_store(cache_dir, key, out);
	return r;
}

static int builtin(struct nk_arena *a, uint64_t caps, const char *cache_dir, struct nk_bpf *out,
		   struct nk_err *e)
{
	/* Capabilities that no rule asks for give the same filter: one key for all. */
	uint64_t conditions = nk_profile_conditions(caps);
	uint8_t key[NK_SHA256_SIZE];
	struct nk_sha256 h;
	struct nk_rules rules;

	for (size_t i = 0; i < nk_builtin_filter_count; i++)
		if (nk_builtin_filters[i].conditions == conditions) {
			out->insns = nk_builtin_filters[i].insns;
			out->n = nk_builtin_filters[i].n;
			return 0;
		}
	key_begin(&h, "built-in", conditions);
	nk_profile_digest(&h);
	nk_sha256_done(&h, key);
	if (cache_dir && nk_filter_cache_load(a, cache_dir, key, out))
		return 0;
	int r = nk_profile_rules(a, conditions, nk_arch_native(), &rules, e);
	return r < 0 ? r : compile(a, &rules, cache_dir, key, out, e);
}

static int read_profile(struct nk_arena *a, const char *path, char **text, size_t *n,
			struct nk_err *e)
{
	/* O_NONBLOCK: opening a FIFO must not hang; read(2) below is never reached then. */
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return nk_fail(e, errno, "seccomp profile %s", path);
	if (!S_ISREG(st.st_mode))
		return nk_fail(e, 0, "seccomp profile %s: not a regular file", path);
	if (st.st_size > NK_PROFILE_MAX_BYTES)
		return nk_fail(e, 0, "seccomp profile %s: larger than 1 MiB", path);
	*n = 0;
	*text = nk_alloc(a, (size_t)st.st_size + 1);
	while (*text && *n < (size_t)st.st_size) {
		ssize_t got = read(fd, *text + *n, (size_t)st.st_size - *n);
		if (got < 0)
			return nk_fail(e, errno, "read seccomp profile %s", path);
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return nk_arena_ok(a, e);
}

static int from_file(struct nk_arena *a, const struct nk_spec *spec, const char *cache_dir,
		     struct nk_bpf *out, struct nk_err *e)
{
	struct nk_profile_host host = {.caps = spec->caps.bounding, .arch = nk_arch_native()};
	uint8_t key[NK_SHA256_SIZE];
	struct nk_sha256 h;
	struct nk_rules rules;
	struct utsname uts;
	char *text = NULL;
	size_t n = 0;

	int r = read_profile(a, spec->seccomp_file, &text, &n, e);
	if (r < 0)
		return nk_hint(e, "--security-opt seccomp=FILE takes a profile as Docker's: JSON; "
				  "seccomp=unconfined is none at all");
	if (uname(&uts) < 0 ||
	    sscanf(uts.release, "%u.%u", &host.kernel_major, &host.kernel_minor) != 2)
		return nk_fail(e, 0, "cannot tell the kernel's version for minKernel");
	key_begin(&h, "file", host.caps);
	nk_sha256_add(&h, &host.kernel_major, sizeof(host.kernel_major));
	nk_sha256_add(&h, &host.kernel_minor, sizeof(host.kernel_minor));
	nk_sha256_add(&h, text, n);
	nk_sha256_done(&h, key);
	if (cache_dir && nk_filter_cache_load(a, cache_dir, key, out))
		return 0;
	r = nk_profile_parse(a, text, n, &host, &rules, e);
	if (r >= 0)
		r = compile(a, &rules, cache_dir, key, out, e);
	return r < 0 ? nk_ctx(e, "seccomp profile %s", spec->seccomp_file) : 0;
}

int nk_seccomp_filter(struct nk_arena *a, const struct nk_spec *spec, const char *cache_dir,
		      struct nk_bpf *out, struct nk_err *e)
{
	*out = (struct nk_bpf){0};
	/* As with Docker: --privileged has no filter, unless a profile is named. */
	if (spec->seccomp == NK_SECCOMP_FILE)
		return from_file(a, spec, cache_dir, out, e);
	if (spec->seccomp == NK_SECCOMP_UNCONFINED || spec->privileged)
		return 0;
	return builtin(a, spec->caps.bounding, cache_dir, out, e);
}
