/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "cri/cri-record.h"
#include "grpc/grpc-message.h"

/* Sandboxes and containers by the IDs that clients have. That of a sandbox is the pod's UUID; that of a container is a
 * number of its own, followed by the digits of the pod's UUID, so that nothing has to be searched. The beginning of
 * an ID will do where it fits only one, as people write it. */

typedef struct CriSandbox {
        Pod *pod;                 /* loaded */
        CriSandboxRecord *record;
} CriSandbox;

typedef struct CriContainer {
        Pod *pod;                 /* loaded */
        const AppcPodApp *app;    /* of the pod's manifest */
        CriContainerRecord *record;
} CriContainer;

void cri_sandbox_done(CriSandbox *s);
void cri_container_done(CriContainer *c);

/* Of a new container in this pod. */
char *cri_container_new_id(const Uuid *pod);

/* -ENOENT: there is none. Both log nothing for it. */
int cri_sandbox_find(Context *c, const char *id, CriSandbox *ret);
int cri_container_find(Context *c, const char *id, CriContainer *ret);

/* The same for calls: what to answer where there is none. */
GrpcCode cri_sandbox_ask(Context *c, const char *id, CriSandbox *ret, char **reterr_message);
GrpcCode cri_container_ask(Context *c, const char *id, CriContainer *ret, char **reterr_message);

/* That of a pod. -ENOENT: there is no such pod, or it is not one of this interface. */
int cri_sandbox_open(PodStore *store, const Uuid *uuid, CriSandbox *ret);

/* Calls the function for each sandbox until it does not return 0, and returns that; 0 at the end. The function may take
 * what the sandbox has. */
int cri_sandbox_each(Context *c, int (*function)(CriSandbox *s, void *userdata), void *userdata);
