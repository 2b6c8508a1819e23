/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities by name and as masks. */
#ifndef NK_SECURITY_CAPS_H
#define NK_SECURITY_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "oci/cap_names.h"
#include "oci/spec.h"

/* The set that Docker gives by default (14 capabilities). */
extern const uint64_t NK_CAPS_DEFAULT;

/*
 * Apply --cap-add/--cap-drop to the default set as Docker does (--cap-add ALL
 * less what is dropped; --cap-drop ALL plus what is added; what is both added and
 * dropped is refused, as Podman does) and give the five sets for user uid.
 * --privileged starts from every capability of the kernel instead, and drops
 * still count. Root gets bounding = effective = permitted; an ordinary user
 * keeps the bounding set only. Inheritable and ambient stay empty
 * (CVE-2022-29162). last_cap: highest capability of this kernel.
 */
int nk_caps_build(struct nk_caps *out, const struct nk_strv *add, const struct nk_strv *drop,
		  bool privileged, uint32_t uid, unsigned last_cap, struct nk_err *e);

#endif
