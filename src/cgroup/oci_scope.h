/* SPDX-License-Identifier: Apache-2.0 */
/* A container's scope in systemd: what is told to nook-systemd. */
#ifndef NK_CGROUP_OCI_SCOPE_H
#define NK_CGROUP_OCI_SCOPE_H

#include "cgroup/oci.h"

/* The limits as properties, so that systemd does not take them back when it writes its own. Those
 * that it does not know stay files. */
int nk_cg_scope_limits(struct nk_arena *a, const struct nk_oci_resources *r, bool v2,
		       struct nk_strv *properties, struct nk_err *e);

/* Annotations org.systemd.property.NAME with a value as busctl and gdbus write it ("uint64 5",
 * "'text'"). Names are from a list: what starts, stops or executes anything is an error. */
int nk_cg_scope_annotations(struct nk_arena *a, const struct nk_config *c,
			    struct nk_strv *properties, struct nk_err *e);

/* nook-systemd stop and set, waiting for it. 0 when the scope is gone already. */
int nk_cg_scope_stop(const char *unit, bool user, struct nk_err *e);
int nk_cg_scope_set(const char *unit, bool user, const struct nk_strv *properties,
		    struct nk_err *e);

#endif
