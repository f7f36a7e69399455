/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Protections that a container is to do without, as the files and calls of others ask for it. */
typedef struct ForeignOpenings {
        bool capabilities, seccomp, paths;
} ForeignOpenings;

/* What becomes of a privileged container. */
#define FOREIGN_PRIVILEGED                                                                                             \
        "privileged is all rights within the pod: its root is not the host's, and devices are those that are named"

/* What becomes of one whose system calls are not filtered. */
#define FOREIGN_UNCONFINED                                                                                             \
        "podctl's own filter is taken away: that of systemd-nspawn, which the whole pod has, stays"

/* Adds them to the annotations of an app, "NAME=VALUE", if there are any. */
int foreign_openings_annotate(const ForeignOpenings *openings, char ***annotations);
