/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/transport/fetch-kind.h"
#include "shared/json-table.h"

/* The protocol between podctl and the process that talks to the network: packed JSON (shared/json-pack.h) in packets of
 * a socket, each request with an open file that receives the body, or
 * has it. Both sides parse packets by these tables. */

#define FETCH_PACKET_MAX (128U * 1024)

/* The address of a registry, or of a mirror, and the credentials for it. */
typedef struct FetchEndpoint {
        char *url;              /* "https://registry-1.docker.io", without the path that is always the same */
        char *user, *password;  /* for basic authentication, and for requesting tokens */
        char *identity_token;   /* an OAuth2 refresh token instead of a password */
        char *bearer;           /* an access token, used as it is */
        char *aws_region;       /* user and password are an access key: requests are signed (SigV4) for it */
        char *ca;               /* PEM, trusted in addition to the host's own */
        bool insecure_tls;      /* certificates are not checked */
        bool plain_http;        /* plain HTTP may be used if the server does not speak TLS */
} FetchEndpoint;

typedef struct FetchMessage {
        uint64_t id;            /* its answer has the same one */
        char *kind;
        char *url;
        char *repository;
        char *reference;
        char *etag;
        char *last_modified;
        char *from;
        char *media_type;       /* of what is pushed */
        uint64_t size;          /* the same */
        uint64_t offset;
        uint64_t max;
        FetchEndpoint *endpoints;       /* tried in this order; for a URL one, with the credentials for it */
        size_t n_endpoints;
} FetchMessage;

typedef struct FetchAnswer {
        uint64_t id;
        uint64_t error;         /* an errno; 0: none */
        char *message;
        char *outcome;
        uint64_t size;          /* bytes written to the file */
        char *media_type;
        char *digest;
        char *etag;
        char *last_modified;
        uint64_t max_age;
} FetchAnswer;

extern const JsonType fetch_message_type; /* FetchMessage */
extern const JsonType fetch_answer_type;  /* FetchAnswer */

const char *fetch_kind_to_string(FetchKind k);
FetchKind fetch_kind_from_string(const char *s);
const char *fetch_outcome_to_string(FetchOutcome o);
FetchOutcome fetch_outcome_from_string(const char *s);

/* One packet. fd: a file to hand over, or negative. */
int fetch_send(int socket_fd, const JsonType *type, const void *message, int fd);
/* Receives the next packet. 0: the other side is gone. */
int fetch_receive(int socket_fd, const JsonType *type, void **ret, int *ret_fd);
