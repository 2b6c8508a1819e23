/* SPDX-License-Identifier: Apache-2.0 */
/* state.json of nook-runtime as text. */
#ifndef NK_STATE_OCI_RECORD_H
#define NK_STATE_OCI_RECORD_H

#include "state/oci_state.h"

void nk_oci_record_write(struct nk_json_out *j, const struct nk_oci_record *r);

/* Anything that is not such a file is an error. */
int nk_oci_record_parse(struct nk_arena *a, const char *text, size_t len, struct nk_oci_record *r,
			struct nk_err *e);

#endif
