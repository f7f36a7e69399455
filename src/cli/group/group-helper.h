/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verb.h"

/* What members of the group "podctl" may have done without being root: to look at pods and images, and to fetch
 * images as the host is configured to. They are not given the files for that: images hold programs of all users, pods
 * their secrets, and modes would have to be right from the first start on. Instead systemd starts a process of root's
 * for each such command (podctl-group.socket, for the group to connect to), which knows what it may be asked for, and
 * writes its answer to the caller's own output. */

#define GROUP_NAME "podctl"
#define GROUP_SOCKET "/run/podctl/group.sock"

/* Whether the socket is there, and lets us connect. */
bool group_helper_is_there(void);
/* The command's exit status; negative: logged. */
int group_helper_ask(const Verb *verb, char *const *words);

/* The other side, with a connection that is not answered yet. */
int group_helper_serve(int connection);

/* What is wrong with a command of a member's; -EPERM with a message. */
int group_helper_check(const char *verb, char *const *words, char **reterr_message);
