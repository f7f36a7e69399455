/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/transport/credential.h"
#include "shared/json-table.h"

/* The credentials for servers: rkt's auth.d (its Documentation/configuration.md) with its kinds "auth", for everything
 * on a host, and "dockerAuth", for registries; and for registries also the files that `docker login` and `podman login`
 * write (login-file.h): $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json, /run/containers/UID/auth.json,
 * ~/.config/containers/auth.json, $DOCKER_CONFIG/config.json or ~/.docker/config.json. The most specific entry for the
 * registry is used, and the first among equals; rkt's take precedence over all others. A credential helper that one of
 * those files names is asked before the entries of that file and of later files (credential-helper.h). */
typedef struct Credentials Credentials;

/* config_roots: as in shared/config-dir.h. A file that cannot be read is an error; one of auth.d that is not there, or
 * that this user may not read, is not. */
int credentials_read(const char *const *config_roots, Credentials **ret, char **reterr_message);
/* Reads rkt's files only, all of them. */
int credentials_read_config(const char *const *config_roots, Credentials **ret, char **reterr_message);
Credentials *credentials_free(Credentials *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(Credentials *, credentials_free);

/* Adds the logins of a text, as login_file_parse() reads it; they take precedence over all others. */
int credentials_add_logins(Credentials *c, const char *text, char **reterr_message);

/* Adds an entry for each domain and each registry, in the form of a file, sorted. */
int credentials_to_json(const Credentials *c, json_object *array);

/* The credential for a repository of a registry, "docker.io", "library/busybox"; or for a host, with its port if that
 * is not the default one. NULL: none. The result belongs to the Credentials. Only helpers fail; each is asked once for
 * a registry. */
int credentials_for_registry(Credentials *c, const char *registry, const char *repository, const Credential **ret,
                             char **reterr_message);
const Credential *credentials_for_host(const Credentials *c, const char *host);

/* Instead of credential_helper_get(); for tests. */
typedef int (*CredentialHelperGet)(const char *name, const char *server, Credential *ret, char **reterr_message);
void credentials_set_helper(Credentials *c, CredentialHelperGet get);
