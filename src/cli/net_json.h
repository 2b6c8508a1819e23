/* SPDX-License-Identifier: Apache-2.0 */
/* Networks and ports of a container, as Docker's and Podman's users read them. */
#ifndef NK_CLI_NET_JSON_H
#define NK_CLI_NET_JSON_H

#include "base/json_out.h"
#include "runtime/net.h"

/* Members of "NetworkSettings" beside SandboxKey. */
void nk_inspect_networks(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s,
			 const struct nk_net_seats *seats);
/* "PortBindings", as they were asked for; "ExposedPorts". */
void nk_inspect_bindings(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s);
void nk_inspect_exposed(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s);

/* "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"; "" without ports. */
const char *nk_ports_words(struct nk_arena *a, const struct nk_spec *s);
/* "Ports" and "Networks" of `ps --format json`, in Podman's fields. */
void nk_ps_networks(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s,
		    const struct nk_net_seats *seats);

#endif
