/* SPDX-License-Identifier: Apache-2.0 */
/* The words that a mount's options may be, in the order of the alphabet. */
#ifndef NK_OCI_MOUNT_WORDS_H
#define NK_OCI_MOUNT_WORDS_H

/* NULL behind the last. */
const char *nk_oci_mount_word(unsigned i);

#endif
