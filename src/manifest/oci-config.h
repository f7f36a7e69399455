/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app.h"
#include "manifest/oci-descriptor.h"

/* OCI image configuration (image-spec, config.md) and Docker's, which adds HealthCheck, ArgsEscaped and Shell; and its
 * conversion to an App. */

typedef struct OciHistory {
        char *created;
        char *author;
        char *created_by;
        char *comment;
        bool empty_layer;
} OciHistory;

typedef struct OciRuntimeConfig {
        char *user;
        char **exposed_ports; /* "80/tcp", "53/udp", "8080", "8000-8010/tcp" */
        char **env;           /* "NAME=VALUE" */
        char **entrypoint;
        char **cmd;
        char **volumes; /* paths */
        char *working_dir;
        char **labels; /* "NAME=VALUE" */
        char *stop_signal;
        int64_t stop_timeout; /* seconds */
        bool args_escaped;
        char **shell;
        HealthCheck *health_check;
} OciRuntimeConfig;

typedef struct OciRootfs {
        char *type; /* "layers" */
        Digest *diff_ids;
        size_t n_diff_ids;
} OciRootfs;

typedef struct OciConfig {
        char *created; /* RFC 3339 */
        char *author;
        char *architecture;
        char *os;
        char *os_version;
        char **os_features;
        char *variant;
        OciRuntimeConfig config;
        OciRootfs rootfs;
        OciHistory *history;
        size_t n_history;
} OciConfig;

OciConfig *oci_config_free(OciConfig *config);
DEFINE_TRIVIAL_CLEANUP_FUNC(OciConfig *, oci_config_free);
int oci_config_parse(const char *data, size_t n, OciConfig **ret, JsonError *e);
int oci_config_read(json_object *o, OciConfig **ret, JsonError *e);
int oci_config_write(const OciConfig *config, json_object **ret);

#define OCI_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The app the configuration describes:
 *   Entrypoint then Cmd   exec
 *   User "u", "u:g", ""   user u and the group the image gives u, else 0; u and g; 0 and 0
 *   Env                   environment, with PATH where it has none
 *   WorkingDir            workingDirectory, made absolute
 *   Volumes               mountPoints "volume-<path as AC name>", made unique by "-2", "-3"…
 *   ExposedPorts          ports "<port>-<protocol>"; what is not a port is left out
 *   Labels                userLabels
 *   StopSignal            stop signal
 *   StopTimeout           stop timeout
 *   Healthcheck, Shell    health check, unless it is "NONE" or cannot be carried out, with the defaults for numbers
 *                         that cannot be used */
int oci_config_to_app(const OciConfig *config, App **ret);
/* The parts that oci_config_to_app() leaves out, one line each with the member and the value, to be reported to the
 * user. */
int oci_config_ignored(const OciConfig *config, char ***ret);
