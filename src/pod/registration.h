/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "basic/uuid.h"

/* Pods as the metadata service knows them (podctl-metadata.service(8)): files, so that they outlive the service and go
 * with the pod, and so that each request, however many pods there are, is answered from one directory found by name.
 *
 *     tokens/TOKEN       a link to ../pods/UUID: a process that knows the token is an app of that pod
 *     addresses/ADDRESS  a link likewise: a request from there is that pod's, if it has the pod's token
 *     pods/UUID/         token      the token
 *                        addresses  its addresses, a line each
 *                        manifest   the pod manifest, resolved
 *                        apps/APP   the manifest of the app's image, in appc's form
 *
 * There are two such directories: podctl's own, which the service only reads, and the service's, for pods that others
 * registered. All functions take the opened directory. */

#define REGISTRATION_DIRECTORY "/run/podctl/metadata"
#define REGISTRATION_GROUP "podctl-metadata"
/* Pods that others registered. */
#define REGISTRATION_FOREIGN_DIRECTORY "/run/podctl/registered"

/* The socket on which the service takes registrations; it also shows whether the service runs. */
#define REGISTRATION_SOCKET "/run/podctl/metadata-svc.sock"
/* The port on which pods reach the service. */
#define REGISTRATION_PORT 18112

/* Whether the service listens on the socket. */
bool registration_is_served(void);

/* A token has at least 128 bits, in any encoding with letters, digits, '-' and '_'. */
#define TOKEN_MIN 22
#define TOKEN_MAX 128
bool token_is_valid(const char *token);
/* Makes a random token. */
int token_new(char **ret);

/* Opens podctl's own directory, made if missing, with read access for the service's group. -ESRCH: there is no such
 * group. */
int registration_open(int *ret);

/* Formats a pod manifest as it is served: it always has an array of annotations, since clients compare that. */
int registration_format_manifest(json_object *manifest, char **ret);

/* Replaces an earlier registration of the pod. -EEXIST: another pod has the token. */
int registration_add(int fd, const Uuid *uuid, const char *token, const char *manifest);
/* -ENOENT: no such pod. The name is an AC Name. */
int registration_add_app(int fd, const Uuid *uuid, const char *app, const char *manifest);
/* Replaces the manifest in one step. -ENOENT: no such pod. */
int registration_set_manifest(int fd, const Uuid *uuid, const char *manifest);
/* Does nothing if there is no such app. */
int registration_remove_app(int fd, const Uuid *uuid, const char *app);
/* Registers the addresses of the pod's requests; an address belongs to the pod that was registered with it last. */
int registration_add_addresses(int fd, const Uuid *uuid, char *const *addresses);
/* -ENOENT: no pod has the address. */
int registration_find_address(int fd, const char *address, Uuid *ret_uuid);
/* Whether there are pods whose addresses were not registered. */
bool registration_has_strangers(int fd);
/* Also removes the rest of a registration that was interrupted. -ENOENT: no such pod. */
int registration_remove(int fd, const Uuid *uuid);

/* Finds the pod that has the token: its directory, opened, and its UUID. -ENOENT. */
int registration_find(int fd, const char *token, int *ret_pod_fd, Uuid *ret_uuid);
