/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of oci_probe share: writing JSON without an allocation. */
#ifndef OCI_PROBE_H
#define OCI_PROBE_H

#include <stdbool.h>
#include <stddef.h>

void out_open(const char *key, char bracket); /* "key": {  or [ ; key NULL inside an array */
void out_close(char bracket);
void out_text(const char *key, const char *value);
void out_number(const char *key, long long value);
void out_bool(const char *key, bool value);
void out_errno(const char *key, int err); /* "ENOENT", or "ok" for 0 */
void out_done(void);

void report_process(void);
void report_mounts(void);
void report_tree(const char *path);
void report_look(const char *path);
void report_file(const char *path);
void report_write(const char *path);
void report_call(const char *words);

#endif
