/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/kube/kube-pod.h"
#include "foreign/kube/kube-types.h"

/* An object of the text, and where it is. */
typedef struct KubeObject {
        const char *kind;
        json_object *o;
        YamlDocument document;
        char *path;             /* in the document: "", or "items[2]" */
} KubeObject;

/* A ConfigMap or Secret. */
typedef struct KubeSource {
        bool secret;
        bool wrong;             /* something of it is left out */
        bool encrypted;         /* its values are, by systemd-creds(1), each under the name "SECRET.KEY" */
        KubeConfig *config;
} KubeSource;

/* The conversion of one pod. */
typedef struct KubeMake {
        KubePod *pod;
        const KubeSurroundings *around;
        YamlDocument document;
        const char *path;       /* of the pod's spec in the document */
        char *const *left_out;  /* the paths in the document of what is wrong or missing, which has been told */
        const KubeMeta *meta;
        const KubePodSpec *spec;
        const char *restart;
        json_object *deadline;  /* of the workload, in seconds; NULL: none */
        json_object *retries;   /* of the workload, after failures; NULL: without end */
        KubeSource *sources;
        size_t n_sources;
        size_t *expanded;       /* bytes of texts whose references were replaced, of all containers */
} KubeMake;

/* kube-spec.c: the whole pod. job: it has to end by itself. */
int kube_spec_make(KubeMake *m, bool job);
/* kube-names.c: refuses names and addresses that are none. */
int kube_check_names(const KubeMake *m);

/* Notes something about a member of the pod's spec, unless it may only follow from what is left out; member is its path
 * in there. */
int kube_note(const KubeMake *m, bool refused, const char *member, const char *format, ...) _printf_(4, 5);
#define kube_refuse(m, member, ...) kube_note(m, true, member, __VA_ARGS__)
#define kube_warn(m, member, ...) kube_note(m, false, member, __VA_ARGS__)

/* Whether a member of the spec is left out. */
bool kube_is_left_out(const KubeMake *m, const char *member);

const KubeSource *kube_find_source(const KubeMake *m, bool secret, const char *name);
/* Whether what such a source, or the file, lacks may be left out. */
bool kube_source_was_wrong(const KubeMake *m, bool secret, const char *name);
bool kube_source_has(const KubeSource *s, const char *key);
/* Of a Secret's data and a ConfigMap's binaryData. -EINVAL: it is not base64. */
int kube_source_decode(const char *packed, char **ret, size_t *ret_size);
/* The bytes of a key, to be freed, as they are in the file. -ENOENT: it has no such key; -EINVAL: it is not base64, as
 * has been told. */
int kube_source_get(const KubeSource *s, const char *key, char **ret, size_t *ret_size);
/* The names of its keys; texts: only of those that variables can have, which binaryData is not for. */
int kube_source_keys(const KubeSource *s, bool texts, char ***ret);
/* Notes a file that podctl has to write. All of it is copied. */
int kube_add_file(const KubeMake *m, const KubeFile *file);
/* The name under which the value of a key is encrypted. *ret is NULL: it is not encrypted. */
int kube_source_credential(const KubeSource *s, const char *key, char **ret);
/* The pod's fsGroup, which its volumes belong to; 0: none. */
gid_t kube_fs_group(const KubeMake *m);

/* kube-field.c: what the pod says of itself, for a container's variable or, where there is no container, for a file,
 * which may be a whole map. *ret stays NULL when it is refused. */
int kube_field(const KubeMake *m, const KubeContainer *c, const char *member, const KubeField *f, char **ret);
/* kube-environment.c: options.environment, .exec and .arguments, and credentials. */
int kube_environment(const KubeMake *m, const KubeContainer *c, const char *where, AppcPodApp *app);
/* kube-files.c: the files of a volume of that kind. */
bool kube_volume_has_files(const KubeVolume *v);
int kube_volume_files(const KubeMake *m, const char *where, const KubeVolume *v);
/* kube-volumes.c */
int kube_volumes(const KubeMake *m);
int kube_mounts(const KubeMake *m, const KubeContainer *c, const char *where, AppcPodApp *app);
/* kube-checks.c: options.healthchecks and .hooks. init: the container is to end before the others start. */
int kube_checks(const KubeMake *m, const KubeContainer *c, const char *where, bool init, AppcPodApp *app);
/* kube-container.c. The origin of an image, "docker://NAME"; *ret stays NULL when it is refused. */
int kube_image_origin(const KubeMake *m, const char *where, const char *image, char **ret);
/* Before: the names of the init containers that have to end before, joined; or NULL. */
int kube_container(const KubeMake *m, const KubeContainer *c, const char *where, bool init, const char *before);
