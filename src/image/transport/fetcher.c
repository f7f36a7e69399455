/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "config.h"
#include "image/transport/credentials.h"
#include "image/transport/fetch-protocol.h"
#include "image/transport/fetcher-process.h"
#include "image/transport/fetcher.h"
#include "image/transport/registry-config.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

struct Fetcher {
        FetcherOptions options;
        Credentials *credentials;
        RegistryConfig *registries;
        int socket_fd;          /* negative: not started */
        pid_t pid;
        uint64_t last_id;

        uint64_t *awaited;      /* requests without an answer so far */
        size_t n_awaited, n_awaited_allocated;
        FetchAnswer **answers;  /* received, but not requested yet */
        size_t n_answers, n_answers_allocated;
};

int fetcher_new(const FetcherOptions *options, Fetcher **ret, char **reterr_message)
{
        _cleanup_(fetcher_freep) Fetcher *f = new0(Fetcher, 1);
        int r;

        if (!f)
                return -ENOMEM;
        f->options = *options;
        f->socket_fd = -EBADF;
        r = credentials_read(options->config_roots, &f->credentials, reterr_message);
        if (r < 0)
                return r;
        r = registry_config_read(options->config_roots, &f->registries, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

int fetcher_add_logins(Fetcher *f, const char *text, char **reterr_message)
{
        return credentials_add_logins(f->credentials, text, reterr_message);
}

Fetcher *fetcher_free(Fetcher *f)
{
        if (!f)
                return NULL;
        safe_close(f->socket_fd);
        if (f->pid > 0) {
                /* Whatever it is doing, its answers are no longer needed. */
                (void) kill(f->pid, SIGKILL);
                while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        for (size_t i = 0; i < f->n_answers; i++)
                json_document_free(&fetch_answer_type, f->answers[i]);
        free(f->answers);
        free(f->awaited);
        credentials_free(f->credentials);
        registry_config_free(f->registries);
        return mfree(f);
}

void fetch_reply_done(FetchReply *reply)
{
        free(reply->data);
        free(reply->media_type);
        free(reply->digest);
        free(reply->etag);
        free(reply->last_modified);
        *reply = (FetchReply) {};
}

static int start_process(Fetcher *f, char **reterr_message)
{
        const char *program = f->options.program ?: PKGLIBDIR "/podctl-fetch";
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int fds[2], r;

        if (f->socket_fd >= 0)
                return 0;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        ours = fds[0];
        theirs = fds[1];
        r = fetcher_process_start(program, theirs, &f->pid);
        if (r < 0)
                return explain(reterr_message, r, "%s: cannot be started: %s", program, strerror(-r));
        f->socket_fd = TAKE_FD(ours);
        return 0;
}

/* The end of a process closes its socket; with something unread in it, that is -ECONNRESET. */
static bool is_gone(int r)
{
        return r == -EPIPE || r == -ECONNRESET;
}

static int explain_peer(int r, char **reterr_message)
{
        return explain(reterr_message, r, "the process that talks to the network %s",
                       r == -ECHILD ? "has ended" : "sent an invalid answer");
}

/* Endpoints */

static char *url_host(const char *url)
{
        const char *host = strstr(url, "://");

        host = host ? host + 3 : url;
        return strndup(host, strcspn(host, "/?#"));
}

static int fill_credential(FetchEndpoint *e, const Credential *c)
{
        const struct {
                const char *from;
                char **to;
        } members[] = {
                { c->user, &e->user }, { c->password, &e->password }, { c->identity_token, &e->identity_token },
                { c->bearer, &e->bearer }, { c->aws_region, &e->aws_region },
        };

        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (members[i].from && !(*members[i].to = strdup(members[i].from)))
                        return -ENOMEM;
        return 0;
}

/* The host that serves docker.io has another name. */
static const char *registry_host(const char *registry)
{
        return streq(registry, "docker.io") ? "registry-1.docker.io" : registry;
}

/* Takes ownership of the URL. */
static int fill_endpoint(Fetcher *f, FetchEndpoint *e, char *url, const char *registry, const Credential *credential,
                         char **reterr_message)
{
        const RegistrySettings *settings = registry_config_find(f->registries, registry);

        e->url = url;
        if (!url)
                return -ENOMEM;
        e->insecure_tls = f->options.insecure_tls || settings->insecure_tls;
        e->plain_http = f->options.plain_http || settings->plain_http || startswith(url, "http://");
        if (credential) {
                int r = fill_credential(e, credential);
                if (r < 0)
                        return r;
        }
        return registry_config_authorities(settings, registry, &e->ca, reterr_message);
}

static int fill_mirror(Fetcher *f, FetchEndpoint *e, const char *url, const char *repository, char **reterr_message)
{
        _cleanup_free_ char *host = url_host(url);
        const Credential *credential;
        int r;

        if (!host)
                return -ENOMEM;
        r = credentials_for_registry(f->credentials, host, repository, &credential, reterr_message);
        return r < 0 ? r : fill_endpoint(f, e, strdup(url), host, credential, reterr_message);
}

/* What is pushed goes to the registry itself, and what is there already is looked for there. */
static bool asks_mirrors(FetchKind kind)
{
        return kind != FETCH_BLOB_HEAD && kind != FETCH_BLOB_PUSH && kind != FETCH_MANIFEST_PUSH;
}

static int fill_registry(Fetcher *f, FetchMessage *m, const FetchRequest *request, char **reterr_message)
{
        const char *registry = request->registry;
        const RegistrySettings *settings = registry_config_find(f->registries, registry);
        size_t n = asks_mirrors(request->kind) ? strv_length(settings->mirrors) + 1 : 1;
        const Credential *credential;
        int r;

        m->endpoints = new0(FetchEndpoint, n);
        if (!m->endpoints)
                return -ENOMEM;
        m->n_endpoints = n;
        for (size_t i = 0; i + 1 < n; i++) {
                r = fill_mirror(f, &m->endpoints[i], settings->mirrors[i], m->repository, reterr_message);
                if (r < 0)
                        return r;
        }
        r = credentials_for_registry(f->credentials, registry, m->repository, &credential, reterr_message);
        if (r < 0)
                return r;
        return fill_endpoint(f, &m->endpoints[n - 1], strjoin("https://", registry_host(registry)), registry,
                             credential, reterr_message);
}

static int fill_url(Fetcher *f, FetchMessage *m, char **reterr_message)
{
        _cleanup_free_ char *host = url_host(strempty(m->url));

        if (startswith(strempty(m->url), "http://") && !f->options.plain_http)
                return explain(reterr_message, EACCES,
                               "is not https; give --insecure-options=http to fetch it in the clear");
        m->endpoints = new0(FetchEndpoint, 1);
        if (!host || !m->endpoints)
                return -ENOMEM;
        m->n_endpoints = 1;
        return fill_endpoint(f, m->endpoints, strjoin("https://", host), host,
                             credentials_for_host(f->credentials, host), reterr_message);
}

/* Requests */

static int copy_string(const char *s, char **ret)
{
        *ret = s ? strdup(s) : NULL;
        return s && !*ret ? -ENOMEM : 0;
}

static int make_message(Fetcher *f, const FetchRequest *request, FetchMessage *m, char **reterr_message)
{
        const struct {
                const char *from;
                char **to;
        } strings[] = {
                { fetch_kind_to_string(request->kind), &m->kind }, { request->url, &m->url },
                { request->repository, &m->repository }, { request->reference, &m->reference },
                { request->etag, &m->etag }, { request->last_modified, &m->last_modified },
                { request->from, &m->from }, { request->media_type, &m->media_type },
        };

        m->id = ++f->last_id;
        m->size = request->size;
        m->offset = request->offset;
        m->max = request->max ?: request->fd > 0 ? 0 : OCI_DOCUMENT_MAX;
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (copy_string(strings[i].from, strings[i].to) < 0)
                        return -ENOMEM;
        return request->registry ? fill_registry(f, m, request, reterr_message)
                                 : fill_url(f, m, reterr_message);
}

/* The beginning of a message about a request. */
static int name_request(const FetchRequest *request, int r, char **reterr_message)
{
        if (!request->registry)
                return explain_context(reterr_message, r, "%s", strempty(request->url));
        return explain_context(reterr_message, r, "%s/%s%s%s", request->registry, request->repository,
                               strchr(request->reference, ':') ? "@" : ":", request->reference);
}

static int send_request(Fetcher *f, const FetchRequest *request, FetchMessage *m, char **reterr_message)
{
        int r = make_message(f, request, m, reterr_message);

        if (r < 0)
                return r;
        return fetch_send(f->socket_fd, &fetch_message_type, m, request->fd > 0 ? request->fd : -EBADF);
}

int fetcher_start(Fetcher *f, const FetchRequest *request, uint64_t *ret_id, char **reterr_message)
{
        FetchMessage m = {};
        int r;

        r = start_process(f, reterr_message);
        if (r < 0)
                return r;
        r = ARRAY_GROW(f->awaited, f->n_awaited_allocated, f->n_awaited, 1);
        if (r < 0)
                return r;
        r = send_request(f, request, &m, reterr_message);
        json_table_free(fetch_message_type.table, &m);
        if (is_gone(r))
                r = explain_peer(-ECHILD, reterr_message);
        if (r < 0)
                return name_request(request, r, reterr_message);
        *ret_id = f->awaited[f->n_awaited++] = f->last_id;
        return 0;
}

int fetcher_fd(Fetcher *f)
{
        return f->socket_fd;
}

static bool take_awaited(Fetcher *f, uint64_t id)
{
        for (size_t i = 0; i < f->n_awaited; i++)
                if (f->awaited[i] == id) {
                        f->awaited[i] = f->awaited[--f->n_awaited];
                        return true;
                }
        return false;
}

int fetcher_dispatch(Fetcher *f, char **reterr_message)
{
        FetchAnswer *answer;
        void *received;
        int r;

        r = ARRAY_GROW(f->answers, f->n_answers_allocated, f->n_answers, 1);
        if (r < 0)
                return r;
        r = fetch_receive(f->socket_fd, &fetch_answer_type, &received, NULL);
        if (r <= 0)
                return explain_peer(r == 0 || is_gone(r) ? -ECHILD : r, reterr_message);
        answer = received;
        /* Each request has one answer. Others could be queued without limit, and would never be requested. */
        if (!take_awaited(f, answer->id)) {
                json_document_free(&fetch_answer_type, answer);
                return explain_peer(-EPROTO, reterr_message);
        }
        f->answers[f->n_answers++] = answer;
        return 0;
}

bool fetcher_is_done(const Fetcher *f, uint64_t id)
{
        for (size_t i = 0; i < f->n_answers; i++)
                if (f->answers[i]->id == id)
                        return true;
        return false;
}

static FetchAnswer *take_answer(Fetcher *f, uint64_t id)
{
        for (size_t i = 0; i < f->n_answers; i++)
                if (f->answers[i]->id == id) {
                        FetchAnswer *answer = f->answers[i];

                        f->answers[i] = f->answers[--f->n_answers];
                        return answer;
                }
        return NULL;
}

/* The errors that a message without text may have; the other side is not trusted. */
static int answer_error(const FetchAnswer *answer)
{
        return answer->error == 0 ? 0 : answer->error < 4096 ? -(int) answer->error : -EPROTO;
}

int fetcher_finish(Fetcher *f, uint64_t id, FetchReply *ret, char **reterr_message)
{
        FetchAnswer *answer;
        int r = 0;

        while (!(answer = take_answer(f, id))) {
                r = fetcher_dispatch(f, reterr_message);
                if (r < 0)
                        return r;
        }
        r = answer_error(answer);
        if (r < 0 && answer->message && string_is_ascii_printable(answer->message))
                (void) explain(reterr_message, r, "%s", answer->message);
        *ret = (FetchReply) {
                .outcome = fetch_outcome_from_string(answer->outcome),
                .media_type = TAKE_PTR(answer->media_type),
                .digest = TAKE_PTR(answer->digest),
                .etag = TAKE_PTR(answer->etag),
                .last_modified = TAKE_PTR(answer->last_modified),
                .max_age = answer->max_age,
                .size = answer->size,
        };
        if (r >= 0 && ret->outcome < 0)
                r = -EPROTO;
        json_document_free(&fetch_answer_type, answer);
        if (r < 0)
                fetch_reply_done(ret);
        return r;
}

/* The other side knows the limit, but may not respect it. */
static int read_body(int fd, uint64_t max, FetchReply *reply, char **reterr_message)
{
        char proc[PROC_FD_PATH_MAX];
        int r;

        free(reply->data);
        r = read_file_at(AT_FDCWD, proc_fd_path(fd, proc), (size_t) max, &reply->data, &reply->size);
        return r == -EFBIG ? explain(reterr_message, E2BIG, "is larger than %" PRIu64 " bytes", max) : r;
}

static int finish_in_memory(Fetcher *f, uint64_t id, int memory, uint64_t max, FetchReply *ret, char **reterr_message)
{
        int r = fetcher_finish(f, id, ret, reterr_message);

        return r < 0 || memory < 0 ? r : read_body(memory, max, ret, reterr_message);
}

int fetcher_fetch(Fetcher *f, const FetchRequest *request, FetchReply *ret, char **reterr_message)
{
        _cleanup_close_ int memory = -EBADF;
        FetchRequest own = *request;
        FetchReply reply = {};
        uint64_t id;
        int r;

        if (own.fd <= 0) {
                own.max = own.max ?: OCI_DOCUMENT_MAX;
                own.fd = memory = memfd_create("podctl-fetch", MFD_CLOEXEC);
                if (memory < 0)
                        return -errno;
        }
        r = fetcher_start(f, &own, &id, reterr_message);
        if (r < 0)
                return r;
        r = finish_in_memory(f, id, memory, own.max, &reply, reterr_message);
        if (r < 0) {
                fetch_reply_done(&reply);
                return name_request(request, r, reterr_message);
        }
        *ret = reply;
        return 0;
}
