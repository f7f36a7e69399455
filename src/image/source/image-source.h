/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/intake/image-import.h"
#include "image/source/source-options.h"
#include "manifest/oci-image.h"

/* What sources have in common: blobs that they give, none of which is trusted, and the images they find in there,
 * described before anything is imported. */

typedef struct Source Source;
typedef struct SourceLayer SourceLayer;

/* What differs between a directory and a registry. */
typedef struct SourceKind {
        /* A document small enough to be held; the caller checks its size and digest. */
        int (*read_blob)(const Source *source, const OciDescriptor *d, char **ret, size_t *ret_size,
                         char **reterr_message);
        /* As in LayerOrigin; done may be NULL. */
        int (*open_layer)(const Source *source, SourceLayer *layer, uint64_t offset, char **reterr_message);
        int (*layer_done)(const Source *source, SourceLayer *layer, int r, char **reterr_message);
        bool remote;            /* what was got is not thrown away because something else went wrong */
} SourceKind;

struct Source {
        const SourceKind *kind;
        const char *path;       /* as the user knows it: for default names */
        const SourceOptions *options;
        int dir_fd;             /* of a directory */
        void *userdata;         /* of other kinds */
        int poll_fd;            /* see LayerOrigin; negative where there is nothing to poll */
        int (*dispatch)(const Source *source, char **reterr_message);
};

/* Directories and unpacked archives: blobs are files. */
extern const SourceKind source_directory;

/* Opens a regular file, nothing else, without leaving the directory. */
int source_open(const Source *source, const char *path, char **reterr_message);
/* All of it. -E2BIG. */
int source_read(const Source *source, const char *path, size_t max, char **ret, size_t *ret_size,
                char **reterr_message);

/* A layer's blob; the digest of its contents is in the image's layers. */
struct SourceLayer {
        char *path;             /* NULL: blobs/ALGORITHM/HEX of an image layout */
        bool has_stored;        /* digest and size of the blob are known */
        Digest stored;
        uint64_t stored_size;
        char partial[DIGEST_STRING_MAX];
        uint64_t request;       /* of a registry: what is under way */
};

typedef struct SourceImage {
        ImageKind kind;
        Digest id;
        char *manifest;         /* NULL: made up once the layers' sizes are known */
        size_t manifest_size;
        char *config;
        size_t config_size;
        Digest config_digest;
        Digest *layers;         /* diff ids, bottom to top */
        SourceLayer *files;     /* as many */
        size_t n_layers;
        Digest index;           /* of the index its name stands for; .hex is empty when that is the manifest */
        bool pinned;            /* it was asked for by its digest, or the index's */
        char **names;
} SourceImage;

typedef struct SourceImages {
        SourceImage *images;
        size_t n, n_allocated;
} SourceImages;

void source_images_done(SourceImages *images);
/* Room for one more, zeroed. */
int source_images_add(SourceImages *images, SourceImage **ret);
void source_images_drop_last(SourceImages *images);

/* Sets layers from the parsed config and makes room for as many files. -EBADMSG unless it names n_files layers. */
int source_image_set_config(SourceImage *image, char *config, size_t size, size_t n_files, char **reterr_message);

/* Adds a name, with ":latest" where it has no tag. */
int source_image_add_name(SourceImage *image, const char *name);
/* For an image that brings no name along: the file's, without directory and suffixes, and the tag. */
int source_image_add_default_name(SourceImage *image, const Source *source, const char *tag);

/* What an image calls itself says nothing of whose it is: one that is not verified, and was not before, does not take a
 * name that somebody's key is trusted for. -EACCES. */
int source_guard_name(const SourceOptions *options, ImageImport *m, const Digest *id, const char *name,
                      char **reterr_message);

/* Gives the user's name to the one image there is, and takes it all into the import. */
int source_import(const Source *source, ImageImport *m, SourceImages *images, char ***ids, char **reterr_message);
