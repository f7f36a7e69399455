/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "basic/macro.h"
#include "image/transport/fetch-kind.h"

/* Our side of the process that talks to the network: PKGLIBDIR/podctl-fetch, which runs as a dedicated user, without
 * capabilities, in a nearly empty file system, behind a seccomp filter. It is started by the first request and ends
 * with the Fetcher. Its answers are untrusted, since it may have been taken over: digests and signatures are checked
 * on this side.
 *
 * It knows registries (OCI distribution specification 1.1): it handles tokens, mirrors, redirects and retries (429,
 * 5xx, broken connections), and resumes interrupted transfers. Credentials are looked up on this side, per request,
 * and it receives only those of the host in question. */
typedef struct Fetcher Fetcher;

typedef struct FetchRequest {
        FetchKind kind;
        const char *url;        /* https://, or http:// where that is allowed */
        const char *registry;   /* "docker.io", "localhost:5000" */
        const char *repository; /* "library/busybox" */
        const char *reference;
        const char *from;       /* what is pushed: see fetch-kind.h */
        const char *media_type;
        uint64_t size;
        const char *etag;       /* of our copy: the outcome may be FETCH_UNCHANGED */
        const char *last_modified;
        uint64_t offset;        /* begin there */
        uint64_t max;           /* refuse more; 0: OCI_DOCUMENT_MAX */
        int fd;                 /* receives the body when it is positive; else the body goes into the reply. What
                                 * is pushed is in this file, and goes from its beginning */
} FetchRequest;

typedef struct FetchReply {
        FetchOutcome outcome;
        char *data;             /* NUL-terminated; NULL when it went to an fd */
        size_t size;
        char *media_type;       /* Content-Type without parameters, or NULL */
        char *digest;           /* Docker-Content-Digest, or NULL: a hint, nothing more */
        char *etag;
        char *last_modified;
        uint64_t max_age;       /* seconds; 0: not given */
} FetchReply;

void fetch_reply_done(FetchReply *reply);

typedef struct FetcherOptions {
        const char *const *config_roots; /* where auth.d and registries.d are, see shared/config-dir.h */
        bool insecure_tls;      /* no certificates are checked */
        bool plain_http;        /* http:// may be used where https:// is not spoken */
        const char *program;    /* instead of PKGLIBDIR/podctl-fetch; for tests */
} FetcherOptions;

/* Reads the configuration; the options' roots must outlive the Fetcher. */
int fetcher_new(const FetcherOptions *options, Fetcher **ret, char **reterr_message);
/* For what is fetched from now on: credentials_add_logins(). */
int fetcher_add_logins(Fetcher *f, const char *text, char **reterr_message);
Fetcher *fetcher_free(Fetcher *f);
DEFINE_TRIVIAL_CLEANUP_FUNC(Fetcher *, fetcher_free);

/* Performs the request and waits. -ENOENT: 404. -EACCES: 401 or 403. -E2BIG: more than max. -EROFS: the registry
 * cannot be written to. -EFBIG: it does not accept so much. -EHOSTUNREACH, -ETIMEDOUT,
 * -EPROTO, -EBADMSG: a network error, described in the message, which begins with the object of the request. */
int fetcher_fetch(Fetcher *f, const FetchRequest *request, FetchReply *ret, char **reterr_message);

/* The same without waiting, for several in parallel. The request's fd is not needed any more once this returns; it is
 * required, since the body has no other place to go. */
int fetcher_start(Fetcher *f, const FetchRequest *request, uint64_t *ret_id, char **reterr_message);
/* Whether fetcher_finish() would not wait. */
bool fetcher_is_done(const Fetcher *f, uint64_t id);
/* Waits for the answer, which can be taken once. */
int fetcher_finish(Fetcher *f, uint64_t id, FetchReply *ret, char **reterr_message);

/* For poll(2): readable when fetcher_dispatch() has an answer to queue. */
int fetcher_fd(Fetcher *f);
int fetcher_dispatch(Fetcher *f, char **reterr_message);
