/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_criu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A directory that criu inherits by its number. */
static int directory(const char *path, int *fd, struct nk_err *e)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return nk_fail(e, errno, "make %s", path);
	*fd = open(path, O_RDONLY | O_DIRECTORY); /* without O_CLOEXEC */
	return *fd < 0 ? nk_fail(e, errno, "open %s", path) : 0;
}

static void flag(struct nk_oci_criu_call *c, enum nk_criu_option o, bool set)
{
	if (set)
		nk_pb_number(&c->criu.options, o, 1);
}

static void text(struct nk_oci_criu_call *c, enum nk_criu_option o, const char *s)
{
	if (s && *s)
		nk_pb_text(&c->criu.options, o, s);
}

/* ADDRESS:PORT */
static int page_server(struct nk_oci_criu_call *c, const char *s, struct nk_err *e)
{
	struct nk_pb m = {.a = c->criu.options.a};
	const char *colon = s ? strrchr(s, ':') : NULL;
	char *end;

	if (!s)
		return 0;
	long port = colon ? strtol(colon + 1, &end, 10) : 0;
	if (!colon || colon == s || port < 1 || port > 65535 || *end)
		return nk_fail(e, 0, "--page-server %s: use ADDRESS:PORT", s);
	nk_pb_text(&m, 1, nk_strndup(m.a, s, (size_t)(colon - s)));
	nk_pb_number(&m, 2, port);
	nk_pb_message(&c->criu.options, NK_CRIU_PAGE_SERVER, &m);
	return 0;
}

static void same(struct nk_oci_criu_call *c, const struct nk_oci_criu *o)
{
	struct nk_pb *m = &c->criu.options;

	nk_pb_number(m, NK_CRIU_IMAGES_DIR_FD, c->images);
	if (c->work >= 0)
		nk_pb_number(m, NK_CRIU_WORK_DIR_FD, c->work);
	nk_pb_number(m, NK_CRIU_LOG_LEVEL, 4);
	flag(c, NK_CRIU_EVASIVE_DEVICES, true);
	flag(c, NK_CRIU_TCP_ESTABLISHED, o->tcp_established);
	flag(c, NK_CRIU_TCP_SKIP_IN_FLIGHT, o->tcp_skip_in_flight);
	flag(c, NK_CRIU_TCP_CLOSE, o->tcp_close);
	flag(c, NK_CRIU_EXT_UNIX_SK, o->ext_unix_sk);
	flag(c, NK_CRIU_SHELL_JOB, o->shell_job);
	flag(c, NK_CRIU_FILE_LOCKS, o->file_locks);
	flag(c, NK_CRIU_LINK_REMAP, o->link_remap);
	flag(c, NK_CRIU_AUTO_DEDUP, o->auto_dedup);
	flag(c, NK_CRIU_ORPHAN_PTS_MASTER, true);
	flag(c, NK_CRIU_MANAGE_CGROUPS, true);
	if (o->cgroups >= 0)
		nk_pb_number(m, NK_CRIU_MANAGE_CGROUPS_MODE, o->cgroups);
	if (o->empty_network)
		nk_pb_number(m, NK_CRIU_EMPTY_NS, CLONE_NEWNET);
	text(c, NK_CRIU_LSM_PROFILE, o->lsm_profile);
	text(c, NK_CRIU_LSM_MOUNT_CONTEXT, o->lsm_mount_context);
}

int nk_oci_criu_begin(struct nk_oci_criu_call *c, struct nk_arena *a, const struct nk_oci_criu *o,
		      enum nk_criu_type type, struct nk_err *e)
{
	const char *log = type == NK_CRIU_RESTORE ? "restore.log" : "dump.log";

	*c = (struct nk_oci_criu_call){.images = -EBADF, .work = -EBADF};
	c->criu = (struct nk_criu){.program = o->program, .type = type};
	c->criu.options.a = a;
	if (type == NK_CRIU_RESTORE && access(o->image_path, F_OK) < 0)
		return nk_fail(e, errno, "the checkpoint %s", o->image_path);
	int ret = directory(o->image_path, &c->images, e);
	if (ret == 0 && o->work_path)
		ret = directory(o->work_path, &c->work, e);
	if (ret < 0)
		return ret;
	c->criu.log = nk_fmt(a, "%s/%s", o->work_path ? o->work_path : o->image_path, log);
	same(c, o);
	text(c, NK_CRIU_LOG_FILE, log);
	return page_server(c, o->page_server, e);
}

void nk_oci_criu_end(struct nk_oci_criu_call *c)
{
	nk_cleanup_close(&c->images);
	nk_cleanup_close(&c->work);
}

void nk_oci_criu_mounts(struct nk_oci_criu_call *c, const struct nk_config *config, bool restore)
{
	struct nk_arena *a = c->criu.options.a;

	for (size_t i = 0; i < config->mounts.n; i++) {
		const struct nk_oci_mount *m = &config->mounts.v[i];

		if (!(m->flags & NK_MNT_BIND))
			continue;
		nk_pb_text(&c->criu.options, NK_CRIU_EXTERNAL,
			   nk_fmt(a, "mnt[%s]:%s", m->destination,
				  restore ? m->source : m->destination));
	}
}

static const struct {
	enum nk_ns_kind kind;
	const char *criu, *name;
} namespaces[] = {
	{NK_NS_NET, "net", "extRootNetNS"},
	{NK_NS_PID, "pid", "extRootPidNS"},
};

int nk_oci_criu_namespaces(struct nk_oci_criu_call *c, const struct nk_config *config, bool restore,
			   struct nk_err *e)
{
	struct nk_arena *a = c->criu.options.a;

	for (size_t i = 0; i < NK_COUNT(namespaces); i++) {
		const char *path = config->spec.ns[namespaces[i].kind].path;
		struct stat st;

		if (config->spec.ns[namespaces[i].kind].mode != NK_NS_JOIN || !path)
			continue;
		if (!restore) {
			if (stat(path, &st) < 0)
				return nk_fail(e, errno, "look at the namespace %s", path);
			nk_pb_text(&c->criu.options, NK_CRIU_EXTERNAL,
				   nk_fmt(a, "%s[%llu]:%s", namespaces[i].criu,
					  (unsigned long long)st.st_ino, namespaces[i].name));
			continue;
		}
		int fd = open(path, O_RDONLY); /* criu inherits it; it goes with this process */
		struct nk_pb inherit = {.a = a};
		if (fd < 0)
			return nk_fail(e, errno, "open the namespace %s", path);
		nk_pb_text(&inherit, 1, namespaces[i].name);
		nk_pb_number(&inherit, 2, fd);
		nk_pb_message(&c->criu.options, NK_CRIU_INHERIT_FD, &inherit);
	}
	return 0;
}
