/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "manifest/oci-descriptor.h"

/* Writing the image that was built. The caller has closed its last layer. */

typedef enum BuildForm {
        BUILD_OCI_ARCHIVE,
        BUILD_OCI_LAYOUT,       /* a directory, which may have other images */
        BUILD_DOCKER_ARCHIVE,
        BUILD_ACI,
        _BUILD_FORM_MAX,
        _BUILD_FORM_INVALID = -EINVAL,
} BuildForm;

typedef struct BuildTarget {
        BuildForm form;
        char *path;
        char *reference;        /* the image's name there, or NULL; of an ACI, as in build_appc_manifest() */
} BuildTarget;

/* "FILE", and "oci:DIR[:REFERENCE]", "oci-archive:FILE[:REFERENCE]", "docker-archive:FILE[:REFERENCE]" as in
 * containers-transports(5); "aci:FILE[:NAME]". */
int build_target_parse(const char *text, BuildTarget *ret, char **reterr_message);
void build_target_done(BuildTarget *target);

/* The manifest of the OCI image as it is now, as it would be written; what was packed for it gets into the record. */
int build_write_manifest(BuildContext *c, OciCompression compression, char **ret, char **reterr_message);

/* Layers that are compressed already stay as they are; others get into the record as they were compressed. *ret is the
 * digest of the manifest, or the ID of an ACI. fd: of an archive. */
int build_write(BuildContext *c, const BuildTarget *target, OciCompression compression, int fd, Digest *ret,
                char **reterr_message);
