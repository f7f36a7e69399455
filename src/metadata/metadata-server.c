/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "basic/parse.h"
#include "basic/string-util.h"
#include "metadata/metadata-server.h"
#include "pod/registration.h"
#include "serve/http-server.h"

#define FIELDS_MAX 8

/* Whose requests come through a socket. */
enum {
        PODS,
        REGISTRARS,
        _KIND_MAX,
};

typedef struct Listener {
        MetadataService *service;
        int (*answer)(MetadataService *s, const MetadataRequest *q, MetadataReply *ret);
} Listener;

struct MetadataServer {
        HttpServer *server;
        Listener listeners[_KIND_MAX];
};

/* A request whose body is being received. */
typedef struct Exchange {
        struct MHD_PostProcessor *form;
        FormField fields[FIELDS_MAX];
        size_t n_fields;
        char *body;
        size_t n, allocated, max;
        bool bad; /* the body is too long, or its length is not a valid number */
} Exchange;

static Exchange *exchange_free(Exchange *e)
{
        if (!e)
                return NULL;
        if (e->form)
                (void) MHD_destroy_post_processor(e->form);
        for (size_t i = 0; i < e->n_fields; i++) {
                free((char *) e->fields[i].name);
                free((char *) e->fields[i].value);
        }
        free(e->body);
        return mfree(e);
}

/* Takes a piece of a field's value; a long value comes in several pieces. */
static enum MHD_Result on_field(void *userdata, enum MHD_ValueKind kind, const char *key, const char *filename,
                                const char *content_type, const char *transfer_encoding, const char *data,
                                uint64_t offset, size_t size)
{
        Exchange *e = userdata;
        FormField *f = e->n_fields > 0 ? &e->fields[e->n_fields - 1] : NULL;
        char *longer;

        /* The first piece of a field may be empty: the next one then begins at 0 as well. */
        if (!f || f->size != offset || (offset == 0 && (!key || !streq(f->name, key)))) {
                if (!key || e->n_fields == FIELDS_MAX)
                        return MHD_NO;
                f = &e->fields[e->n_fields];
                *f = (FormField) { .name = strdup(key) };
                if (!f->name)
                        return MHD_NO;
                e->n_fields++;
        }
        longer = realloc((char *) f->value, f->size + size + 1);
        if (!longer)
                return MHD_NO;
        memcpy(longer + f->size, strempty(data), size);
        f->value = longer;
        f->size += size;
        longer[f->size] = 0;
        return MHD_YES;
}

static Exchange *exchange_new(struct MHD_Connection *connection, const char *method)
{
        const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
        Exchange *e = new0(Exchange, 1);
        uint64_t n;

        if (!e)
                return NULL;
        e->max = metadata_body_max(method);
        e->bad = length && (parse_uint64(length, &n) < 0 || n > e->max);
        if (streq(method, "POST") && !e->bad)
                e->form = MHD_create_post_processor(connection, 4096, on_field, e);
        return e;
}

/* False: the rest of the body need not be received. */
static bool exchange_take(Exchange *e, const char *data, size_t n)
{
        if (e->n + n > e->max)
                return false;
        e->n += n;
        if (e->form)
                return MHD_post_process(e->form, data, n) == MHD_YES;
        if (ARRAY_GROW(e->body, e->allocated, e->n - n, n + 1) < 0)
                return false;
        memcpy(e->body + e->n - n, data, n);
        e->body[e->n] = 0;
        return true;
}

static enum MHD_Result answer(const Listener *l, struct MHD_Connection *connection, const char *path,
                              const char *method, const Exchange *e)
{
        MetadataRequest q = {
                .method = method,
                .path = http_path(path),
                .flavor = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Metadata-Flavor"),
                .token = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token"),
                .fields = e->fields,
                .n_fields = e->n_fields,
                .body = strempty(e->body),
                .body_size = e->n,
        };
        MetadataReply reply = {};
        int r;

        if (e->bad)
                r = metadata_refuse(&reply, e->max > 0 ? 413 : 400,
                                    e->max > 0 ? "that is too long\n" : "nothing is expected to be sent\n");
        else
                r = l->answer(l->service, &q, &reply);
        return r < 0 ? MHD_NO : http_answer(connection, reply.status, reply.type, reply.allow, reply.body);
}

/* Called once with the headers, then with each piece of the body, then once more. */
static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *n, void **state)
{
        const Listener *l = userdata;
        Exchange *e = *state;

        if (!e) {
                *state = e = exchange_new(connection, method);
                return !e ? MHD_NO : e->bad ? answer(l, connection, path, method, e) : MHD_YES;
        }
        if (*n > 0) {
                size_t taken = *n;

                *n = 0;
                return exchange_take(e, data, taken) ? MHD_YES : MHD_NO;
        }
        if (e->form) {
                (void) MHD_destroy_post_processor(e->form); /* this completes the last field */
                e->form = NULL;
        }
        return answer(l, connection, path, method, e);
}

static void release(void *state)
{
        exchange_free(state);
}

/* Only pods and this host are served. If the addresses of some pods are not known, all clients are. */
static bool find_client(void *userdata, int fd, ClientKey *ret)
{
        const Listener *l = userdata;
        char text[INET6_ADDRSTRLEN];
        HttpAddress peer;
        Uuid pod;

        if (!http_find_client(fd, &peer, ret))
                return false;
        if (client_is_host(ret))
                return true;
        if (client_address(&peer.header, text) &&
            registration_find_address(l->service->registration_fd, text, &pod) >= 0) {
                *ret = client_key_of_pod(&pod);
                return true;
        }
        return registration_has_strangers(l->service->foreign_fd) ||
               registration_has_strangers(l->service->registration_fd);
}

int metadata_server_new(MetadataService *service, MetadataServer **ret)
{
        _cleanup_free_ MetadataServer *s = new0(MetadataServer, 1);

        if (!s || http_server_new(&s->server) < 0)
                return -ENOMEM;
        s->listeners[PODS] = (Listener) { .service = service, .answer = metadata_answer_pod };
        s->listeners[REGISTRARS] = (Listener) { .service = service, .answer = metadata_answer_registrar };
        *ret = TAKE_PTR(s);
        return 0;
}

MetadataServer *metadata_server_free(MetadataServer *s)
{
        if (!s)
                return NULL;
        http_server_free(s->server);
        return mfree(s);
}

int metadata_server_add(MetadataServer *s, int fd, bool registrar)
{
        return http_server_add(s->server, fd, &(HttpHandler) {
                .on_request = on_request,
                .release = release,
                .find_client = registrar ? NULL : find_client,
                .userdata = &s->listeners[registrar ? REGISTRARS : PODS],
        });
}

int metadata_server_run(MetadataServer *s, unsigned idle_seconds)
{
        return http_server_run(s->server, idle_seconds);
}
