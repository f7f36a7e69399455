/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* The credentials for servers: rkt's auth.d (its Documentation/configuration.md) with its kinds "auth", for everything
 * on a host, and "dockerAuth", for registries; and for registries also the files that `docker login` and `podman login`
 * write (containers-auth.json(5)): $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json,
 * /run/containers/0/auth.json, ~/.config/containers/auth.json, $DOCKER_CONFIG/config.json or ~/.docker/config.json. The
 * most specific entry for the registry is used, and the first among equals; rkt's take precedence over all others.
 * Credential helpers are not run. */
typedef struct Credentials Credentials;

typedef struct Credential {
        char *user, *password;
        char *identity_token;   /* OAuth2 refresh token */
        char *bearer;           /* access token */
        char *aws_region;       /* user and password are an access key of this region */
} Credential;

/* config_roots: as in shared/config-dir.h. A file that cannot be read is an error; one that is not there is not. */
int credentials_read(const char *const *config_roots, Credentials **ret, char **reterr_message);
/* Reads rkt's files only. */
int credentials_read_config(const char *const *config_roots, Credentials **ret, char **reterr_message);
Credentials *credentials_free(Credentials *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(Credentials *, credentials_free);

/* Adds an entry for each domain and each registry, in the form of a file, sorted. */
int credentials_to_json(const Credentials *c, json_object *array);

/* The credential for a repository of a registry, "docker.io", "library/busybox"; or for a host, with its port if that
 * is not the default one. NULL: none. The result belongs to the Credentials. */
const Credential *credentials_for_registry(const Credentials *c, const char *registry, const char *repository);
const Credential *credentials_for_host(const Credentials *c, const char *host);
