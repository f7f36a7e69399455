/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cri/cri-messages.h"
#include "grpc/grpc-message.h"

/* Devices by the Container Device Interface (https://github.com/cncf-tags/container-device-interface, SPEC.md, up to
 * version 1.1): files that vendors leave on the host say which device nodes, mounts, variables and groups a container
 * needs for the use of "VENDOR/CLASS=NAME". */

/* Where those files are; later ones have precedence. NULL ends them. */
extern const char *const cri_cdi_directories[];

/* Adds what the devices of the container need to its other members, and checks nothing of that but what those cannot
 * say. Otherwise *reterr_message says what is wrong, or cannot be. */
GrpcCode cri_cdi_apply(const char *const *directories, Cri__ContainerConfig *config, char **reterr_message);
