/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fs.h"
#include "image/store/image-store.h"

/* For the files that form the store: image-store (finding, listing), image-import (import), image-gc (removal),
 * layer-store, store-staging. */

struct ImageStore {
        char *path;             /* DATA/images */
        int fd;
        int manifests_fd;
        int layers_fd;
        int names_fd;
        int tmp_fd;
        int partial_fd;
        int remotes_fd;
};

/* Our record of an image, the file "image". */
typedef struct ImageRecord {
        char *kind;
        uint64_t imported;
        uint64_t size;
        Digest *layers;
        size_t n_layers;
        ImageTrust trust;
} ImageRecord;

int image_record_read(int image_fd, ImageRecord *ret, char **reterr_message);
int image_record_write(int image_fd, const ImageRecord *record);
/* An existing image was imported again: takes over the new reason for trusting it, unless verification was off. */
int image_record_renew_trust(int from_image_fd, int to_image_fd);
void image_record_done(ImageRecord *record);

/* Loads manifest, config and app of an image of which only the record was read. */
int image_load_documents(ImageStore *s, Image *image, char **reterr_message);

/* The appc image of that name with at least these labels ("NAME=VALUE") and, unless NULL, an ID with that prefix: the
 * one imported last. -ENOENT. */
int image_find_appc(ImageStore *s, const char *name, char *const *labels, const char *id, Digest *ret);

/* Names and the images they refer to. Unreadable entries are left out. */
typedef struct ImageName {
        char *name;
        Digest id;
} ImageName;

/* By ID, then by name. */
int image_names_read(ImageStore *s, ImageName **ret, size_t *ret_n);
/* The image that a name refers to. -ENOENT. */
int image_name_read(ImageStore *s, const char *name, Digest *ret);
bool image_has_name(ImageStore *s, const char *name, const Digest *id);
void image_names_free(ImageName *names, size_t n);
int image_name_remove(ImageStore *s, const char *name);
