/* SPDX-License-Identifier: Apache-2.0 */
/* Moved: addresses as values are wanted below this room, too. */
#ifndef NK_NET_IP_H
#define NK_NET_IP_H

#include "oci/ip.h"

#endif
