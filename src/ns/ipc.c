/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/ipc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/text.h"

/* Which column of /proc/sysvipc/KIND holds what. */
static const struct {
	const char *name;
	int bytes, count, uid, columns;
} layout[] = {
	[NK_IPC_MSG] = {"msg", 3, 4, 7, 14},
	[NK_IPC_SEM] = {"sem", -1, 3, 4, 10},
	[NK_IPC_SHM] = {"shm", 3, 6, 7, 16},
	[NK_IPC_MQUEUE] = {"mqueue"},
};

const char *nk_ipc_kind_name(enum nk_ipc_kind k)
{
	return layout[k].name;
}

static int numbers(const char *line, size_t n, int64_t *v, int max)
{
	char buf[512];
	int count = 0, used = 0;
	int64_t value;

	if (n >= sizeof(buf))
		return -1;
	memcpy(buf, line, n);
	buf[n] = '\0';
	for (const char *at = buf; count < max && sscanf(at, "%" SCNd64 "%n", &value, &used) == 1;
	     at += used)
		v[count++] = value;
	return count;
}

/* The third column is the mode, in octal. */
static unsigned octal(int64_t digits)
{
	unsigned mode = 0;

	for (unsigned shift = 0; digits > 0 && shift < 30; digits /= 10, shift += 3)
		mode |= (unsigned)(digits % 10) << shift;
	return mode & 0777;
}

void nk_ipc_parse_sysv(struct nk_arena *a, enum nk_ipc_kind kind, const char *text,
		       struct nk_ipc_objects *out)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		int64_t v[16];
		if (numbers(line, n, v, 16) < layout[kind].columns)
			continue; /* the title too */
		struct nk_ipc_object *o = NK_PUSH(a, out);
		if (!o)
			return;
		*o = (struct nk_ipc_object){
			.kind = kind,
			.key = (int32_t)v[0],
			.id = (int)v[1],
			.mode = octal(v[2]),
			.uid = (uid_t)v[layout[kind].uid],
			.bytes = layout[kind].bytes < 0 ? 0 : (uint64_t)v[layout[kind].bytes],
			.count = (uint64_t)v[layout[kind].count],
		};
	}
}

void nk_ipc_parse_mqueue(struct nk_arena *a, const char *data, size_t n, struct nk_ipc_objects *out)
{
	for (size_t at = 0; at < n;) {
		const char *record = data + at, *end = memchr(record, '\0', n - at);
		unsigned mode, uid;
		uint64_t bytes;
		int used = 0;

		if (!end)
			return;
		at += (size_t)(end - record) + 1;
		if (sscanf(record, "%o %u %" SCNu64 "%n", &mode, &uid, &bytes, &used) != 3 ||
		    record[used] != ' ')
			continue;
		struct nk_ipc_object *o = NK_PUSH(a, out);
		if (!o)
			return;
		*o = (struct nk_ipc_object){
			.kind = NK_IPC_MQUEUE,
			.mode = mode & 0777,
			.uid = uid,
			.bytes = bytes,
			.name = nk_fmt(a, "/%s", record + used + 1),
		};
	}
}

const char *nk_ipc_name(struct nk_arena *a, const struct nk_ipc_object *o)
{
	if (o->kind == NK_IPC_MQUEUE)
		return o->name;
	return nk_fmt(a, "0x%08x id %d", (unsigned)o->key, o->id);
}

static const char *plural(uint64_t n, const char *s)
{
	return n == 1 ? "" : s;
}

const char *nk_ipc_words(struct nk_arena *a, const struct nk_ipc_object *o)
{
	const char *what = "";

	switch (o->kind) {
	case NK_IPC_MSG:
		what = nk_fmt(a, "%" PRIu64 " message%s, %" PRIu64 " byte%s", o->count,
			      plural(o->count, "s"), o->bytes, plural(o->bytes, "s"));
		break;
	case NK_IPC_SEM:
		what = nk_fmt(a, "%" PRIu64 " semaphore%s", o->count, plural(o->count, "s"));
		break;
	case NK_IPC_SHM:
		what = nk_fmt(a, "%" PRIu64 " bytes, attached %" PRIu64 " time%s", o->bytes,
			      o->count, plural(o->count, "s"));
		break;
	case NK_IPC_MQUEUE:
		what = nk_fmt(a, "%" PRIu64 " byte%s waiting", o->bytes, plural(o->bytes, "s"));
		break;
	}
	return nk_fmt(a, "%s, uid %u, mode %03o", what, o->uid, o->mode);
}
