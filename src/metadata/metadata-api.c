/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/fs.h"
#include "basic/strv.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/appc-pod.h"
#include "metadata/metadata-api.h"
#include "pod/registration.h"

#define FORM_MAX (1024U * 1024)
#define WILDCARDS_MAX 2
#define TYPE_UTF8 "text/plain; charset=utf-8"

/* A request in progress: the pod that sent it, and the values of the route's wildcards. */
typedef struct Call {
        MetadataService *service;
        const MetadataRequest *request;
        int pod_fd;
        Uuid uuid;
        char *words[WILDCARDS_MAX];
} Call;

static void call_done(Call *c)
{
        safe_close(c->pod_fd);
        for (size_t i = 0; i < WILDCARDS_MAX; i++)
                free(c->words[i]);
}

typedef struct Route {
        const char *method;
        const char *pattern;    /* "*" is one word of the path, "**" all the rest of it */
        int (*handler)(Call *c, MetadataReply *ret);
} Route;

/* Replies */

static int reply(MetadataReply *ret, unsigned status, const char *type, char *body)
{
        if (!body)
                return -ENOMEM;
        *ret = (MetadataReply) { .status = status, .type = type, .body = body };
        return 0;
}

int metadata_refuse(MetadataReply *ret, unsigned status, const char *format, ...)
{
        char *text;
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        return reply(ret, status, TYPE_UTF8, text);
}

static int reply_text(MetadataReply *ret, const char *text)
{
        return reply(ret, 200, string_is_ascii_printable(text) ? METADATA_TYPE_TEXT : TYPE_UTF8, strdup(text));
}

static int reply_failure(MetadataReply *ret, int r)
{
        return r == -ENOMEM ? r : metadata_refuse(ret, 500, "cannot look that up: %s\n", strerror(-r));
}

/* Registered pods */

static int read_manifest(Call *c, AppcPod **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read_file_at(c->pod_fd, "manifest", JSON_MAX_SIZE, &text, &n);

        return r < 0 ? r : appc_pod_parse(text, n, ret, NULL);
}

static int read_image(Call *c, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *path = ac_name_is_valid(c->words[0]) ? strjoin("apps/", c->words[0]) : NULL;

        return path ? read_file_at(c->pod_fd, path, JSON_MAX_SIZE, ret, ret_size) : -ENOENT;
}

static int refuse_app(const Call *c, int r, MetadataReply *ret)
{
        if (r != -ENOENT)
                return reply_failure(ret, r);
        return ac_name_is_valid(c->words[0]) ? metadata_refuse(ret, 404, "the pod has no app '%s'\n", c->words[0])
                                             : metadata_refuse(ret, 400, "'%s' is not a valid name of an app\n",
                                                               c->words[0]);
}

static int reply_annotations(char **annotations, MetadataReply *ret)
{
        _cleanup_json_object_ json_object *array = NULL;
        char *text = NULL;
        int r = json_name_values.write(&json_name_values, &annotations, &array);

        if (r < 0)
                return r;
        if (!array)
                return reply(ret, 200, METADATA_TYPE_JSON, strdup("[]"));
        if (r < 0)
                return r;
        r = json_format_compact(array, &text);
        return r < 0 ? r : reply(ret, 200, METADATA_TYPE_JSON, text);
}

static int reply_annotation(char *const *annotations, const char *name, MetadataReply *ret)
{
        const char *value = ac_identifier_is_valid(name) ? strv_env_get(annotations, name) : NULL;

        if (value)
                return reply_text(ret, value);
        return ac_identifier_is_valid(name) ? metadata_refuse(ret, 404, "there is no annotation '%s'\n", name)
                                            : metadata_refuse(ret, 400, "'%s' is not a valid name of an annotation\n",
                                                              name);
}

/* The annotations of the image; those that the pod's manifest has for the app replace them. */
static int app_annotations(Call *c, char ***ret)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        _cleanup_free_ char *text = NULL;
        const AppcPodApp *app;
        size_t n;
        int r;

        r = read_image(c, &text, &n);
        if (r < 0)
                return r;
        r = appc_image_parse(text, n, &image, NULL);
        if (r < 0)
                return r;
        r = read_manifest(c, &pod);
        if (r < 0)
                return r;
        app = appc_pod_find_app(pod, c->words[0]);
        STRV_FOREACH(a, app ? app->annotations : NULL) {
                _cleanup_free_ char *name = strndup(*a, strcspn(*a, "="));

                if (!name || strv_env_set(&image->annotations, name, *a + strlen(name) + 1) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(image->annotations);
        return 0;
}

/* For apps */

static int get_pod_annotations(Call *c, MetadataReply *ret)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        int r = read_manifest(c, &pod);

        if (r < 0)
                return reply_failure(ret, r);
        return c->words[0] ? reply_annotation(pod->annotations, c->words[0], ret)
                           : reply_annotations(pod->annotations, ret);
}

static int get_pod_manifest(Call *c, MetadataReply *ret)
{
        char *text;
        int r = read_file_at(c->pod_fd, "manifest", JSON_MAX_SIZE, &text, NULL);

        return r < 0 ? reply_failure(ret, r) : reply(ret, 200, METADATA_TYPE_JSON, text);
}

static int get_pod_uuid(Call *c, MetadataReply *ret)
{
        return reply_text(ret, c->uuid.s);
}

static int get_app_annotations(Call *c, MetadataReply *ret)
{
        _cleanup_strv_free_ char **annotations = NULL;
        int r = app_annotations(c, &annotations);

        if (r < 0)
                return refuse_app(c, r, ret);
        return c->words[1] ? reply_annotation(annotations, c->words[1], ret) : reply_annotations(annotations, ret);
}

static int get_image_manifest(Call *c, MetadataReply *ret)
{
        char *text;
        int r = read_image(c, &text, NULL);

        return r < 0 ? refuse_app(c, r, ret) : reply(ret, 200, METADATA_TYPE_JSON, text);
}

static int get_image_id(Call *c, MetadataReply *ret)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        const AppcPodApp *app;
        int r = read_manifest(c, &pod);

        if (r < 0)
                return reply_failure(ret, r);
        app = appc_pod_find_app(pod, c->words[0]);
        return app && app->image.id ? reply_text(ret, app->image.id) : refuse_app(c, -ENOENT, ret);
}

static const FormField *find_field(const MetadataRequest *q, const char *name)
{
        for (size_t i = 0; i < q->n_fields; i++)
                if (streq(q->fields[i].name, name))
                        return &q->fields[i];
        return NULL;
}

static int post_sign(Call *c, MetadataReply *ret)
{
        const FormField *content = find_field(c->request, "content");
        char *signature;
        int r;

        if (!content || content->size == 0)
                return metadata_refuse(ret, 400, "a form with the field 'content' is expected\n");
        r = metadata_key_sign(&c->service->key, &c->uuid, content->value, content->size, &signature);
        return r < 0 ? reply_failure(ret, r) : reply(ret, 200, METADATA_TYPE_TEXT, signature);
}

static int post_verify(Call *c, MetadataReply *ret)
{
        const FormField *content = find_field(c->request, "content"), *uuid_field = find_field(c->request, "uuid"),
                        *signature = find_field(c->request, "signature");
        Uuid uuid;
        int r;

        if (!content || content->size == 0)
                return metadata_refuse(ret, 400, "a form with the field 'content' is expected\n");
        if (!uuid_field || uuid_parse(uuid_field->value, &uuid) < 0)
                return metadata_refuse(ret, 400, "the form's field 'uuid' is missing, or is not a UUID\n");
        if (!signature)
                return metadata_refuse(ret, 400, "the form's field 'signature' is missing\n");
        r = metadata_key_verify(&c->service->key, &uuid, content->value, content->size, signature->value);
        if (r == -EINVAL)
                return metadata_refuse(ret, 400, "the form's field 'signature' is not valid base64\n");
        if (r < 0)
                return reply_failure(ret, r);
        return reply(ret, r > 0 ? 200 : 403, METADATA_TYPE_TEXT, strdup(""));
}

static const Route pod_routes[] = {
        { "GET", "pod/annotations", get_pod_annotations },
        { "GET", "pod/annotations/**", get_pod_annotations },
        { "GET", "pod/manifest", get_pod_manifest },
        { "GET", "pod/uuid", get_pod_uuid },
        { "GET", "apps/*/annotations", get_app_annotations },
        { "GET", "apps/*/annotations/**", get_app_annotations },
        { "GET", "apps/*/image/manifest", get_image_manifest },
        { "GET", "apps/*/image/id", get_image_id },
        { "POST", "pod/hmac/sign", post_sign },
        { "POST", "pod/hmac/verify", post_verify },
        {}
};

/* For programs that register pods */

static int parse_uuid_word(const Call *c, Uuid *ret, MetadataReply *reply_to)
{
        if (uuid_parse(c->words[0], ret) >= 0)
                return 1;
        return metadata_refuse(reply_to, 400, "'%s' is not a UUID\n", c->words[0]);
}

static int refuse_json(MetadataReply *ret, const char *what, const JsonError *e, int r)
{
        return r == -ENOMEM ? r : metadata_refuse(ret, 400, "%s: %s\n", what, json_error_message(e, r));
}

static int reply_registered(const Call *c, int r, MetadataReply *ret)
{
        if (r == -EEXIST)
                return metadata_refuse(ret, 400, "another pod has this token\n");
        if (r == -ENOENT)
                return metadata_refuse(ret, 404, "no pod %s is registered here\n", c->words[0]);
        return r < 0 ? reply_failure(ret, r) : reply(ret, 200, METADATA_TYPE_TEXT, strdup(""));
}

static int put_pod(Call *c, MetadataReply *ret)
{
        const MetadataRequest *q = c->request;
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *text = NULL;
        Uuid uuid;
        int r;

        r = parse_uuid_word(c, &uuid, ret);
        if (r <= 0)
                return r;
        if (!q->token || !token_is_valid(q->token))
                return metadata_refuse(ret, 400,
                                       "token=… is missing, or is not %u to %u of letters, digits, '-' and '_'\n",
                                       TOKEN_MIN, TOKEN_MAX);
        r = json_parse_memory(q->body, q->body_size, &o, &e);
        if (r >= 0)
                r = appc_pod_read(o, &pod, &e);
        if (r < 0)
                return refuse_json(ret, "pod manifest", &e, r);
        r = registration_format_manifest(o, &text);
        if (r >= 0)
                r = registration_add(c->service->foreign_fd, &uuid, q->token, text);
        return reply_registered(c, r, ret);
}

static int put_app(Call *c, MetadataReply *ret)
{
        const MetadataRequest *q = c->request;
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        _cleanup_json_error_ JsonError e = {};
        Uuid uuid;
        int r;

        r = parse_uuid_word(c, &uuid, ret);
        if (r <= 0)
                return r;
        if (!ac_name_is_valid(c->words[1]))
                return metadata_refuse(ret, 400, "'%s' is not a valid name of an app\n", c->words[1]);
        r = appc_image_parse(strempty(q->body), q->body_size, &image, &e);
        if (r < 0)
                return refuse_json(ret, "image manifest", &e, r);
        return reply_registered(c, registration_add_app(c->service->foreign_fd, &uuid, c->words[1], q->body), ret);
}

static int delete_pod(Call *c, MetadataReply *ret)
{
        Uuid uuid;
        int r = parse_uuid_word(c, &uuid, ret);

        return r <= 0 ? r : reply_registered(c, registration_remove(c->service->foreign_fd, &uuid), ret);
}

static const Route registrar_routes[] = {
        { "PUT", "pods/*", put_pod },
        { "DELETE", "pods/*", delete_pod },
        { "PUT", "pods/*/*", put_app },
        {}
};

/* Finding the handler */

static int match(const char *pattern, const char *path, char *words[static WILDCARDS_MAX])
{
        size_t n_words = 0;

        for (;;) {
                size_t n = strcspn(pattern, "/"), m = strcspn(path, "/");

                if (streq(pattern, "**")) {
                        words[n_words] = strdup(path);
                        return *path ? words[n_words] ? 1 : -ENOMEM : 0;
                }
                if (pattern[0] == '*' && n == 1) {
                        words[n_words] = strndup(path, m);
                        if (!words[n_words++])
                                return -ENOMEM;
                } else if (n != m || strncmp(pattern, path, n) != 0)
                        return 0;
                if (!pattern[n] || !path[m])
                        return !pattern[n] && (!path[m] || streq(path + m, "/"));
                pattern += n + 1;
                path += m + 1;
        }
}

static int route(const Route *routes, Call *c, const char *path, MetadataReply *ret)
{
        const char *method = streq(c->request->method, "HEAD") ? "GET" : c->request->method, *allow = NULL;
        int r;

        for (const Route *t = routes; t->method; t++) {
                char *words[WILDCARDS_MAX] = {};

                r = match(t->pattern, path, words);
                if (r > 0 && streq(t->method, method)) {
                        memcpy(c->words, words, sizeof(words));
                        return t->handler(c, ret);
                }
                for (size_t i = 0; i < WILDCARDS_MAX; i++)
                        free(words[i]);
                if (r < 0)
                        return r;
                if (r > 0)
                        allow = !allow ? t->method : "PUT, DELETE";
        }
        if (!allow)
                return metadata_refuse(ret, 404, "there is nothing of that name\n");
        r = metadata_refuse(ret, 405, "this takes %s\n", allow);
        ret->allow = allow;
        return r;
}

size_t metadata_body_max(const char *method)
{
        return streq(method, "POST") ? FORM_MAX : streq(method, "PUT") ? JSON_MAX_SIZE : 0;
}

static int find_pod(Call *c, const char *token)
{
        int r = -ENOENT;

        if (c->service->registration_fd >= 0)
                r = registration_find(c->service->registration_fd, token, &c->pod_fd, &c->uuid);

        if (r == -ENOENT && c->service->foreign_fd >= 0)
                r = registration_find(c->service->foreign_fd, token, &c->pod_fd, &c->uuid);
        return r;
}

int metadata_answer_pod(MetadataService *s, const MetadataRequest *q, MetadataReply *ret)
{
        _cleanup_(call_done) Call c = { .service = s, .request = q, .pod_fd = -EBADF };
        size_t n = q->path[0] == '/' ? strcspn(q->path + 1, "/") : 0;
        _cleanup_free_ char *token = strndup(q->path + 1, n);
        const char *path = n > 0 ? startswith(q->path + 1 + n, "/acMetadata/v1/") : NULL;
        int r;

        if (!token)
                return -ENOMEM;
        /* appc no longer has this header, but old clients send it. A client that sends another value wants another
         * service. */
        if (q->flavor && !streq(q->flavor, "AppContainer"))
                return metadata_refuse(ret, 403, "the flavor of this metadata is AppContainer\n");
        if (!path)
                return metadata_refuse(ret, 404, "there is nothing but TOKEN/acMetadata/v1\n");
        r = find_pod(&c, token);
        if (r == -ENOENT)
                return metadata_refuse(ret, 401, "no pod has this token\n");
        return r < 0 ? reply_failure(ret, r) : route(pod_routes, &c, path, ret);
}

int metadata_answer_registrar(MetadataService *s, const MetadataRequest *q, MetadataReply *ret)
{
        _cleanup_(call_done) Call c = { .service = s, .request = q, .pod_fd = -EBADF };

        if (s->foreign_fd < 0)
                return metadata_refuse(ret, 403, "no pods can be registered here\n");
        return route(registrar_routes, &c, q->path + (q->path[0] == '/'), ret);
}
