/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of nk_config_read(), one file a topic. Only src/oci/config*.c use this. */
#ifndef NK_OCI_CONFIG_READ_H
#define NK_OCI_CONFIG_READ_H

#include "base/cleanup.h"
#include "data/json_in.h"
#include "oci/config.h"
#include "oci/words.h"

/* Each reads one member of o (the whole document, or `linux`) where it is there. */
void nk_config_process(struct nk_json_in *in, struct json_object *process, struct nk_config *c);
void nk_config_sched(struct nk_json_in *in, struct json_object *process, struct nk_config *c);
void nk_config_mounts(struct nk_json_in *in, struct json_object *o, struct nk_config *c);
void nk_config_hooks(struct nk_json_in *in, struct json_object *o, struct nk_config *c);
void nk_config_linux(struct nk_json_in *in, struct json_object *o, struct nk_config *c);
void nk_config_namespaces(struct nk_json_in *in, struct json_object *linux_, struct nk_config *c);
void nk_config_devices(struct nk_json_in *in, struct json_object *linux_, struct nk_config *c);
void nk_config_resources(struct nk_json_in *in, struct json_object *resources,
			 struct nk_oci_resources *r);
void nk_config_block_io(struct nk_json_in *in, struct json_object *resources,
			struct nk_oci_resources *r);
void nk_config_seccomp(struct nk_json_in *in, struct json_object *linux_, struct nk_config *c);

/* What cannot go together, and what belongs to a namespace that is not there. */
void nk_config_check(struct nk_json_in *in, struct nk_config *c);
void nk_config_check_sysctls(struct nk_json_in *in, struct nk_config *c);

/* The parts of a mount that its options leave open. */
int nk_oci_mount_finish(struct nk_arena *a, struct nk_oci_mount *m, const char *bundle,
			struct nk_err *e);

/* A line for the log; what the document says in it is made printable. */
void nk_config_warn(struct nk_json_in *in, struct nk_config *c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The member's word, out of a table that ends with {}. False: missing, or a fault. */
bool nk_config_word(struct nk_json_in *in, struct json_object *o, const char *key,
		    const struct nk_word *words, uint64_t *value);
/* The same, and it has to be there. */
bool nk_config_need_word(struct nk_json_in *in, struct json_object *o, const char *key,
			 const struct nk_word *words, uint64_t *value);
/* A list of words, or-ed together. */
uint64_t nk_config_flags(struct nk_json_in *in, struct json_object *o, const char *key,
			 const struct nk_word *words);

/* A map of strings, keys not empty. */
struct nk_keyvals {
	NK_VEC(struct nk_keyval);
};
void nk_config_pairs(struct nk_json_in *in, struct json_object *o, const char *key,
		     struct nk_keyvals *out);
void nk_config_maps(struct nk_json_in *in, struct json_object *o, const char *key,
		    struct nk_idmaps *maps);
/* The member as an absolute path; NULL when it is missing or empty. */
const char *nk_config_path(struct nk_json_in *in, struct json_object *o, const char *key);
/* "/a//b/./c/" -> "/a/b/c"; what ".." means only the rootfs knows. */
const char *nk_config_tidy_path(struct nk_arena *a, const char *path);
/* The member, "" as if it were missing. */
const char *nk_config_text(struct nk_json_in *in, struct json_object *o, const char *key);
/*
 * "0-3,7", spaces allowed, no number above max; a fault otherwise. NULL where missing or empty.
 * What the planner makes a mask of has 1024 bits; the rest is a text for the kernel.
 */
enum { NK_MASK_MAX = 1023, NK_LIST_MAX = 999999 };
const char *nk_config_cpulist(struct nk_json_in *in, struct json_object *o, const char *key,
			      unsigned max);
/* The number has to be there. */
int64_t nk_config_need_int(struct nk_json_in *in, struct json_object *o, const char *key,
			   int64_t min, int64_t max);

#endif
