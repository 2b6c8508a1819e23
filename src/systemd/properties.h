/* SPDX-License-Identifier: Apache-2.0 */
/* NAME=VALUE as a property of a scope: a list of those that nook-systemd knows, with their types.
 */
#ifndef NK_SYSTEMD_PROPERTIES_H
#define NK_SYSTEMD_PROPERTIES_H

#include <systemd/sd-bus.h>

/* Append (sv) to the message. -EINVAL: unknown, or no such value. */
int nk_property_append(sd_bus_message *m, const char *assignment);

#endif
