/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "image/transport/credential.h"

/* A file that `docker login` or `podman login` writes: containers-auth.json(5), and config.json of docker-login(1). */

typedef struct Login {
        char *key;              /* a registry, optionally followed by the beginning of a repository */
        Credential credential;
} Login;

typedef struct LoginHelper {
        char *key;              /* a registry */
        char *server;           /* the key as it is written: the helper knows the registry by this name */
        char *name;             /* empty: the logins of this file are used, whatever the store is */
} LoginHelper;

typedef struct LoginFile {
        char *path;
        Login *logins;
        size_t n_logins, n_logins_allocated;
        LoginHelper *helpers;   /* credHelpers */
        size_t n_helpers, n_helpers_allocated;
        char *store;            /* credsStore: the helper for all other registries, or NULL */
} LoginFile;

/* Returns 0 if there is no such file, 1 otherwise. The result is only to be freed when it returns 1. */
int login_file_read(const char *path, LoginFile *ret, char **reterr_message);
/* The same of a text, which somebody has given for one purpose: helpers, which are programs of this host, are none of
 * its business. -EINVAL and the like with *reterr_message, which does not name the text. */
int login_file_parse(const char *text, size_t n, LoginFile *ret, char **reterr_message);
void login_file_done(LoginFile *f);
