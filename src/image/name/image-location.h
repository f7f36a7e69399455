/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "manifest/appc-pod.h"

/* Where an image that a user names is to be had (rkt's rules: its Documentation/subcommands/fetch.md):
 *
 *     sha256:…, sha512-…, NAME[:TAG]       in the store or nowhere, where NAME does not begin with a host's
 *     docker://NAME, oci://NAME            a registry (also docker:NAME); without a host Docker Hub
 *     https://…, http://…                  an ACI
 *     /PATH, ./PATH, file://PATH, what is there    a file or directory
 *     oci:PATH[:REFERENCE], oci-archive:…, docker-archive:…    the same, as containers-transports(5) writes it
 *     HOST/NAME[:VERSION][,LABEL=VALUE…]   by appc's discovery; a HOST has a dot, and no port
 *
 * and rkt's own way of writing these down, cimd:docker:v=0:…, cimd:aci-archive:v=0:…, cimd:appc:v=0:…. */

typedef enum ImageLocationType {
        IMAGE_AT_STORE,
        IMAGE_AT_REGISTRY,
        IMAGE_AT_URL,
        IMAGE_AT_PATH,
        IMAGE_AT_DISCOVERY,
        _IMAGE_LOCATION_TYPE_MAX,
        _IMAGE_LOCATION_TYPE_INVALID = -EINVAL,
} ImageLocationType;

typedef struct ImageLocation {
        ImageLocationType type;
        char *text;             /* store: the ID or name. URL: it. Path: it. Registry and discovery: the name in full,
                                 * as the store has it */
        char *reference;        /* path: the one of several images in it; NULL: whatever is there */
        DockerReference registry;
        AppcImageRef appc;      /* name and labels, those of this machine filled in */
} ImageLocation;

/* -EINVAL with a message: it is none of these. */
int image_location_parse(const char *s, ImageLocation *ret, char **reterr_message);
void image_location_done(ImageLocation *l);

/* Where the signature of an ACI at a URL is: the suffix of its path becomes ".aci.asc". */
int image_signature_url(const char *url, char **ret);
