/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube/kube-types-internal.h"
#include "manifest/app-hook.h"

int kube_nested_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return json_table_read(type->table, o, p, e);
}

/* Without a text or list that it has to have, it is not there. */
static bool nested_is_there(const JsonType *type, const void *p)
{
        for (const JsonField *field = type->table; field->name; field++)
                if ((field->flags & JSON_MANDATORY) && field->type->json != json_type_object &&
                    !*(void *const *) ((const char *) p + field->offset))
                        return false;
        return true;
}

int kube_nested_write(const JsonType *type, const void *p, json_object **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r = nested_is_there(type, p) ? json_table_write(type->table, p, &o) : 0;

        if (r >= 0 && o && json_object_object_length(o) > 0)
                *ret = TAKE_PTR(o);
        return r;
}

void kube_nested_free(const JsonType *type, void *p)
{
        json_table_free(type->table, p);
}

/* Probes and hooks */

static const JsonField header_table[] = {
        { "name", &json_string, offsetof(struct KubeHeader, name), JSON_MANDATORY },
        { "value", &json_string, offsetof(struct KubeHeader, value), JSON_MANDATORY },
        {}
};
static const JsonType header_type = JSON_ARRAY(struct KubeHeader, header_table, NULL);

static const JsonField http_table[] = {
        ROW(KubeHttp, "path", &json_string, path),
        { "port", &json_raw, offsetof(KubeHttp, port), JSON_MANDATORY },
        ROW(KubeHttp, "scheme", &json_string, scheme),
        ROW(KubeHttp, "host", &json_string, host),
        ROW(KubeHttp, "httpHeaders", &header_type, headers),
        {}
};
static const JsonType http_type = JSON_POINTER(KubeHttp, http_table, NULL);

static const JsonField tcp_table[] = {
        { "port", &json_raw, offsetof(KubeHttp, port), JSON_MANDATORY },
        ROW(KubeHttp, "host", &json_string, host),
        {}
};
static const JsonType tcp_type = JSON_POINTER(KubeHttp, tcp_table, NULL);

static const JsonField grpc_table[] = {
        { "port", &json_raw, offsetof(KubeHttp, port), JSON_MANDATORY },
        ROW(KubeHttp, "service", &json_string, service),
        {}
};
static const JsonType grpc_type = JSON_POINTER(KubeHttp, grpc_table, NULL);

_Static_assert(offsetof(KubeProbe, command) == 0 && offsetof(KubeHandler, command) == 0, "one table serves both");

static const JsonField exec_table[] = {
        { "command", &json_strv, 0, JSON_MANDATORY | JSON_NONEMPTY },
        {}
};
static const JsonType exec_type = NESTED(exec_table);

static const JsonField probe_table[] = {
        { "exec", &exec_type, 0 },
        ROW(KubeProbe, "httpGet", &http_type, http),
        ROW(KubeProbe, "tcpSocket", &tcp_type, tcp),
        ROW(KubeProbe, "grpc", &grpc_type, grpc),
        ROW(KubeProbe, "initialDelaySeconds", &json_uint32, initial_delay),
        ROW(KubeProbe, "periodSeconds", &json_uint32, period),
        ROW(KubeProbe, "timeoutSeconds", &json_uint32, timeout),
        ROW(KubeProbe, "successThreshold", &json_uint32, successes),
        ROW(KubeProbe, "failureThreshold", &json_uint32, failures),
        {}
};

static int check_probe(void *p, json_object *o, JsonError *e)
{
        const KubeProbe *probe = p;

        return (probe->command != NULL) + (probe->http != NULL) + (probe->tcp != NULL) + (probe->grpc != NULL) != 1
                       ? json_error_set(e, -EINVAL, NULL, "expected one of 'exec', 'httpGet', 'tcpSocket' and 'grpc'")
                       : 0;
}
const JsonType kube_type_probe = JSON_POINTER(KubeProbe, probe_table, check_probe);

static const JsonField sleep_table[] = {
        { "seconds", &json_raw, offsetof(KubeHandler, seconds), JSON_MANDATORY },
        {}
};
static const JsonType sleep_type = NESTED(sleep_table);

static const JsonField handler_table[] = {
        { "exec", &exec_type, 0 },
        ROW(KubeHandler, "httpGet", &http_type, http),
        { "sleep", &sleep_type, 0 },
        ROW(KubeHandler, "tcpSocket", &json_raw, tcp),
        {}
};

static int check_handler(void *p, json_object *o, JsonError *e)
{
        const KubeHandler *h = p;

        return (h->command != NULL) + (h->http != NULL) + (h->seconds != NULL) + (h->tcp != NULL) != 1
                       ? json_error_set(e, -EINVAL, NULL, "expected one of 'exec', 'httpGet' and 'sleep'")
                       : 0;
}
static const JsonType handler_type = JSON_POINTER(KubeHandler, handler_table, check_handler);

static const JsonField lifecycle_table[] = {
        ROW(KubeLifecycle, "postStart", &handler_type, hooks[APP_HOOK_POST_START]),
        ROW(KubeLifecycle, "preStop", &handler_type, hooks[APP_HOOK_PRE_STOP]),
        ROW(KubeLifecycle, "stopSignal", &json_string, stop_signal),
        {}
};
const JsonType kube_type_lifecycle = JSON_POINTER(KubeLifecycle, lifecycle_table, NULL);
