/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cri/cri-messages.h"
#include "manifest/appc-pod.h"

/* What a client says of a sandbox and of a container, which it wants to hear again, or which a later call needs. It is
 * kept as JSON in an annotation of the pod, or of the app, so that there is nothing else to be kept, or to be lost. */

#define CRI_ANNOTATION "podctl/cri"

typedef struct CriSandboxRecord {
        char *name;
        char *uid;
        char *namespace;
        uint32_t attempt;
        char *hostname;
        char *handler;
        char *log_directory;
        char **labels;
        char **annotations;
        uint32_t network, pids, ipc; /* Cri__NamespaceMode */
        uint32_t uid_base; /* the first of its own user IDs; 0: it has the host's */
        bool privileged;   /* its containers may be */
        bool unfiltered;   /* system calls of the whole are not filtered */
} CriSandboxRecord;

typedef struct CriMountRecord {
        char *container_path;
        char *host_path;
        char *image; /* of an image volume, and the next: as the client named it */
        char *image_id;
        char *image_sub_path;
        bool read_only;
        bool recursive_read_only;
        uint32_t propagation; /* Cri__MountPropagation */
} CriMountRecord;

typedef struct CriContainerRecord {
        char *id;
        char *name;
        uint32_t attempt;
        char *image;           /* by name, if it has one */
        char *image_reference; /* NULL in older records: the ID */
        char *image_id;
        char *log_path;  /* on the host; NULL: there is none */
        char *stop_signal;
        char **labels;
        char **annotations;
        CriMountRecord *mounts;
        size_t n_mounts;
        /* Of the resources, what can be told again. */
        int64_t cpu_period, cpu_quota, cpu_shares, memory, memory_swap, oom_score_adj; /* memory_swap: with memory */
        char *cpus, *memory_nodes;
        char **unified; /* files of the control group, "NAME=VALUE" */
        bool terminal;
        bool open_input;
        bool input_once;
} CriContainerRecord;

CriSandboxRecord *cri_sandbox_record_free(CriSandboxRecord *r);
DEFINE_TRIVIAL_CLEANUP_FUNC(CriSandboxRecord *, cri_sandbox_record_free);
CriContainerRecord *cri_container_record_free(CriContainerRecord *r);
DEFINE_TRIVIAL_CLEANUP_FUNC(CriContainerRecord *, cri_container_record_free);

/* Whether that is a profile of seccomp, or of AppArmor, which confines nothing. api.proto: no profile is none, too; old
 * is what clients said before profiles had types. */
bool cri_is_unconfined(const Cri__SecurityProfile *p, const char *old);

/* -EINVAL: a name among the labels or annotations has a '='. */
int cri_sandbox_record_new(const Cri__PodSandboxConfig *config, const char *handler, CriSandboxRecord **ret);
int cri_container_record_new(const Cri__ContainerConfig *config, CriContainerRecord **ret);

/* Notes limits, to be told again; what is 0 or empty stays. */
int cri_container_record_limits(const Cri__LinuxContainerResources *from, CriContainerRecord *to);

/* The values of the annotation. */
int cri_sandbox_record_format(const CriSandboxRecord *r, char **ret);
int cri_container_record_format(const CriContainerRecord *r, char **ret);

/* -ENOENT: the pod, or the app, is not one of this interface. */
int cri_sandbox_record_of(const AppcPod *pod, CriSandboxRecord **ret);
int cri_container_record_of(const AppcPodApp *app, CriContainerRecord **ret);
