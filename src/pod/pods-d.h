/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "pod/update-record.h"

/* Pods as files, see podctl-pods.d(5): NAME.json or NAME.yaml, of any form (foreign/short/pod-form.h), in one of these
 * directories; the first that has it counts. */

#define PODS_D_LOCAL "/etc/podctl/pods.d"

/* Where podctl create writes units of pods: a timer, and properties of the service. And how such a file begins; %s is
 * the pod's name. */
#define PODS_D_UNIT_DIRECTORY "/etc/systemd/system"
#define PODS_D_DROP_IN_DIRECTORY PODS_D_UNIT_DIRECTORY "/pod@%s.service.d"
#define PODS_D_DROP_IN "50-podctl.conf"
#define PODS_D_DROP_IN_HEADER "# Written by podctl create.\n"

/* What podctl edit changes until it is good, beside the file of that name. NULL: out of memory. */
char *pods_d_draft(const char *file);

/* -ENOENT: none of them has it. */
int pods_d_find(const char *name, char **ret_path);
/* The names of all such pods, each once, sorted. */
int pods_d_list(char ***ret);

/* The image that the next start of an app would use without fetching. -ENOENT: none is in the store. */
int pods_d_find_image(ImageStore *store, const UpdateRecord *record, const AppcPodApp *app, Digest *ret);

/* The images that the next starts of all these pods use, as far as they are in the store: "ID=POD", once for each pod
 * that uses it. What `podctl update` decided, in the data directory, counts. *ret_unread, unless NULL, has a line for
 * each file that cannot be read, so that nobody knows what its pod uses. */
int pods_d_images(ImageStore *store, const char *data, char ***ret, char ***ret_unread);
