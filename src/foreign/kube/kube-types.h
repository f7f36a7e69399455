/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* The objects of Kubernetes that podctl reads ("Kubernetes API Reference", v1 and apps/v1), as far as they are carried
 * over; what is not carried is in kube-rules.c. */

typedef struct KubeKey {
        char *name;
        char *key;
        bool optional;
} KubeKey;

/* Something that the pod says of itself: either of both. */
typedef struct KubeField {
        char *field;            /* fieldRef */
        char *resource;         /* resourceFieldRef, with its container (NULL: this one) and divisor */
        char *container;
        json_object *divisor;
} KubeField;

typedef struct KubeVariable {
        char *name;
        char *value;
        KubeKey *config_map;
        KubeKey *secret;
        KubeField from;
} KubeVariable;

typedef struct KubeVariables {
        char *prefix;
        KubeKey *config_map;
        KubeKey *secret;
} KubeVariables;

typedef struct KubePort {
        char *name;
        uint32_t container_port;
        uint32_t host_port;
        char *host_ip;
        char *protocol;
} KubePort;

typedef struct KubeMount {
        char *name;
        char *path;
        char *sub_path;
        char *propagation;
        bool read_only;
} KubeMount;

typedef struct KubeHttp {
        char *path;
        json_object *port;
        char *scheme;
        char *host;
        struct KubeHeader {
                char *name, *value;
        } *headers;
        size_t n_headers;
        char *service;          /* of gRPC */
} KubeHttp;

typedef struct KubeProbe {
        char **command;
        KubeHttp *http;
        KubeHttp *tcp;
        KubeHttp *grpc;
        uint32_t initial_delay, period, timeout, successes, failures;
} KubeProbe;

/* What is done after the start or before the end: one of these. */
typedef struct KubeHandler {
        char **command;
        KubeHttp *http;
        json_object *seconds;   /* to sleep; NULL: it does not */
        json_object *tcp;       /* deprecated, and refused */
} KubeHandler;

typedef struct KubeLifecycle {
        KubeHandler *hooks[2];  /* by AppHook */
        char *stop_signal;
} KubeLifecycle;

typedef struct KubeProfile {
        char *type;
        char *local;
} KubeProfile;

typedef struct KubeSelinux {
        char *user, *role, *type, *level;
} KubeSelinux;

typedef struct KubeSecurity {
        json_object *user, *group;      /* numbers; NULL: not said */
        Tristate non_root;
        Tristate escalation;
        bool read_only;
        bool privileged;
        char *proc_mount;               /* "Default" or "Unmasked" */
        char **add, **drop;
        KubeProfile *seccomp, *apparmor;
        KubeSelinux *selinux;
        /* The pod's: */
        json_object *fs_group;
        uint32_t *groups;
        size_t n_groups;
        struct KubeSysctl {
                char *name, *value;
        } *sysctls;
        size_t n_sysctls;
} KubeSecurity;

typedef struct KubeContainer {
        char *name;
        char *image;
        char *pull_policy;
        char *restart_policy;   /* of an init container: "Always" */
        char **command, **args;
        char *working_dir;
        bool open_input, terminal; /* stdin and tty */
        KubeVariable *env;
        size_t n_env;
        KubeVariables *env_from;
        size_t n_env_from;
        KubePort *ports;
        size_t n_ports;
        KubeMount *mounts;
        size_t n_mounts;
        json_object *limits, *requests;
        KubeProbe *probes[3];   /* by HealthKind */
        KubeLifecycle *lifecycle;
        KubeSecurity *security;
} KubeContainer;

typedef struct KubeItem {
        char *key;
        KubeField from;         /* in place of a key, with downwardAPI */
        char *path;
        json_object *mode;
} KubeItem;

typedef struct KubeFiles {
        char *name;
        KubeItem *items;
        size_t n_items;
        json_object *mode;
        bool optional;
} KubeFiles;

/* Where files of a volume come from: one of these. */
typedef struct KubeOrigin {
        KubeFiles *config_map;
        KubeFiles *secret;
        KubeFiles *downward;
} KubeOrigin;

typedef struct KubeProjected {
        KubeOrigin *sources;
        size_t n_sources;
        json_object *mode;
} KubeProjected;

typedef struct KubeVolume {
        char *name;
        struct KubeEmptyDir {
                char *medium;
                json_object *size;
        } *empty;
        struct KubeHostPath {
                char *path;
                char *type;
        } *host;
        struct KubeClaim {
                char *name;
                bool read_only;
        } *claim;
        struct KubeImageVolume {
                char *reference;
                char *pull_policy;
        } *image;
        KubeOrigin files;
        KubeProjected *projected;
} KubeVolume;

typedef struct KubePodSpec {
        KubeContainer *containers;
        size_t n_containers;
        KubeContainer *init;
        size_t n_init;
        KubeVolume *volumes;
        size_t n_volumes;
        char *restart_policy;
        char *os;               /* for Kubernetes, where a container has a signal */
        char *hostname;
        char *subdomain;
        char *dns_policy;
        char **nameservers, **searches;
        struct KubeDnsOption {
                char *name, *value;
        } *dns_options;
        size_t n_dns_options;
        struct KubeHostAlias {
                char *ip;
                char **names;
        } *aliases;
        size_t n_aliases;
        bool host_network, host_ipc, share_processes;
        KubeKey *pull_secrets;  /* only their names */
        size_t n_pull_secrets;
        json_object *grace;     /* seconds */
        json_object *deadline;  /* seconds */
        KubeSecurity *security;
} KubePodSpec;

typedef struct KubeMeta {
        char *name;
        char *namespace;
        char **annotations;
        char **labels;
} KubeMeta;

typedef struct KubePodObject {
        KubeMeta meta;
        KubePodSpec spec;
} KubePodObject;

/* Deployment, DaemonSet and Job. */
typedef struct KubeWorkload {
        KubeMeta meta;
        json_object *replicas, *completions, *parallelism;
        json_object *deadline;  /* seconds */
        json_object *retries;   /* backoffLimit */
        KubePodObject template;
} KubeWorkload;

typedef struct KubeCron {
        KubeMeta meta;
        char *schedule;
        char *zone;
        char *concurrency;
        bool suspend;
        json_object *deadline;  /* seconds */
        KubeWorkload job;
} KubeCron;

typedef struct KubeConfig {
        KubeMeta meta;
        char **data;            /* "NAME=TEXT" */
        char **binary;          /* "NAME=BASE64" */
        char **strings;         /* a secret's */
} KubeConfig;

/* A PersistentVolumeClaim: nothing of its spec is carried over. */
typedef struct KubeClaimObject {
        KubeMeta meta;
} KubeClaimObject;

extern const JsonType kube_type_pod;
extern const JsonType kube_type_workload;
extern const JsonType kube_type_cron;
extern const JsonType kube_type_config;
extern const JsonType kube_type_claim;
