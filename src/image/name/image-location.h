/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "manifest/appc-pod.h"

/* The source of an image that a user names (rkt's rules: its Documentation/subcommands/fetch.md):
 *
 *     sha256:…, sha512-…, NAME[:TAG]       only in the store, if NAME does not begin with a host name
 *     docker://NAME, oci://NAME            a registry (also docker:NAME); without a host Docker Hub
 *     https://…, http://…                  an ACI
 *     /PATH, ./PATH, file://PATH, an existing path    a file or directory; a file whose name has neither a dot nor a
 *                                          slash is not one
 *     oci:PATH[:REFERENCE], oci-archive:…, docker-archive:…    the same, in the form of containers-transports(5)
 *     HOST/NAME[:VERSION][,LABEL=VALUE…]   by appc's discovery; a HOST has a dot, and no port
 *
 * and rkt's own notation for these, cimd:docker:v=0:…, cimd:aci-archive:v=0:…, cimd:appc:v=0:…. */

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
        char *text;             /* store: the ID or name. URL: the URL. Path: the path. Registry and discovery: the
                                 * complete name, as the store has it */
        char *reference;        /* path: which of several images in it; NULL: all of them */
        DockerReference registry;
        AppcImageRef appc;      /* name and labels, with those of this machine filled in */
} ImageLocation;

/* -EINVAL with a message: it is not any of these. */
int image_location_parse(const char *s, ImageLocation *ret, char **reterr_message);
void image_location_done(ImageLocation *l);

/* The location of the signature of an ACI at a URL: the suffix of its path becomes ".aci.asc". */
int image_signature_url(const char *url, char **ret);
