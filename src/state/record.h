/* SPDX-License-Identifier: Apache-2.0 */
/* state.json: a record as text and back. */
#ifndef NK_STATE_RECORD_H
#define NK_STATE_RECORD_H

#include "base/json_out.h"
#include "state/state.h"

enum { NK_STATE_FILE_MAX = 4 << 20 };

void nk_record_write(struct nk_json_out *j, const struct nk_state_record *r);

/* -ENOTSUP: written by a newer nook. Other errors: not a state file. */
int nk_record_parse(struct nk_arena *a, const char *text, size_t len, struct nk_state_record *r,
		    struct nk_err *e);

/* Read and parse dir_fd/state.json; -ENOENT when there is none. */
int nk_record_load(struct nk_arena *a, int dir_fd, struct nk_state_record *r, struct nk_err *e);

/* 2026-11-22T05:02:14.123456789Z */
const char *nk_time_text(char buf[96], const struct timespec *t);
int nk_time_parse(const char *text, struct timespec *t);

#endif
