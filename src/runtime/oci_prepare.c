/* SPDX-License-Identifier: Apache-2.0 */
/* From a bundle to a plan: everything that is only looked at. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/oci.h"
#include "runtime/oci_net_devices.h"
#include "runtime/prepare.h"
#include "security/oci_seccomp.h"

enum { CONFIG_MAX = 32 << 20, FD_BASE = 100, FD_EACH = 5 };

static int read_text(struct nk_oci_create *c, struct nk_err *e)
{
	const char *file = c->request->config_file ? c->request->config_file : "config.json";
	const char *path = *file == '/' ? file : nk_fmt(c->a, "%s/%s", c->request->bundle, file);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && errno == ENOENT) /* runc's words */
		return nk_fail(e, 0, "JSON specification file %.200s not found", file);
	if (fd < 0 || fstat(fd, &st) < 0)
		return nk_fail(e, errno, "JSON specification file %s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > CONFIG_MAX)
		return nk_fail(e, EFBIG, "JSON specification file %s", path);
	c->text = nk_alloc(c->a, (size_t)st.st_size + 1);
	while (c->text && c->text_len < (size_t)st.st_size) {
		ssize_t n = read(fd, c->text + c->text_len, (size_t)st.st_size - c->text_len);
		if (n < 0 && errno != EINTR)
			return nk_fail(e, errno, "read %s", path);
		if (n == 0)
			break;
		c->text_len += n > 0 ? (size_t)n : 0;
	}
	return nk_arena_ok(c->a, e);
}

/* As its protocol has it: what it left in the environment of others is not meant for this one. */
static bool meant_for_us(const char *pid)
{
	return !pid || !*pid || strtol(pid, NULL, 10) == getpid();
}

/* Sockets that systemd hands on come before those of --preserve-fds; they are the command's. */
static int sockets_of_systemd(struct nk_oci_create *c, struct nk_err *e)
{
	const char *word = getenv("LISTEN_FDS");
	struct nk_spec *s = &c->config.spec;

	s->preserve_fds = c->request->preserve_fds;
	if (word && *word && meant_for_us(getenv("LISTEN_PID"))) {
		char *end;
		unsigned long n = strtoul(word, &end, 10);
		if (*end || n > 1024)
			return nk_fail(e, 0, "LISTEN_FDS=%.20s is not a number", word);
		s->preserve_fds += (unsigned)n;
		nk_strv_push(c->a, &s->env, nk_fmt(c->a, "LISTEN_FDS=%lu", n));
		nk_strv_push(c->a, &s->env, "LISTEN_PID=1");
	}
	for (unsigned i = 0; i < s->preserve_fds; i++)
		if (fcntl((int)i + 3, F_GETFD) < 0)
			return nk_fail(e, 0, "please check that preserved-fd %u (of %u) is present",
				       i, s->preserve_fds);
	return 0;
}

/* A master without a place to go to, or a place without a master, is a caller's mistake. */
static int check_terminal(const struct nk_oci_request *r, bool terminal, struct nk_err *e)
{
	bool socket = r->console_socket && *r->console_socket;

	if (r->detach && terminal && !socket)
		return nk_fail(e, 0,
			       "cannot allocate tty if runc will detach without setting "
			       "console socket");
	if (socket && (!terminal || !r->detach))
		return nk_fail(e, 0,
			       "cannot use console socket if runc will not detach or "
			       "allocate tty");
	return 0;
}

static int check_rootfs(const struct nk_spec *s, struct nk_err *e)
{
	struct stat st;

	return s->rootfs && stat(s->rootfs, &st) < 0
		       ? nk_fail(e, errno, "invalid rootfs: stat %.200s", s->rootfs)
		       : 0;
}

static void source_facts(struct nk_arena *a, struct nk_config *c)
{
	char link[4096];

	for (size_t i = 0; i < c->mounts.n; i++) {
		struct nk_oci_mount *m = &c->mounts.v[i];
		struct stat st;

		if (!(m->flags & NK_MNT_BIND) || !m->source)
			continue;
		m->source_is_link = !lstat(m->source, &st) && S_ISLNK(st.st_mode);
		ssize_t n = m->source_is_link ? readlink(m->source, link, sizeof(link)) : -1;
		if (n > 0 && n < (ssize_t)sizeof(link))
			m->source_link = nk_strndup(a, link, (size_t)n);
		m->source_is_dir = !stat(m->source, &st) && S_ISDIR(st.st_mode);
	}
}

/* The plan tolerates that it cannot be lowered: here it is said. */
static void tell_oom_score(struct nk_oci_create *c)
{
	_close_ int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	if (!c->config.process.has_oom_score_adj || (c->facts.caps >> CAP_SYS_RESOURCE & 1) ||
	    fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return;
	if (c->config.process.oom_score_adj < atoi(text))
		nk_log(NK_LOG_WARN,
		       "process.oomScoreAdj: %d is less than ours, %d, and lowering it needs "
		       "CAP_SYS_RESOURCE: it stays",
		       c->config.process.oom_score_adj, atoi(text));
}

static bool has_hooks(const struct nk_config *c)
{
	return c->hooks[NK_HOOK_PRESTART].n || c->hooks[NK_HOOK_CREATE_RUNTIME].n ||
	       c->hooks[NK_HOOK_CREATE_CONTAINER].n;
}

/* Its groups are full, then: that it is there already is what there is to say. */
static bool is_there(const struct nk_oci_request *r)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;
	struct nk_err ignored;

	return nk_oci_open(&d, r->root, r->id, &ignored) == 0 &&
	       faccessat(d.fd, "state.json", F_OK, 0) == 0;
}

static int place(struct nk_oci_create *c, struct nk_err *e)
{
	const struct nk_oci_request *r = c->request;
	int ret = 0;

	if (!c->facts.cgroups.hierarchies.n)
		ret = nk_cgroups_detect(c->a, &c->facts.cgroups, e);
	if (ret == 0)
		ret = nk_cg_place(c->a, &c->facts.cgroups, r->manager, &c->config, r->id,
				  r->rootless, &c->groups, &c->unit, e);
	if (ret < 0 && is_there(r)) {
		nk_fail(e, 0, "container with given ID already exists");
		e->err = EEXIST;
	}
	return ret;
}

/*
 * Each mount is a few descriptors until "/" is entered. Where the soft limit has no room for them
 * it is raised for the way there; the command gets what its caller had, or what is asked for.
 */
static void room_for_mounts(struct nk_oci_create *c)
{
	struct nk_spec *s = &c->config.spec;
	const struct nk_rlimit *had = &c->facts.nofile;
	uint64_t need = FD_BASE + FD_EACH * (c->config.mounts.n + s->masked_paths.n +
					     s->readonly_paths.n + c->config.devices.n);
	const struct rlimit raised = {need < had->hard ? need : had->hard, had->hard};

	if (!had->soft || need <= had->soft || setrlimit(RLIMIT_NOFILE, &raised) < 0)
		return;
	for (size_t i = 0; i < s->rlimits.n; i++)
		if (s->rlimits.v[i].resource == RLIMIT_NOFILE)
			return;

	struct nk_rlimit *r = NK_PUSH(c->a, &s->rlimits);
	if (r)
		*r = (struct nk_rlimit){RLIMIT_NOFILE, had->soft, had->hard};
}

int nk_oci_prepare(struct nk_oci_create *c, struct nk_arena *a, const struct nk_oci_request *r,
		   struct nk_err *e)
{
	int ret;

	*c = (struct nk_oci_create){
		.a = a, .request = r, .dir = NK_OCI_DIR_CLOSED, .start_fd = -1, .waiting_fd = -1};
	if ((ret = nk_oci_check_id(r->id, e)) < 0 || (ret = read_text(c, e)) < 0)
		return ret;
	ret = nk_config_read(a, c->text, c->text_len, r->bundle, &c->config, e);
	if (ret < 0)
		return ret;
	if (c->config.spec.ns[NK_NS_USER].mode == NK_NS_HOST)
		nk_config_limit_caps(a, &c->config, nk_own_caps());
	for (size_t i = 0; i < c->config.warnings.n; i++)
		nk_log(NK_LOG_WARN, "%s", c->config.warnings.v[i]);
	c->config.spec.id = r->id;
	c->config.spec.interactive = true; /* standard input is the caller's */
	if ((ret = check_terminal(r, c->config.spec.terminal, e)) < 0 ||
	    (ret = sockets_of_systemd(c, e)) < 0 || (ret = check_rootfs(&c->config.spec, e)) < 0)
		return ret;
	nk_oci_home(a, &c->config);
	source_facts(a, &c->config);
	if ((ret = nk_oci_net_devices_check(&c->config, e)) < 0 ||
	    (ret = nk_facts_collect(a, &c->config.spec, &c->facts, e)) < 0 ||
	    (ret = place(c, e)) < 0)
		return ret;
	room_for_mounts(c);
	ret = nk_rdt_place(a, &c->config.rdt, r->id, NULL, &c->rdt, e);
	if (ret < 0)
		return ret;
	c->in = (struct nk_oci_input){
		.config = &c->config,
		.facts = &c->facts,
		.groups = &c->groups,
		.unit = c->unit.name ? &c->unit : NULL,
		.waits = r->waits,
		.hooks = has_hooks(&c->config) || c->config.net_devices.n,
		.no_pivot = r->no_pivot,
		.no_new_keyring = r->no_new_keyring,
		.rootless = r->rootless,
	};
	if ((ret = nk_lsm_check(&c->config, &c->lsm, e)) < 0)
		return ret;
	c->in.apparmor = c->lsm.apparmor;
	c->in.selinux = c->lsm.selinux;
	ret = nk_oci_seccomp_filter(a, &c->config, r->cache_dir, &c->in.filter, &c->in.listener, e);
	if (ret < 0)
		return ret;
	tell_oom_score(c);
	nk_plan_init(&c->plan, a);
	return nk_plan_create(&c->plan, &c->in, e);
}
