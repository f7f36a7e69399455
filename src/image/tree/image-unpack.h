/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/archive.h"

/* Turns an archive into a file tree below a directory, which nobody else may be writing to, as root.
 *
 * The archive is hostile. Every name is taken apart here, its parent opened beneath the directory (openat2(2), see
 * image/tree/unpack-tree.h), and the file made by *at calls on that parent; an entry never replaces another but for a
 * directory, which may come again with new metadata. Absolute names, of entries and of what hard links are made to,
 * mean below the directory; entries below a symbolic link of the same archive lie where it leads inside the tree.
 * Refused with a text naming the entry: names that lead out by "..", parents that are links to nothing or no
 * directories, hard links to what is not there, duplicates, overlayfs devices and attributes. Kept: contents with their
 * holes, owner, mode, times, user.* and capability attributes, POSIX ACLs. Other attributes are dropped. Missing
 * parents are made, mode 0755, root's.
 *
 * In a layer, OCI whiteouts (image-spec, layer.md) become overlayfs ones: ".wh.NAME" a character device 0/0,
 * ".wh..wh..opq" the attribute trusted.overlay.opaque. What a layer itself holds is never hidden by its own
 * whiteouts, whichever comes first: a directory both whited out and present is opaque.
 *
 * -EBADMSG: refused or damaged. Other errors are those of the system (-ENOSPC, …). */

typedef enum UnpackStyle {
        UNPACK_LAYER,   /* an OCI or Docker layer: the tar is the tree */
        UNPACK_ACI,     /* appc (spec/aci.md): "manifest" and "rootfs/", nothing else; rootfs is the tree */
        UNPACK_FILES,   /* an archive of an image layout: plain files, directories and links, root's, no more */
        _UNPACK_STYLE_MAX,
} UnpackStyle;


typedef struct UnpackResult {
        uint64_t size;          /* bytes of file contents written */
        uint64_t n_entries;
        uint32_t highest_id;    /* of the users and groups files belong to */
        bool privileged;        /* executing a file of it may give privileges: set-user-ID, set-group-ID,
                                 * capabilities */
        char *manifest;         /* UNPACK_ACI: the manifest, NUL-terminated */
        size_t manifest_size;
        char **implied;         /* directories made because something is in them, without an entry of their own;
                                 * "" is the top. Their metadata says nothing about the image. */
} UnpackResult;

void unpack_result_done(UnpackResult *u);

/* Reads all entries; archive_reader_finish() is left to the caller. */
int image_unpack(ArchiveReader *reader, UnpackStyle style, int tree_fd, UnpackResult *ret, char **reterr_message);
