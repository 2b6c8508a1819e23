/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spec as JSON, spelled like the runtime-spec's config.json where that has a
 * word for it; what only nook knows stands below "nook". Kept in a container's
 * state file, so that exec and inspect know how it was started.
 */
#ifndef NK_OCI_SPEC_JSON_H
#define NK_OCI_SPEC_JSON_H

#include <json-c/json_object.h>

#include "base/json_out.h"
#include "oci/spec.h"

/* Append spec as an object. */
void nk_spec_write(struct nk_json_out *j, const char *key, const struct nk_spec *spec);

/* The reverse, strict: wrong types, unknown namespaces, bad numbers are errors
 * that name the field. Strings are copied to the arena. 0 or -errno. */
int nk_spec_read(struct nk_arena *a, struct json_object *json, struct nk_spec *spec,
		 struct nk_err *e);

#endif
