/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/source-registry.h"

/* The layers of an image on their way from a registry into files, several at once. */

typedef struct RegistrySave {
        Fetcher *fetcher;
        const DockerReference *reference;
        const SourceImage *image;               /* that source_registry_describe() found */
        const SourceProgress *progress;         /* NULL: not reported */
        int partial_fd;                         /* the directory in which a layer stays until all of it is there, so
                                                 * that a later call goes on with it, also that of another process;
                                                 * negative: there is none, and the layer is fetched anew */
} RegistrySave;

/* Each layer as blobs/ALGORITHM/DIGEST in the directory, unless it is there already. Their digests are checked:
 * -EBADMSG. Other errors are those of fetcher_fetch(). After a failure the directory has a part of them. */
int registry_save_blobs(const RegistrySave *save, int dir_fd, char **reterr_message);
