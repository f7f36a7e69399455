/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "manifest/appc-pod.h"

/* Applies app->options to app->app, which is the image's if there is none yet. Without a user namespace, that one gets
 * no more of the host's capabilities than is usual (pod/image-demands.h). Logs. */
int compose_options(const Image *image, bool private_users, AppcPodApp *app);

/* Adds pairs NAME=VALUE of an option to a list. Logs. */
int compose_pairs(char ***list, char *const *pairs, const char *option);
