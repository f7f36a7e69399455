/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verb.h"

/* What members of the group "podctl" may do without being root: look at pods and images, and fetch images in the way
 * that the host is configured for. They do not get access to the files for that: images contain programs of all users,
 * pods contain secrets, and modes would have to be right from the first start on. Instead systemd starts a process as
 * root for each such command (podctl-group.socket, to which the group can connect), which knows the commands that are
 * allowed, and writes its answer to the caller's own output. Members of the group "podctl-admin", who may write
 * pods.d and so are as good as root, may also read what pods write, and stop and restart them. */

#define GROUP_NAME "podctl"
#define ADMIN_GROUP_NAME "podctl-admin"
#define GROUP_SOCKET "/run/podctl/group.sock"

/* Whether the socket exists and we may connect to it. */
bool group_helper_is_there(void);
/* Sends the command. Returns its exit status; negative: logged. */
int group_helper_ask(const Verb *verb, char *const *words);

/* The other side: answers one connection. */
int group_helper_serve(int connection);

/* Checks a command from a member, who may be one of podctl-admin as well; -EPERM with a message. */
int group_helper_check(const char *verb, char *const *words, bool admin, char **reterr_message);
