/* SPDX-License-Identifier: Apache-2.0 */
/* The networks of a spec as JSON: member "net" of its "nook". */
#ifndef NK_OCI_SPEC_NET_H
#define NK_OCI_SPEC_NET_H

#include "base/json_out.h"
#include "data/json_in.h"
#include "oci/net_spec.h"

/* Nothing is written where nothing is asked for. */
void nk_spec_net_write(struct nk_json_out *j, const struct nk_net_spec *net);
/* Of a card's network comes back what a card needs: name, id, driver, link, subnets, flags. */
void nk_spec_net_read(struct nk_json_in *in, struct json_object *nook, struct nk_net_spec *net);

#endif
