/* SPDX-License-Identifier: Apache-2.0 */
/* Input: "USER\nGROUPS\n" and then passwd and group, with a line "--" between them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/passwd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *line(struct nk_arena *a, const char **text, size_t *n)
{
	const char *nl = memchr(*text, '\n', *n);
	size_t len = nl ? (size_t)(nl - *text) : *n;
	char *copy = nk_strndup(a, *text, len);

	*text += len + (nl != NULL);
	*n -= len + (nl != NULL);
	return copy;
}

/* What has to hold whatever the files say. */
static void check(const struct nk_user *u, const struct nk_err *e, int r)
{
	if (r < 0) {
		if (!e->msg[0])
			abort();
		return;
	}
	if (u->uid == UINT32_MAX || u->gid == UINT32_MAX || !u->home || u->home[0] != '/')
		abort();
	if (strpbrk(u->home, ":\n\r\033") || (u->name && strpbrk(u->name, ":\n\r\033")))
		abort();
	for (size_t i = 0; i < u->groups.n; i++)
		if (u->groups.v[i] == u->gid || (i && u->groups.v[i - 1] >= u->groups.v[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct nk_arena a = {0};
	const char *text = (const char *)data;
	struct nk_strv more = {0};
	struct nk_user u;
	struct nk_err e = {0};
	size_t n = size;

	const char *user = line(&a, &text, &n), *group = line(&a, &text, &n);
	if (group[0])
		nk_strv_push(&a, &more, group);
	const char *cut = n ? memmem(text, n, "--\n", 3) : NULL;
	struct nk_text passwd = {text, cut ? (size_t)(cut - text) : n};
	struct nk_text groups = {0};
	if (cut)
		groups = (struct nk_text){cut + 3, n - passwd.n - 3};
	check(&u, &e, nk_user_resolve(&u, &a, passwd, groups, user, &more, &e));
	return 0;
}
