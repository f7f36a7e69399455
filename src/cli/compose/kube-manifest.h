/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/manifest-text.h"
#include "cli/context.h"
#include "pod/pod-files.h"

/* Reads a file of Kubernetes and logs what is in it that is not carried over, each with its line. The pod gets a new
 * UUID, where its files will be. looks: as in KubeSurroundings. */
int kube_manifest_parse(const ManifestText *from, bool looks, Uuid *ret_uuid, KubePod **ret);
/* The same for a pod that nobody makes. to_fetch: fetches its images, with the logins of its Secrets; may be NULL. */
int kube_manifest_parse_unmade(const ManifestText *from, Context *to_fetch, AppcPod **ret);
/* Only when the pod is to start by itself; *ret stays NULL for other files, of any form. What is in the file that is
 * not carried over was told before. */
int kube_timer_read(const char *path, KubeTimer **ret);
/* Uses the logins of its Secrets for what is fetched from now on. Shown: as above. Logs. */
int kube_logins_use(Context *c, const KubePod *kube, const char *shown);
/* Writes its files, also for a pod that is only tried. Logs. */
int kube_files_write(const Uuid *uuid, const KubePod *kube);
