/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"

/* A tar as what a build begins with, which becomes the first layer. The record has a config already. */

/* An ACI: its files, and its manifest as that of the record. 0: it is none; nothing has changed. */
int build_base_aci(BuildContext *c, const char *path, char **reterr_message);
/* A tar of the files of an image, and nothing else. */
int build_base_rootfs(BuildContext *c, const char *path, char **reterr_message);
