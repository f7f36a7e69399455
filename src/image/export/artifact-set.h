/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/export/layout-writer.h"
#include "image/store/image-artifacts.h"
#include "manifest/oci-image.h"

/* What goes with an image when it leaves: of the artifacts that are kept with it, those that are about the image itself
 * or about the one that it was built on (image-spec, "Pre-Defined Annotation Keys"). What is about an index stays,
 * since the index does too. */

typedef struct ArtifactFile {
        Digest digest;
        Digest subject;
        char *media_type;
        char *type;
        char *tag;              /* where it belongs in a registry; NULL: it is found by its subject */
        char *text;             /* of its manifest, which is what its digest says */
        size_t size;
        OciManifest *manifest;
} ArtifactFile;

typedef struct ArtifactSet {
        int dir_fd;             /* which has the blobs */
        ArtifactFile *files;
        size_t n;
        char *list;             /* of them, as a layout has it; NULL: there are none */
        Digest list_digest;
} ArtifactSet;

#define ARTIFACT_SET_NONE { .dir_fd = -EBADF }

/* Of the directory (image/store/image-artifacts.h), whose fd is taken over, also on failure; -ENOENT instead of one:
 * there are none. base: NULL: none. -EBADMSG: one is damaged. */
int artifact_set_read(int dir_fd, const Digest *image, const Digest *base, ArtifactSet *ret, char **reterr_message);
/* Of an image of the store. */
int artifact_set_read_stored(ImageStore *s, const Image *image, ArtifactSet *ret, char **reterr_message);
void artifact_set_done(ArtifactSet *set);

/* A blob of one of them. Returns its fd. */
int artifact_file_open(const ArtifactSet *set, const OciDescriptor *d);

/* An entry of an index, with what the distribution specification wants to be said of it there ("Listing Referrers").
 * artifact_file_list() returns 0 if it is there already; -EBADMSG: the index has no list. */
int artifact_file_list(const ArtifactFile *f, json_object *index);
/* Says in the entry of the image where the list is (OCI_ANNOTATION_REFERRERS). */
void artifact_set_annotate(const ArtifactSet *set, json_object *entry);
/* Manifests, blobs and the list, into a layout. */
int artifact_set_write(const ArtifactSet *set, LayoutWriter *w, char **reterr_message);
