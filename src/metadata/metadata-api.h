/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "metadata/metadata-key.h"

/* The answers of the metadata service (appc 0.8.11, ace.md "App Container Metadata Service"), independent of the
 * transport. Pods send requests below /TOKEN/acMetadata/v1; programs that register pods that podctl did not start,
 * below /pods, as with rkt. */

typedef struct MetadataService {
        MetadataKey key;
        int registration_fd;        /* podctl's own pods; -EBADF while there are none */
        int foreign_fd;         /* pods registered here; -EBADF: none may be */
} MetadataService;

typedef struct FormField {
        const char *name;
        const char *value;      /* also NUL-terminated */
        size_t size;
} FormField;

typedef struct MetadataRequest {
        const char *method;
        const char *path;               /* percent-decoded, without query */
        const char *flavor;             /* header Metadata-Flavor, or NULL */
        const char *token;              /* the query's, or NULL */
        const FormField *fields;        /* of a POST */
        size_t n_fields;
        const char *body;               /* of a PUT; also NUL-terminated */
        size_t body_size;
} MetadataRequest;

typedef struct MetadataReply {
        unsigned status;
        const char *type;       /* of the body */
        const char *allow;      /* with 405: the methods there are */
        char *body;             /* never NULL */
} MetadataReply;

#define METADATA_TYPE_JSON "application/json"
#define METADATA_TYPE_TEXT "text/plain; charset=us-ascii"

/* The maximum size of a body of the method; 0: it has none. */
size_t metadata_body_max(const char *method);

/* Answers a request from an app of a pod. -ENOMEM. */
int metadata_answer_pod(MetadataService *s, const MetadataRequest *q, MetadataReply *ret);
/* Answers a request from a program that may register pods. */
int metadata_answer_registrar(MetadataService *s, const MetadataRequest *q, MetadataReply *ret);

/* Replies with an error message of one line. */
int metadata_refuse(MetadataReply *ret, unsigned status, const char *format, ...) _printf_(3, 4);
