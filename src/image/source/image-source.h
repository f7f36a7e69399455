/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/intake/image-import.h"
#include "image/source/source-options.h"
#include "manifest/oci-image.h"

/* The common part of all sources: the blobs that they provide, none of which is trusted, and the images found in them,
 * described before anything is imported. */

typedef struct Source Source;
typedef struct SourceLayer SourceLayer;

/* The differences between a directory and a registry. */
typedef struct SourceKind {
        /* Gets a document that is small enough for memory; the caller checks its size and digest. */
        int (*read_blob)(const Source *source, const OciDescriptor *d, char **ret, size_t *ret_size,
                         char **reterr_message);
        /* As in LayerOrigin; done may be NULL. */
        int (*open_layer)(const Source *source, SourceLayer *layer, uint64_t offset, char **reterr_message);
        int (*layer_done)(const Source *source, SourceLayer *layer, int r, char **reterr_message);
        bool remote;            /* keep what was transferred, even if another step fails */
} SourceKind;

struct Source {
        const SourceKind *kind;
        const char *path;       /* the path that the user knows: for default names */
        const SourceOptions *options;
        int dir_fd;             /* of a directory */
        void *userdata;         /* of other kinds */
        int poll_fd;            /* see LayerOrigin; negative where there is nothing to poll */
        int (*dispatch)(const Source *source, char **reterr_message);
};

/* Directories and unpacked archives: blobs are files. */
extern const SourceKind source_directory;

/* Opens only a regular file, without leaving the directory. */
int source_open(const Source *source, const char *path, char **reterr_message);
/* Reads the whole file. -E2BIG. */
int source_read(const Source *source, const char *path, size_t max, char **ret, size_t *ret_size,
                char **reterr_message);

/* A layer's blob; the digest of its contents is in the image's layers. */
struct SourceLayer {
        char *path;             /* NULL: blobs/ALGORITHM/HEX of an image layout */
        bool has_stored;        /* digest and size of the blob are known */
        Digest stored;
        uint64_t stored_size;
        char partial[DIGEST_STRING_MAX];
        uint64_t request;       /* for a registry: the request that is running */
};

typedef struct SourceImage {
        ImageKind kind;
        Digest id;
        char *manifest;         /* NULL: created once the layers' sizes are known */
        size_t manifest_size;
        char *config;
        size_t config_size;
        Digest config_digest;
        Digest *layers;         /* diff ids, bottom to top */
        SourceLayer *files;     /* as many */
        size_t n_layers;
        Digest index;           /* digest of the index that its name refers to; .hex is empty when the name refers to
                                 * the manifest */
        bool pinned;            /* it was requested by its digest, or by the index's */
        char **names;
} SourceImage;

typedef struct SourceImages {
        SourceImage *images;
        size_t n, n_allocated;
} SourceImages;

void source_images_done(SourceImages *images);
/* Makes room for another image, zeroed. */
int source_images_add(SourceImages *images, SourceImage **ret);
void source_images_drop_last(SourceImages *images);

/* Sets layers from the parsed config and allocates as many files. -EBADMSG unless it names n_files layers. */
int source_image_set_config(SourceImage *image, char *config, size_t size, size_t n_files, char **reterr_message);

/* Adds a name, with ":latest" when it has no tag. */
int source_image_add_name(SourceImage *image, const char *name);
/* For an image without a name: the file's name, without directory and suffixes, and the tag. */
int source_image_add_default_name(SourceImage *image, const Source *source, const char *tag);

/* Verifies the image under each name that it is going to have, and says why it is trusted. Without v, it is accepted
 * as it is. Errors are those of image_verify_claim(). */
int source_image_verify(const SourceImage *image, const ImageVerify *v, ImageTrust *ret, char **reterr_message);

/* The name that an image gives itself proves nothing: an image that is not verified now, and was not before, does not
 * get a name for which a key is trusted. -EACCES. */
int source_guard_name(const SourceOptions *options, ImageImport *m, const Digest *id, const char *name,
                      char **reterr_message);

/* Gives the user's name to the single image, and adds everything to the import. */
int source_import(const Source *source, ImageImport *m, SourceImages *images, char ***ids, char **reterr_message);
