/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/transport/credential.h"

/* Credential helpers (docker-login(1), "Credential helpers"): a program docker-credential-NAME is called with the word
 * "get", reads the name of a server, and prints JSON with Username and Secret. None of that happens in this process:
 * podctl-credential-helper@NAME.service runs the program as a user of its own, and systemd ends it when it takes too
 * long. podctl-credential-helper(8). */

#define HELPER_NAME_MAX 64U     /* fits into the address of a socket, too */
#define HELPER_SERVER_MAX 1024U

/* Letters, digits, '-', '_' and '.', beginning with a letter or digit. */
bool credential_helper_name_is_valid(const char *name);

/* The program, in one of the directories for it. -ENOENT: there is none. -EPERM: others than root might have put it
 * there. */
int credential_helper_find(const char *name, char **ret, char **reterr_message);

/* Asks the helper, and waits. Returns 1 with a credential, which is freed by credential_done(); 0: the helper has none
 * for the server; -EPROTO: it failed. Messages begin with the helper, and have no secrets. */
int credential_helper_get(const char *name, const char *server, Credential *ret, char **reterr_message);
