/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of criu. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/criu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nk_criu_answer r;

	if (nk_criu_read(data, size, &r) < 0)
		return 0;
	if (r.type < 0 || strlen(r.script) >= sizeof(r.script) ||
	    strlen(r.message) >= sizeof(r.message))
		abort();
	return 0;
}
