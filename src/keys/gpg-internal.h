/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "keys/gpg.h"
#include "shared/json-table.h"

/* The interface between gpg.c, which asks, and gpg-child.c, which runs in the other process; that writes its answer as
 * JSON into one file descriptor, and the signed text into another. */

typedef struct GpgAnswer {
        int64_t error;          /* a positive errno */
        char *message;
        GpgKeys keys;
        GpgSignature signature;
} GpgAnswer;

extern const JsonField gpg_answer_table[];

typedef enum GpgTask {
        GPG_READ_KEYS,
        GPG_VERIFY_DETACHED,
        GPG_VERIFY_INLINE,
} GpgTask;

typedef struct GpgJob {
        GpgTask task;
        const GpgKeyData *keys;
        size_t n_keys;
        const GpgSigned *what;
        int answer_fd;
        int payload_fd;
} GpgJob;

/* The half that is in the module (gpg-child.c). */
typedef struct GpgMethods {
        int (*child)(void *job); /* runs in the other process */
} GpgMethods;

extern const GpgMethods gpg_methods;
