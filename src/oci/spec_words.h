/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a spec's JSON, shared by its writer and its reader. */
#ifndef NK_OCI_SPEC_WORDS_H
#define NK_OCI_SPEC_WORDS_H

#include "oci/spec.h"

enum { NK_RLIMIT_COUNT = 16, NK_MOUNT_KINDS = 3, NK_SECCOMP_MODES = 3 };

extern const char *const nk_rlimit_words[NK_RLIMIT_COUNT];
extern const char *const nk_ns_words[NK_NS_COUNT];
extern const char *const nk_mount_words[NK_MOUNT_KINDS];
extern const char *const nk_seccomp_words[NK_SECCOMP_MODES];

#endif
