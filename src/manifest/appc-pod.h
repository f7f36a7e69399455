/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app-options.h"
#include "manifest/app.h"
#include "manifest/appc-volume.h"

/* appc pod manifests (spec/pods.md): every description of a pod is converted into one, and it is kept with the pod.
 * Extensions: an app's image needs no ID when it has a name (the store knows which image that is), and the ID may be
 * the digest of an OCI manifest, "sha256:…"; volumes have members that appc does not know, see below. */

/* An image as it is named in manifests and on command lines. */
typedef struct AppcImageRef {
        char *id;      /* NULL when only named */
        char *name;    /* NULL when only an ID is given */
        char **labels; /* "NAME=VALUE" */
} AppcImageRef;

/* A secret of one app, which the app finds below $CREDENTIALS_DIRECTORY (systemd.exec(5), "Credentials") and in
 * /run/secrets, and on request in a variable. This holds only the source of the secret, never its value. Not part of
 * appc. */
typedef struct AppcCredential {
        char *name;     /* see credential_name_is_valid() */
        char *source;   /* an absolute path of the host, or the name of a credential that the pod's unit has, or the
                         * host's store of them; the name, where none is given */
        bool encrypted; /* encrypted by systemd-creds(1), under this name */
        char *variable; /* the name of a variable of the app that has the value as well; NULL: none has */
} AppcCredential;

/* A file name that needs no quoting anywhere: letters, digits, ".", "_" and "-", at most CREDENTIAL_NAME_MAX. */
#define CREDENTIAL_NAME_MAX 128
bool credential_name_is_valid(const char *name);

typedef struct AppcPodApp {
        char *name;
        AppcImageRef image;
        App *app; /* replaces the image's app entirely; NULL: the image's is used */
        AppOptions *options; /* change the app at each start (extension); NULL: there are none */
        bool read_only_rootfs;
        Mount *mounts;
        size_t n_mounts;
        AppcCredential *credentials;
        size_t n_credentials;
        char **address_variables; /* "NAME=WORD" (extension): variables with an address that is known only when the pod
                                   * runs: pod-ip, pod-ips, host-ip or host-ips; the latter are joined by commas */
        char **annotations;
} AppcPodApp;

typedef struct PodPort {
        char *name;
        uint32_t host_port;
        char *host_ip;     /* NULL: all addresses */
        AppPort *pod_port; /* NULL: the port of that name in one of the apps */
} PodPort;

typedef struct AppcPod {
        char *kind;
        char *version;
        AppcPodApp *apps;
        size_t n_apps;
        Volume *volumes;
        size_t n_volumes;
        Isolator *isolators;
        size_t n_isolators;
        PodPort *ports;
        size_t n_ports;
        char **annotations; /* "NAME=VALUE" */
        char **user_annotations;
        char **user_labels;
} AppcPod;

/* Creates an empty manifest with kind and version set. */
AppcPod *appc_pod_new(void);
AppcPod *appc_pod_free(AppcPod *pod);
DEFINE_TRIVIAL_CLEANUP_FUNC(AppcPod *, appc_pod_free);

int appc_pod_parse(const char *data, size_t n, AppcPod **ret, JsonError *e);
int appc_pod_read(json_object *o, AppcPod **ret, JsonError *e);
int appc_pod_write(const AppcPod *pod, json_object **ret);

/* Checks what the schema allows but a running pod does not: at least one app; every mount names a volume of the pod or
 * brings its own; no app mounts two volumes at one path; forwarded ports name exactly one port. Apps whose `app` is
 * NULL must have been given their image's before. */
int appc_pod_check_runnable(const AppcPod *pod, JsonError *e);
/* Parses what a person wrote, and checks that, so that all mistakes are told at once. Apps whose `app` is NULL get
 * their image's later. e is strict. */
int appc_pod_parse_runnable(const char *data, size_t n, AppcPod **ret, JsonError *e);

const AppcPodApp *appc_pod_find_app(const AppcPod *pod, const char *name);
const Volume *appc_pod_find_volume(const AppcPod *pod, const char *name);
/* Calls the function with each image volume: the pod's, then those that apps have to themselves, or those of one app.
 * It ends with the first that fails. */
int appc_pod_each_image(const AppcPod *pod, int (*f)(Volume *v, void *userdata), void *userdata);
int appc_pod_app_each_image(const AppcPodApp *app, int (*f)(Volume *v, void *userdata), void *userdata);
const char *appc_pod_annotation(const AppcPod *pod, const char *name);
/* Whether apps may come and go while it runs. */
bool appc_pod_is_mutable(const AppcPod *pod);
/* See APPC_ANNOTATION_PRIVILEGED. */
bool appc_pod_is_privileged(const AppcPod *pod);
/* See APPC_ANNOTATION_UNFILTERED; a privileged pod is, too. */
bool appc_pod_is_unfiltered(const AppcPod *pod);

/* A copy without the app, and without the empty volumes that were made for its mount points, "APP-POINT". */
int appc_pod_without_app(const AppcPod *pod, const char *app, AppcPod **ret);

/* Appending, for code that composes a pod. Returns the app, to be filled in; it stays owned by the pod and may move at
 * the next call. Takes over volumes, mounts and ports, and zeroes them, on success. -EEXIST: another app or volume has
 * the name. */
int appc_pod_add_app(AppcPod *pod, const char *name, AppcPodApp **ret);
int appc_pod_add_volume(AppcPod *pod, Volume *volume);
int appc_pod_add_port(AppcPod *pod, PodPort *port);
int appc_pod_app_add_mount(AppcPodApp *app, Mount *mount);
/* Checked like a credential of a manifest, and copied. -EEXIST: the app has one of that name. */
int appc_pod_app_add_credential(AppcPodApp *app, const AppcCredential *credential, JsonError *e);

/* Whether the app mounts something at this path, however the path is spelled. */
bool appc_pod_app_has_mount(const AppcPodApp *app, const char *path);

void pod_port_done(PodPort *p);
void appc_image_ref_done(AppcImageRef *r);

/* Read single parts from JSON, into zeroed structs. */
int pod_port_read(json_object *o, PodPort *ret, JsonError *e);
