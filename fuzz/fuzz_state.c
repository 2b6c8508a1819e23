/* SPDX-License-Identifier: Apache-2.0 */
/* Input: state.json, as every command that looks at containers reads it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "state/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An error is one line of printable text: it goes to a terminal. */
static void check_error(const struct nk_err *e)
{
	if (!e->msg[0])
		abort();
	for (const char *c = e->msg; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

/* What cleaning up goes by may not lead anywhere else. */
static void check_record(const struct nk_state_record *r)
{
	if (strlen(r->id) != NK_STATE_ID_LEN || strchr(r->name, '/') || r->name[0] == '.' ||
	    r->pid < 0)
		abort();
	for (size_t i = 0; i < r->cgroups.n; i++)
		if (r->cgroups.v[i][0] != '/' || strstr(r->cgroups.v[i], "/../"))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct nk_arena a = {0};
	_json_ struct nk_json_out once = {0}, twice = {0};
	struct nk_state_record r, again;
	struct nk_err e = {0};

	if (nk_record_parse(&a, (const char *)data, size, &r, &e) < 0) {
		check_error(&e);
		return 0;
	}
	check_record(&r);
	/* What was believed is written and believed again, the same. */
	nk_record_write(&once, &r);
	if (nk_record_parse(&a, once.buf, once.n, &again, &e) < 0)
		abort();
	nk_record_write(&twice, &again);
	if (once.n != twice.n || memcmp(once.buf, twice.buf, once.n) != 0)
		abort();
	return 0;
}
