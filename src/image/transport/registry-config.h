/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The administrator's settings for registries, from files of the kind "registries" in registries.d (see
 * shared/config-dir.h):
 *
 *     { "rktKind": "registries", "rktVersion": "v1", "registries": ["docker.io"],
 *       "mirrors": ["https://mirror.example.com:5000"], "http": false, "tlsVerify": true, "ca": "/etc/…/ca.pem" }
 *
 * Mirrors are asked first, in their order. The other settings are for the registry itself; for a mirror they are in a
 * file of its own, under its host. Authorities are also read from the directories of docker and podman, all files *.crt
 * in /etc/containers/certs.d/HOST/ and /etc/docker/certs.d/HOST/. */
typedef struct RegistryConfig RegistryConfig;

typedef struct RegistrySettings {
        char **mirrors;
        bool plain_http;
        bool insecure_tls;
        char *ca;               /* a path */
} RegistrySettings;

int registry_config_read(const char *const *config_roots, RegistryConfig **ret, char **reterr_message);
RegistryConfig *registry_config_free(RegistryConfig *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(RegistryConfig *, registry_config_free);

/* Never NULL; the configuration owns the result. */
const RegistrySettings *registry_config_find(const RegistryConfig *c, const char *registry);

/* The PEM of all authorities that are trusted for the registry in addition to the host's own; *ret is NULL if none. */
int registry_config_authorities(const RegistrySettings *settings, const char *registry, char **ret,
                                char **reterr_message);
