/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is now, and how the specification writes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "runtime/oci.h"
#include "state/record.h"

/* FREEZING, too: what the kernel has not reached yet does not go on for long. */
bool nk_oci_frozen(const struct nk_oci_record *r)
{
	for (size_t i = 0; i < r->freezers.n; i++) {
		_close_ int fd = open(r->freezers.v[i], O_RDONLY | O_CLOEXEC);
		char text[4];

		if (fd >= 0 && read(fd, text, sizeof(text)) > 0 &&
		    (text[0] == 'F' || text[0] == '1'))
			return true;
	}
	return false;
}

int nk_oci_find(struct nk_oci_dir *d, struct nk_arena *a, const char *root, const char *id,
		struct nk_oci_record *r, enum nk_oci_status *status, struct nk_err *e)
{
	int ret = d->fd >= 0 ? 0 : nk_oci_open(d, root, id, e);

	if (ret == 0)
		ret = nk_oci_look(d, a, r, status, e);
	/* One that is not started yet could not hear that it is. */
	if (ret == 0 && (*status == NK_OCI_RUNNING || *status == NK_OCI_CREATED) &&
	    nk_oci_frozen(r))
		*status = NK_OCI_PAUSED;
	return ret;
}

const char *nk_oci_owner(const struct nk_oci_record *r, char *buf, size_t size)
{
	_free_ char *passwd = nk_text_read("/etc/passwd", (size_t)1 << 20);
	char number[16];

	snprintf(number, sizeof(number), ":%u:", r->owner);
	for (char *line = passwd; line && *line; line += strcspn(line, "\n"), line += *line != 0) {
		size_t name = strcspn(line, ":\n"), word;
		if (line[name] != ':')
			continue;
		word = strcspn(line + name + 1, ":\n");
		if (line[name + 1 + word] == ':' &&
		    !strncmp(line + name + 1 + word, number, strlen(number))) {
			snprintf(buf, size, "%.*s", (int)name, line);
			return buf;
		}
	}
	snprintf(buf, size, "#%u", r->owner);
	return buf;
}

void nk_oci_state_json(struct nk_json_out *j, const struct nk_oci_record *r,
		       enum nk_oci_status status, bool full)
{
	char when[96], owner[64];

	nk_json_open(j, NULL, '{');
	nk_json_str(j, "ociVersion", r->version);
	nk_json_str(j, "id", r->id);
	if (full || status != NK_OCI_STOPPED)
		nk_json_int(j, "pid", status == NK_OCI_STOPPED ? 0 : r->pid);
	nk_json_str(j, "status", nk_oci_status_name(status));
	nk_json_str(j, "bundle", r->bundle);
	if (full) {
		nk_json_str(j, "rootfs", r->rootfs);
		nk_json_str(j, "created", nk_time_text(when, &r->created));
	}
	if (r->annotations.n) {
		nk_json_open(j, "annotations", '{');
		for (size_t i = 0; i < r->annotations.n; i++)
			nk_json_str(j, r->annotations.v[i].key, r->annotations.v[i].value);
		nk_json_close(j);
	}
	if (full)
		nk_json_str(j, "owner", nk_oci_owner(r, owner, sizeof(owner)));
	nk_json_close(j);
}
