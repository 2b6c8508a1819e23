/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the profile reader: checked values of a JSON document. */
#ifndef NK_SECURITY_PROFILE_READER_H
#define NK_SECURITY_PROFILE_READER_H

#include <json-c/json.h>

#include "oci/words.h"
#include "security/profile_json.h"

#define NK_PROFILE_MAX_RULES 4096

struct nk_reader {
	struct nk_arena *a;
	const struct nk_profile_host *host;
	struct nk_rules *out;
	struct nk_err *e;
};

/* A place in the document, for errors: "syscalls[3].args[0].op". */
#define AT(r, ...) nk_fmt((r)->a, __VA_ARGS__)

/* "AT: TEXT"; always negative. */
int nk_pr_bad(struct nk_reader *r, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int nk_pr_want(struct nk_reader *r, const char *at, json_object *o, enum json_type type);

/* A member that may be left out or null (Docker's own writer does both): NULL then. */
int nk_pr_member(struct nk_reader *r, const char *at, json_object *o, const char *key,
		 enum json_type type, json_object **out);

/* Only keys of this NULL-ended list: a misspelt one would silently not protect. */
int nk_pr_only_keys(struct nk_reader *r, const char *at, json_object *o, const char *const *keys);

/* How many entries, or an error beyond max. */
int nk_pr_list_size(struct nk_reader *r, const char *at, json_object *list, size_t max);

int nk_pr_number(struct nk_reader *r, const char *at, json_object *o, uint64_t max,
		 uint64_t *value);

/* A string out of a vocabulary. */
struct nk_words {
	const char *what;
	const struct nk_word *v; /* ends with {} */
};
extern const struct nk_words nk_pr_actions;	  /* SCMP_ACT_…, without errno */
extern const struct nk_words nk_pr_operators;	  /* SCMP_CMP_… */
extern const struct nk_words nk_pr_architectures; /* SCMP_ARCH_…; 0 = not ours */
extern const struct nk_words nk_pr_machines;	  /* amd64, …; 0 = not ours */
extern const struct nk_words nk_pr_flags;	  /* SECCOMP_FILTER_FLAG_… */
int nk_pr_word(struct nk_reader *r, const char *at, json_object *o, const struct nk_words *words,
	       uint32_t *value);

/* An action with its errno. */
struct nk_action_keys {
	const char *action, *errno_number, *errno_name;
};
extern const struct nk_action_keys nk_pr_of_default, nk_pr_of_rule;
int nk_pr_action(struct nk_reader *r, const char *at, json_object *o,
		 const struct nk_action_keys *keys, uint32_t *out);

/* profile_rule.c: syscalls[index]. */
int nk_pr_rule(struct nk_reader *r, int index, json_object *o);

#endif
