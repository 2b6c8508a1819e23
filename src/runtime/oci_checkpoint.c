/* SPDX-License-Identifier: Apache-2.0 */
/* A running container to files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/oci_criu.h"

/* What standard input, output and error were: pipes are the caller's, and given again by the
 * caller of `restore`. */
static int write_descriptors(struct nk_arena *a, const struct nk_oci_criu_call *c, pid_t pid,
			     struct nk_err *e)
{
	_json_ struct nk_json_out j = {0};
	_close_ int fd = openat(c->images, "descriptors.json",
				O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	nk_json_open(&j, NULL, '[');
	for (int i = 0; i < 3; i++) {
		char name[4096];
		ssize_t n =
			readlink(nk_fmt(a, "/proc/%d/fd/%d", (int)pid, i), name, sizeof(name) - 1);

		name[n < 0 ? 0 : n] = '\0';
		nk_json_str(&j, NULL, name);
	}
	nk_json_close(&j);
	if (fd < 0 || j.failed || write(fd, j.buf, j.n) != (ssize_t)j.n)
		return nk_fail(e, errno, "write descriptors.json of the checkpoint");
	return 0;
}

/* Masked files are covered with the null device; a restored container has the host's there. */
static void add_masks(struct nk_oci_criu_call *c, const struct nk_config *config, pid_t pid)
{
	struct nk_arena *a = c->criu.options.a;

	for (size_t i = 0; i < config->spec.masked_paths.n; i++) {
		const char *path = config->spec.masked_paths.v[i];
		struct nk_pb map = {.a = a};

		if (access(nk_fmt(a, "/proc/%d/root%s/.", (int)pid, path), F_OK) == 0 ||
		    errno != ENOTDIR)
			continue;
		nk_pb_text(&map, 1, path);
		nk_pb_text(&map, 2, "/dev/null");
		nk_pb_message(&c->criu.options, 23, &map);
	}
}

static int dump(struct nk_arena *a, const struct nk_oci_record *r, const struct nk_config *config,
		const struct nk_oci_criu *o, struct nk_err *e)
{
	_criu_call_ struct nk_oci_criu_call c;
	pid_t pid;
	int ret = nk_oci_criu_begin(&c, a, o, o->pre_dump ? NK_CRIU_PRE_DUMP : NK_CRIU_DUMP, e);

	if (ret < 0)
		return ret;
	struct nk_pb *m = &c.criu.options;
	nk_pb_number(m, NK_CRIU_PID, r->pid);
	nk_pb_text(m, NK_CRIU_ROOT, r->rootfs);
	nk_pb_number(m, NK_CRIU_LEAVE_RUNNING, o->leave_running);
	if (o->parent_path)
		nk_pb_text(m, NK_CRIU_PARENT_IMG, o->parent_path);
	if (o->parent_path || o->pre_dump)
		nk_pb_number(m, NK_CRIU_TRACK_MEM, 1);
	if (!o->pre_dump) {
		nk_oci_criu_mounts(&c, config, false);
		add_masks(&c, config, r->pid);
		ret = write_descriptors(a, &c, r->pid, e);
	}
	if (ret == 0)
		ret = nk_oci_criu_namespaces(&c, config, false, e);
	return ret < 0 ? ret : nk_criu_call(&c.criu, &pid, e);
}

static int check(const struct nk_oci_criu *o, enum nk_oci_status status, struct nk_err *e)
{
	if (status != NK_OCI_RUNNING && status != NK_OCI_PAUSED)
		return nk_fail(e, 0, "container cannot be checkpointed in %s state",
			       nk_oci_status_name(status));
	if (o->parent_path && o->parent_path[0] == '/')
		return nk_fail(e, 0, "--parent-path must be relative to --image-path");
	return 0;
}

int nk_oci_checkpoint(struct nk_arena *a, const char *root, const char *id,
		      const struct nk_oci_criu *o, struct nk_err *e)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;
	enum nk_oci_status status;
	struct nk_oci_record r;
	struct nk_config config = {0};
	int ret = nk_oci_find(&d, a, root, id, &r, &status, e);

	if (ret == 0)
		ret = check(o, status, e);
	if (ret == 0)
		ret = nk_oci_lock(&d, NK_OCI_LOCK_MS, e);
	if (ret == 0)
		ret = nk_oci_saved_config(&d, a, &r, &config, e);
	if (ret == 0)
		ret = dump(a, &r, &config, o, e);
	if (ret < 0 || o->leave_running || o->pre_dump)
		return ret;
	return nk_oci_destroy(&d, &r, &config, e);
}
