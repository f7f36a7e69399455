/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/manifest-text.h"
#include "pod/pod-files.h"

/* Reads a file of Kubernetes and logs what is in it that is not carried over, each with its line. The pod gets a new
 * UUID, where its files will be. */
int kube_manifest_parse(const ManifestText *from, Uuid *ret_uuid, KubePod **ret);
/* The same for a pod that nobody makes. */
int kube_manifest_parse_unmade(const ManifestText *from, AppcPod **ret);
/* Writes its files, also for a pod that is only tried. Logs. */
int kube_files_write(const Uuid *uuid, const KubePod *kube);
