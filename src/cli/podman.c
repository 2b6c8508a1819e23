/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"
void nk_help_podman_table(FILE *out)
{
	(void)out;
}
