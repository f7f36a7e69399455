/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "basic/strv.h"
#include "image/name/image-location.h"
#include "image/name/image-ref.h"
#include "image/trust/image-trust.h"
#include "manifest/app.h"
#include "manifest/appc-pod.h"

/* The images of this host, below DATA/images (DATA is /var/lib/podctl), readable for root only:
 *
 *     lock                     shared: preparing a pod, and adding a fetched image. Exclusive: removal and collection
 *     manifests/ID/            an image: "manifest" and "config" as fetched, "image" with our own record, sometimes
 *                              "top", a tree (image/store/implied-tree.h); appears and disappears by a rename, its
 *                              mtime is when it was last used
 *     layers/DIGEST/           a layer: "rootfs", unpacked; "blob", as it was fetched; "layer", with our own record
 *     names/NAME               a name (escaped), which contains the ID
 *     remotes/                 what is known about the origin of images (image/store/image-remote.h)
 *     partial/                 interrupted transfers of blobs, each locked by the process that resumes it
 *     tmp/                     unfinished entries, each locked by the process that makes it, with the layers that it
 *                              needs in "pins"; an unlocked one is from a process that was killed, and is removed when
 *                              the store is next opened for writing
 *
 * ID and DIGEST are "sha256-…" or "sha512-…". There is no index and no other state: everything is found by reading the
 * directories. A broken entry never affects the others.
 *
 * Callers take locks only where a comment says so; nothing here logs above debug. */

typedef struct ImageStore ImageStore;

typedef enum ImageKind {
        IMAGE_OCI,
        IMAGE_DOCKER,
        IMAGE_APPC,
        _IMAGE_KIND_MAX,
        _IMAGE_KIND_INVALID = -EINVAL,
} ImageKind;

const char *image_kind_to_string(ImageKind k);
ImageKind image_kind_from_string(const char *s);

typedef struct Image {
        Digest id;              /* of the manifest; for appc of the uncompressed ACI */
        ImageKind kind;
        char **names;           /* as kept in names/, sorted; the functions say whether the list is complete */
        uint64_t import_time;   /* nanoseconds since the epoch */
        uint64_t last_used;
        char **artifacts;       /* image_artifacts_look() reads it: the kinds of what is kept with the image */
        uint64_t size;          /* all its layers, bytes of file contents, and manifest and config */
        Digest *layers;         /* bottom to top */
        size_t n_layers;
        /* Read by all functions except image_store_list(): */
        App *app;               /* how to run it; NULL when the image has no app (appc) */
        char *manifest;         /* raw, NUL-terminated */
        size_t manifest_size;
        char *config;           /* raw; NULL for appc */
        size_t config_size;
        ImageTrust trust;       /* why the image is trusted */
} Image;

Image *image_free(Image *i);
DEFINE_TRIVIAL_CLEANUP_FUNC(Image *, image_free);

Image **image_array_free(Image **images, size_t n);

/* Opens the store below the data directory, creating it if missing. */
int image_store_open(const char *data_path, ImageStore **ret, char **reterr_message);
ImageStore *image_store_free(ImageStore *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(ImageStore *, image_store_free);

/* Locks the store; closing the returned fd releases the lock. operation: LOCK_SH or LOCK_EX, with LOCK_NB for -EAGAIN.
 * A process that prepares a pod holds it shared from before finding the image until the pod's own reference to the
 * layers is on disk. image_store_remove() and image_store_collect() take it exclusively themselves and must not be
 * called while holding it. */
int image_store_lock(ImageStore *s, int operation);

/* Finds an image by ID, prefix of an ID, or name. A name without tag means "latest", or else the newest appc image of
 * that name; "busybox" also finds "docker.io/library/busybox". The result has the name it was found by, or all its
 * names when it was found by ID. -ENOENT: there is none. -ENOTUNIQ: several match. -EINVAL: not a valid image name. */
int image_store_find(ImageStore *s, const char *text, Image **ret, char **reterr_message);
/* The same without reading the image: also works for broken images. The name, unless ret_name is NULL, is the one in
 * the store that led to it; NULL when none did. */
int image_store_resolve(ImageStore *s, const char *text, Digest *ret, char **ret_name, char **reterr_message);
/* Finds the image that the store has by the name of that location, or else from there: the name may refer to another
 * image by now. */
int image_store_resolve_location(ImageStore *s, const ImageLocation *l, Digest *ret, char **reterr_message);
/* Finds the image that a pod manifest names: by its ID if it has one, else by name and version. appc's spelling of a
 * name, in which '-' replaces the ':' of a port and other foreign characters, finds the name it was made from. */
int image_store_resolve_appc(ImageStore *s, const AppcImageRef *ref, Digest *ret, char **reterr_message);
/* Whether the image exists, even if damaged. */
bool image_store_has(ImageStore *s, const Digest *id);
/* By its complete ID, without its names. -ENOENT. */
int image_store_load(ImageStore *s, const Digest *id, Image **ret, char **reterr_message);

/* All images, oldest import first, except broken ones. Without names and documents, which would take long. */
int image_store_list(ImageStore *s, Image ***ret, size_t *ret_n);

/* Looks up all names of these images, which have none yet. */
int image_store_add_names(ImageStore *s, Image **images, size_t n_images);

/* Records that the image is being used. */
int image_store_touch(ImageStore *s, const Image *image);

/* Makes the name refer to the image, even if it referred to another one. */
int image_store_set_name(ImageStore *s, const char *name, const Digest *id, char **reterr_message);

/* Removes a complete name; the image stays. */
int image_store_remove_name(ImageStore *s, const char *name);
/* How many names the image has. */
int image_store_count_names(ImageStore *s, const Digest *id, size_t *ret);

/* Removes the image, its names, and those of its layers that neither another image nor used_layers ("sha256-…", those
 * of the pods) needs; layers that pods need are collected once they are no longer needed. */
int image_store_remove(ImageStore *s, const Digest *id, char *const *used_layers, char **reterr_message);

/* Layers come before their image, and interrupted transfers are resumed: an unreferenced entry may belong to running
 * work, and is usually kept for this long (ns). */
#define IMAGE_ORPHAN_GRACE (24 * 3600 * UINT64_C(1000000000))

/* Images are kept for this long (ns) after their last use, if nobody says otherwise. */
#define IMAGE_UNUSED_GRACE (24 * 3600 * UINT64_C(1000000000))

typedef struct ImageCollect {
        char *const *used_layers;       /* of all pods */
        char *const *used_images;       /* IDs to keep whatever their age */
        uint64_t unused_since;          /* images not used since this time (ns) are removed; 0: none */
        uint64_t max_size;              /* the least recently used are removed until the layers take no more than this;
                                         * 0: none */
        uint64_t orphan_grace;          /* ns; 0: they are removed at once */
        char **removed_images;          /* out: IDs, the caller's */
        bool preview;                   /* changes nothing, and says what would be removed */
        size_t removed_layers;          /* out */
        uint64_t freed;                 /* out: bytes of these layers */
        uint64_t freed_transfers;       /* out: bytes of interrupted transfers */
} ImageCollect;

/* Removes old images, layers that nothing needs, names of missing images, and leftovers of killed processes: layers
 * whose image never came, and interrupted transfers, when they are old enough. A dependency counts as used when an
 * image that depends on it is used. Continues after errors and returns the first. */
int image_store_collect(ImageStore *s, ImageCollect *c, char **reterr_message);

/* The space on disk of interrupted transfers, and of what is being fetched. */
int image_store_measure_transfers(ImageStore *s, uint64_t *ret);
