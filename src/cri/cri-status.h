/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cri/cri-answer.h"
#include "cri/cri-find.h"

/* What is told of sandboxes and containers. Messages are the caller's. */

Cri__PodSandboxMetadata *cri_sandbox_metadata(const CriSandboxRecord *record);
Cri__PodSandboxStatus *cri_sandbox_status(const CriSandbox *s);

Cri__ContainerMetadata *cri_container_metadata(const CriContainerRecord *record);
Cri__ContainerState cri_container_state(const Pod *pod, const char *app);
Cri__ContainerStatus *cri_container_status(Pod *pod, const AppcPodApp *app, const CriContainerRecord *record);
/* Of all that the sandbox has; adds to the list. */
void cri_container_statuses(const CriSandbox *s, Cri__ContainerStatus ***list, size_t *n);

/* What all messages of a sandbox have, and all of a container; type is the message's name in C. */
#define CRI_TELL(to, id_, metadata_, record, type)                                                                    \
        do {                                                                                                          \
                (to)->id = call_text(id_);                                                                            \
                (to)->metadata = (metadata_);                                                                         \
                cri_map_write((record)->labels, &cri__##type##__labels_entry__descriptor, &(to)->labels,              \
                              &(to)->n_labels);                                                                       \
                cri_map_write((record)->annotations, &cri__##type##__annotations_entry__descriptor,                   \
                              &(to)->annotations, &(to)->n_annotations);                                              \
        } while (0)
