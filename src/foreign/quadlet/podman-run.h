/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-file.h"

/* A command line of podman run or docker run, as the file of Quadlet that says the same, so that there is one way from
 * both to pods. words: from "podman" or "sudo" on. -EINVAL with a message: it is not such a command line, or has an
 * option that is not known, so that nobody knows where the image is. */
int podman_run_parse(char *const *words, const char *name, QuadletFile *ret, char **reterr_message);

/* Puts the keys that PodmanArgs= of a container means in the place of each of these lines that has nothing but options
 * of podman run; others stay as they are. */
int podman_run_expand_arguments(QuadletFile *f);

/* Why an option, "--tty", is not carried over though nothing of it is lost that runs; NULL: there is nothing to say. */
const char *podman_run_why(const char *option);
