/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/export/registry-blobs.h"

/* Saves an image as an OCI layout in a directory, without a store, so that nobody has to be root. Errors are those of
 * registry_save_blobs(). After a failure the directory has a part of it. */
int registry_save(const RegistrySave *what, int dir_fd, char **reterr_message);
