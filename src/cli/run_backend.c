/* SPDX-License-Identifier: Apache-2.0 */
/* The network of an ordinary user: --network pasta, slirp4netns, or nothing said about it. */
#include <string.h>

#include "cli/run_set.h"
#include "plan/net.h"
#include "runtime/net_backend.h"

/* 1: it is none of their names. */
int nk_run_backend_word(struct nk_run_request *r, const char *value, struct nk_err *e)
{
	static const enum nk_net_backend all[] = {NK_NET_BACKEND_PASTA, NK_NET_BACKEND_SLIRP};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *name = nk_net_backend_name(all[i]);
		size_t n = strlen(name);

		if (strncmp(value, name, n) || (value[n] && value[n] != ':'))
			continue;
		if (value[n]) {
			nk_fail(e, 0, "%s takes no options here", name);
			return nk_hint(e, "ports are published by -p; the rest nook sets itself");
		}
		r->ns[NK_NS_NET] = (struct nk_ns_choice){true, {.mode = NK_NS_NEW}};
		r->backend_want = all[i];
		r->network_word = value;
		return 0;
	}
	return 1;
}

int nk_run_finish_backend(struct nk_run_request *r, uid_t euid, struct nk_err *e)
{
	bool named = r->backend_want != NK_NET_BACKEND_NONE;

	if (named && euid == 0) {
		nk_fail(e, 0, "--network %s is for ordinary users", r->network_word);
		return nk_hint(e, "root has networks of the kernel's own: leave it away");
	}
	r->rootless_net = named || (euid != 0 && !r->network_word && !r->spec.net.cards.n &&
				    r->spec.ns[NK_NS_NET].mode == NK_NS_NEW);
	return 0;
}

int nk_run_choose_backend(struct nk_run_request *r, struct nk_state *st, struct nk_arena *a,
			  const char *state, struct nk_strv *notices, struct nk_err *e)
{
	struct nk_run_world w;
	int rc;

	if (!r->rootless_net)
		return 0;
	if ((rc = nk_net_backend_choose(st, a, nk_fmt(a, "%s/net", state), &r->spec,
					r->backend_want, notices, e)) < 0 ||
	    (rc = nk_run_world_read(&w, a, e)) < 0)
		return rc;
	return nk_run_finish_etc(r, a, &w, e);
}
