/* SPDX-License-Identifier: Apache-2.0 */
/* hold.json: versioned, written as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "data/json_in.h"
#include "ns/held.h"
#include "state/process.h"

enum { LARGEST = 16384 };

static void record(struct nk_json_out *j, const struct nk_ns_held *h)
{
	nk_json_open(j, NULL, '{');
	nk_json_uint(j, "version", NK_NS_HELD_VERSION);
	nk_json_str(j, "name", h->name);
	nk_json_open(j, "namespaces", '{');
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (h->kinds >> k & 1)
			nk_json_uint(j, nk_ns_name((enum nk_ns_kind)k), h->inodes[k]);
	nk_json_close(j);
	nk_json_bool(j, "mounts", h->mounts);
	nk_json_uint(j, "mountNamespace", h->place);
	nk_json_int(j, "holder", h->pid);
	nk_json_uint(j, "holderStart", h->start);
	nk_json_str(j, "bootID", h->boot_id);
	nk_json_close(j);
}

int nk_ns_held_write(int dir_fd, const struct nk_ns_held *h, struct nk_err *e)
{
	_json_ struct nk_json_out j = {0};

	record(&j, h);
	if (j.failed || j.depth)
		return nk_fail(e, ENOMEM, "write hold.json");

	_close_ int fd = openat(dir_fd, "hold.json.new",
				O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return nk_fail(e, errno, "write hold.json");
	if (write(fd, j.buf, j.n) != (ssize_t)j.n)
		return nk_fail(e, errno ? errno : ENOSPC, "write hold.json");
	if (renameat(dir_fd, "hold.json.new", dir_fd, "hold.json") < 0)
		return nk_fail(e, errno, "write hold.json");
	return 0;
}

static int fields(struct nk_json_in *in, struct json_object *o, struct nk_ns_held *h)
{
	int64_t version = nk_json_get_int(in, o, "version", 1, INT_MAX, 0);

	if (!in->rc && version != NK_NS_HELD_VERSION) {
		nk_fail(in->e, 0, "it is of version %d, this nook knows version %d", (int)version,
			NK_NS_HELD_VERSION);
		nk_hint(in->e, "another nook has made it: use that one");
		return -ENOTSUP;
	}

	struct json_object *namespaces = nk_json_need(in, o, "namespaces", json_type_object);

	for (int k = 0; k < NK_NS_COUNT && !in->rc; k++) {
		const char *name = nk_ns_name((enum nk_ns_kind)k);

		if (!json_object_object_get_ex(namespaces, name, NULL))
			continue;
		h->inodes[k] = nk_json_get_uint(in, namespaces, name, UINT64_MAX, 0);
		h->kinds |= 1u << k;
	}
	h->name = nk_json_get_str(in, o, "name", "");
	h->mounts = nk_json_get_bool(in, o, "mounts", false);
	h->place = nk_json_get_uint(in, o, "mountNamespace", UINT64_MAX, 0);
	h->pid = (pid_t)nk_json_get_int(in, o, "holder", 0, INT_MAX, 0);
	h->start = nk_json_get_uint(in, o, "holderStart", UINT64_MAX, 0);
	h->boot_id = nk_json_get_str(in, o, "bootID", "");
	if (in->rc)
		return in->rc;
	/* It becomes part of a path below /run/netns. */
	return nk_ns_check_name(h->name, in->e);
}

int nk_ns_held_read(struct nk_arena *a, int dir_fd, struct nk_ns_held *h, struct nk_err *e)
{
	_json_object_ struct json_object *o = NULL;
	struct nk_json_in in = {.a = a, .e = e};
	_close_ int fd =
		openat(dir_fd, "hold.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text = nk_alloc(a, LARGEST);

	*h = (struct nk_ns_held)NK_NS_HELD_INIT;
	if (fd < 0)
		return nk_fail(e, errno, "hold.json");
	if (!text)
		return nk_arena_ok(a, e);

	ssize_t n = read(fd, text, LARGEST);

	if (n < 0 || n == LARGEST)
		return nk_fail(e, n < 0 ? errno : EFBIG, "hold.json");
	if (nk_json_parse(text, (size_t)n, "hold.json", &o, e) < 0)
		return -EINVAL;
	if (!json_object_is_type(o, json_type_object))
		return nk_fail(e, 0, "hold.json is not an object");

	int rc = fields(&in, o, h);

	if (rc < 0) {
		nk_ctx(e, "hold.json");
		return rc;
	}
	return nk_arena_ok(a, e);
}
