/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/archive.h"

/* Turns an archive into a file tree below a directory, to which no other process may write, as root.
 *
 * The archive is hostile. Every name is taken apart here, its parent is opened beneath the directory (openat2(2), see
 * image/tree/unpack-tree.h), and the file is made by *at calls on that parent. An entry never replaces another, except
 * that a directory may come again with new metadata. Absolute names, of entries and of the targets of hard links, are
 * taken relative to the directory; entries below a symbolic link of the same archive go where it leads inside the tree.
 * Refused, with a message that names the entry: names that lead out by "..", parents that are not directories or are
 * links to nothing, hard links to missing files, duplicates, overlayfs devices and attributes. Kept: contents with
 * their holes, owner, mode, times, user.* and capability attributes, POSIX ACLs. Other attributes are dropped. Missing
 * parents are made with mode 0755, owned by root.
 *
 * In a layer, OCI whiteouts (image-spec, layer.md) become overlayfs ones: ".wh.NAME" a character device 0/0,
 * ".wh..wh..opq" the attribute trusted.overlay.opaque. The contents of a layer are never hidden by its own whiteouts,
 * whichever comes first: a directory that is both whited out and present is opaque.
 *
 * -EBADMSG: refused or damaged. Other errors are those of the system (-ENOSPC, …). */

typedef enum UnpackStyle {
        UNPACK_LAYER,   /* an OCI or Docker layer: the tar is the tree */
        UNPACK_ACI,     /* appc (spec/aci.md): "manifest" and "rootfs/", nothing else; rootfs is the tree */
        UNPACK_VOLUME,  /* a volume (pod/volume-archive.h): the tar is the tree, and has no whiteouts */
        UNPACK_FILES,   /* an archive with an image layout: only plain files, directories and links, root's */
        _UNPACK_STYLE_MAX,
} UnpackStyle;


typedef struct UnpackResult {
        uint64_t size;          /* bytes of file contents written */
        uint64_t n_entries;
        uint32_t highest_id;    /* the highest ID of users and groups that own files */
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
