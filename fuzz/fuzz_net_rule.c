/* SPDX-License-Identifier: Apache-2.0 */
/* Input: one firewall rule in words. What is read prints to words that read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/rule.h"
#include "oci/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct nk_arena a = {0};
	const char *text = nk_strndup(&a, (const char *)data, size);
	struct nk_fw_rule r, again;
	struct nk_err e = {0};

	if (nk_rule_parse(&a, text, &r, &e) < 0) {
		if (strncmp(e.msg, "column ", 7) != 0 || !e.hint[0])
			abort();
		return 0;
	}
	if (nk_rule_parse(&a, r.words, &again, &e) < 0 || strcmp(r.words, again.words) != 0)
		abort();
	if (r.out != again.out || r.accept != again.accept || r.any_proto != again.any_proto ||
	    r.proto != again.proto || r.port_first != again.port_first ||
	    r.port_last != again.port_last || !nk_ip_equal(&r.peer, &again.peer) ||
	    r.peer.prefix != again.peer.prefix || r.port_first > r.port_last)
		abort();
	return 0;
}
