/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "basic/uuid.h"

/* Pods as the metadata service knows them (podctl-metadata.service(8)): files, so that they outlive the service and go
 * with the pod, and so that each request, however many pods there are, is answered from one directory found by name.
 *
 *     tokens/TOKEN       a link to ../pods/UUID: who knows the token is an app of that pod
 *     addresses/ADDRESS  a link likewise: who asks from there is an app of that pod, if it has the token
 *     pods/UUID/         token      the token
 *                        addresses  its addresses, a line each
 *                        manifest   the pod manifest, resolved
 *                        apps/APP   the manifest of the app's image, in appc's words
 *
 * There are two: podctl's own, which the service only reads, and the service's, of pods that others registered. All
 * functions take the directory opened. */

#define REGISTRATION_DIRECTORY "/run/podctl/metadata"
#define REGISTRATION_GROUP "podctl-metadata"
/* Of those that others registered. */
#define REGISTRATION_FOREIGN_DIRECTORY "/run/podctl/registered"

/* Where the service takes registrations, and is found to be there. */
#define REGISTRATION_SOCKET "/run/podctl/metadata-svc.sock"
/* Where pods find it. */
#define REGISTRATION_PORT 18112

/* Whether somebody listens there. */
bool registration_is_served(void);

/* 128 bits at least, however they are written: letters, digits, '-' and '_'. */
#define TOKEN_MIN 22
#define TOKEN_MAX 128
bool token_is_valid(const char *token);
/* A random one. */
int token_new(char **ret);

/* podctl's own, made where missing, for the service's group to read. -ESRCH: there is no such group. */
int registration_open(int *ret);

/* A pod manifest as it is told: with an array of annotations in any case, which is what clients compare. */
int registration_format_manifest(json_object *manifest, char **ret);

/* Takes the place of an earlier registration of the pod. -EEXIST: another one has the token. */
int registration_add(int fd, const Uuid *uuid, const char *token, const char *manifest);
/* -ENOENT: no such pod. The name is an AC Name. */
int registration_add_app(int fd, const Uuid *uuid, const char *app, const char *manifest);
/* Where its requests come from; an address has one pod, the last that was given it. */
int registration_add_addresses(int fd, const Uuid *uuid, char *const *addresses);
/* -ENOENT: nobody's. */
int registration_find_address(int fd, const char *address, Uuid *ret_uuid);
/* Whether there are pods whose addresses nobody has told. */
bool registration_has_strangers(int fd);
/* -ENOENT: no such pod. What is left of a registration that broke off goes as well. */
int registration_remove(int fd, const Uuid *uuid);

/* The pod that has the token: the directory of the pod, opened, and the pod's UUID. -ENOENT. */
int registration_find(int fd, const char *token, int *ret_pod_fd, Uuid *ret_uuid);
