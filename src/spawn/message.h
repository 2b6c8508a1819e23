/* SPDX-License-Identifier: Apache-2.0 */
/* One message of src/child/protocol.h, as nook hears it. */
#ifndef NK_SPAWN_MESSAGE_H
#define NK_SPAWN_MESSAGE_H

#include "child/protocol.h"

/* Read one message; *fd gets a descriptor that came along (close-on-exec), or -1. 1: a message;
 * 0: the other side has ended, or has executed its command. */
int nk_message_receive(int sock, struct nk_message *m, int *fd);

#endif
