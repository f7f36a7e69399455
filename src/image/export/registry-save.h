/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/transport/fetcher.h"

/* Saves an image of a registry as an OCI layout in a directory, without a store, so that nobody has to be root: what it
 * has for this host. Its digests are checked, and nothing else is. name: which it has there. Errors are those of
 * fetcher_fetch(). After a failure the directory has a part of it. */
int registry_save(Fetcher *f, const DockerReference *reference, const char *name, int dir_fd, char **reterr_message);
