/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"

/* Names of images in registries: [HOST/]PATH[:TAG][@DIGEST]. Without a host it is docker.io, where a name without a
 * slash is in library/ (distribution, reference.go: the familiar and the normal form). */
typedef struct DockerReference {
        char *registry;         /* "docker.io", "localhost:5000" */
        char *path;             /* "library/busybox" */
        char *tag;              /* NULL: none was given */
        bool has_digest;
        Digest digest;
} DockerReference;

/* -EINVAL: not a valid name. */
int docker_reference_parse(const char *s, DockerReference *ret);
void docker_reference_done(DockerReference *r);

/* "docker.io/library/busybox"; NULL: out of memory. */
char *docker_reference_repository(const DockerReference *r);
bool docker_reference_same_repository(const DockerReference *a, const DockerReference *b);
