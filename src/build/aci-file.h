/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* ACIs as files (spec/aci.md, "Image Layout" and "Image Archives"), without unpacking them. */

/* What one consists of. */
typedef struct AciFile {
        char *manifest;         /* as it is in the file, not parsed; NULL: there is none */
        size_t manifest_size;
        bool has_rootfs;
        char *fault;            /* the first rule for layouts that is broken, apart from what is missing; or NULL */
} AciFile;

void aci_file_done(AciFile *f);

/* A tar, compressed or not. -EBADMSG: it is damaged, or no tar; the message says how. */
int aci_file_read(int fd, AciFile *ret, char **reterr_message);
/* A directory with the same files. */
int aci_file_read_directory(int dir_fd, AciFile *ret, char **reterr_message);

/* Whether it is what the specification demands, the manifest included. -EINVAL: it is not; the message says why. */
int aci_file_check(const AciFile *f, char **reterr_message);

/* Copies a tar with another manifest in the same place. -EBADMSG: as above. */
int aci_file_rewrite(int from, const char *manifest, bool gzip, int to, char **reterr_message);
