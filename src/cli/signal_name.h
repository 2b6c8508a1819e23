/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NK_CLI_SIGNAL_NAME_H
#define NK_CLI_SIGNAL_NAME_H

#include "base/err.h"

/* "TERM", "SIGTERM", "term", "15", "RTMIN+3" -> the number; -EINVAL with a hint. */
int nk_signal_by_name(const char *name, struct nk_err *e);

#endif
