/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-keep.h"
#include "shared/json-table.h"

/* What is configured once for a host instead of with every command (rkt, Documentation/configuration.md): rkt's kinds
 * "paths", in paths.d, and "stage1", in stage1.d; ours are "metadata", in metadata.d, "log", in log.d, "ended", in
 * ended.d, and "cri", in cri.d. Other kinds belong to the modules that use them (image/transport/credentials.h,
 * image/transport/registry-config.h). */

typedef struct HostConfig {
        char *data;             /* where images and pods are; absolute */
        char *stage1_images;    /* absolute; not used */
        char *stage1_name;      /* both or none */
        char *stage1_version;
        char *stage1_location;  /* an absolute path, or a URL */
        Tristate mds_register;  /* register pods that do not say so themselves with the metadata service */
        char *log;              /* which journals have the output of pods that do not say so themselves */
        char *keep_pods;        /* how many ended pods of a name are kept: a number */
        char *keep_size;        /* and how much space they may take together: a size */
        char *cri_network;      /* "cni": kubelets' pods have no network but CNI's; "any", or NULL: else podctl's own */
} HostConfig;

/* Roots are as in shared/config-dir.h: each member is the last layer's that has it. */
int host_config_read(const char *const *roots, HostConfig **ret, char **reterr_message);
HostConfig *host_config_free(HostConfig *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(HostConfig *, host_config_free);

/* What is kept, or their defaults. */
PodKeep host_config_keep(const HostConfig *c);

/* Adds an object in the form of a file for each kind that has values. */
int host_config_to_json(const HostConfig *c, json_object *array);
