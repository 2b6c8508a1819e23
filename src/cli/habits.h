/* SPDX-License-Identifier: Apache-2.0 */
/* What lsns, nsenter, unshare, ip netns and podman unshare call what nook calls otherwise. */
#ifndef NK_CLI_HABITS_H
#define NK_CLI_HABITS_H

/*
 * What to write instead of an option ("-n", "--target", "--target=4711") of the command of this
 * name, or instead of a word that is no command of the group ("ns", or "" for nook itself).
 * A hint as it is printed, or NULL.
 */
const char *nk_habit_option(const char *command, const char *option);
const char *nk_habit_command(const char *group, const char *word);

#endif
