/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/signal-util.h"
#include "foreign/kube/kube-pod-internal.h"
#include "manifest/appc-image.h"

/* Probes and hooks: both become words in the notation of manifest/health-check.h. */

#define SECONDS(n) ((int64_t) (n) * 1000000000)

/* A number, or the name of one of the container's ports. NULL: there is none. */
static char *find_port(const KubeContainer *c, json_object *said)
{
        const char *text = json_object_get_string(said);
        uint32_t number = 0;

        for (size_t i = 0; json_object_is_type(said, json_type_string) && i < c->n_ports; i++)
                if (streq_ptr(c->ports[i].name, text))
                        number = c->ports[i].container_port;
        if (number == 0 && parse_uint32(text, &number) < 0)
                return NULL;
        return number >= 1 && number <= UINT16_MAX ? strprintf("%" PRIu32, number) : NULL;
}

/* A port that probes name may be what is left out. */
static bool ports_are_whole(const KubeMake *m, const KubeContainer *c)
{
        const bool init = m->spec->n_init > 0 && c >= m->spec->init && c < m->spec->init + m->spec->n_init;
        size_t index = (size_t) (c - (init ? m->spec->init : m->spec->containers));
        _cleanup_free_ char *ports = strprintf("%s[%zu].ports", init ? "initContainers" : "containers", index);
        bool whole = ports && !kube_is_left_out(m, ports);

        for (size_t i = 0; whole && i < c->n_ports; i++) {
                _cleanup_free_ char *name = strprintf("%s[%zu].name", ports, i);

                whole = name && !kube_is_left_out(m, name);
        }
        return whole;
}

static int add_request(const KubeHttp *http, char ***words)
{
        int r = strv_extendf(words, "%s%s", startswith(strempty(http->path), "/") ? "" : "/",
                             strempty(http->path));

        for (size_t i = 0; r >= 0 && i < http->n_headers; i++)
                r = strv_extendf(words, "%s: %s", http->headers[i].name, http->headers[i].value);
        return r;
}

/* "HTTP" unless there is a scheme. Certificates are not verified, here as there. NULL: there is no such scheme. */
static const char *kind_of_http(const KubeHttp *http)
{
        return isempty(http->scheme) || streq(http->scheme, "HTTP") ? "HTTP"
               : streq(http->scheme, "HTTPS")                       ? "HTTPS"
                                                                    : NULL;
}

/* Kind: NULL for a request. The pod's own address has the same listeners as 127.0.0.1, but for those that want only one
 * of them. */
static int set_connection(const KubeMake *m, const KubeContainer *c, const char *kind, const KubeHttp *http,
                          const char *where, char ***words)
{
        _cleanup_free_ char *port = find_port(c, http->port);
        bool known = kind || kind_of_http(http);
        int r = 0;

        if (!port && ports_are_whole(m, c))
                r = kube_refuse(m, where, "'%s' is not a valid port, and no port of the container has that name",
                                json_object_get_string(http->port));
        if (r >= 0 && !known)
                r = kube_refuse(m, where, "'%s' is not a valid scheme: HTTP or HTTPS", http->scheme);
        if (r < 0 || !port || !known)
                return r;
        r = strv_extend(words, kind ?: kind_of_http(http));
        if (r >= 0)
                r = strv_extend(words, isempty(http->host) ? "127.0.0.1" : http->host);
        if (r >= 0)
                r = strv_extend(words, port);
        if (r >= 0 && !isempty(http->service))
                r = strv_extend(words, http->service);
        return r < 0 || kind ? r : add_request(http, words);
}

static int set_command(char *const *command, char ***words)
{
        int r = strv_extend(words, "CMD");

        return r < 0 ? r : strv_extend_strv(words, command);
}

static int set_test(const KubeMake *m, const KubeContainer *c, const KubeProbe *p, const char *where, char ***words)
{
        const KubeHttp *http = p->http ?: p->tcp ?: p->grpc;

        return p->command ? set_command(p->command, words)
                          : set_connection(m, c, p->http ? NULL : p->tcp ? "TCP" : "GRPC", http, where, words);
}

/* What podctl's own table says of it, with the place in this file. */
static int check_probe(const KubeMake *m, const char *where, const HealthCheck *check)
{
        _cleanup_strv_free_ char **faults = NULL;
        int r = health_check_faults(check, &faults);

        STRV_FOREACH(fault, faults)
                if (kube_refuse(m, where, "%s", strstr(*fault, ": ") ? strstr(*fault, ": ") + 2 : *fault) < 0)
                        return -ENOMEM;
        return r == -ENOMEM ? r : 0;
}

static int set_probe(const KubeMake *m, const KubeContainer *c, const KubeProbe *p, const char *where,
                     HealthCheck **ret)
{
        _cleanup_(health_check_freep) HealthCheck *check = NULL;
        int r;

        if (!p)
                return 0;
        check = new0(HealthCheck, 1);
        if (!check)
                return -ENOMEM;
        check->interval = SECONDS(p->period ?: 10);
        check->timeout = SECONDS(p->timeout ?: 1);
        check->initial_delay = SECONDS(p->initial_delay);
        check->retries = p->failures ?: 3;
        check->successes = p->successes ?: 1;
        r = set_test(m, c, p, where, &check->test);
        if (r >= 0)
                r = check_probe(m, where, check);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(check);
        return 0;
}

static int set_probes(const KubeMake *m, const KubeContainer *c, const char *where, AppcPodApp *app)
{
        static const char *const names[_HEALTH_KIND_MAX] = {
                [HEALTH_LIVENESS] = "livenessProbe",
                [HEALTH_STARTUP] = "startupProbe",
                [HEALTH_READINESS] = "readinessProbe",
        };
        bool kills = c->probes[HEALTH_LIVENESS] || c->probes[HEALTH_STARTUP];

        for (HealthKind kind = 0; kind < _HEALTH_KIND_MAX; kind++) {
                _cleanup_free_ char *at = strjoin(where, ".", names[kind]);
                int r = at ? set_probe(m, c, c->probes[kind], at, &app->options->healthchecks[kind]) : -ENOMEM;

                if (r >= 0 && kind != HEALTH_READINESS && c->probes[kind] && c->probes[kind]->successes > 1)
                        r = kube_refuse(m, at, "successThreshold has to be 1, other than that of a readinessProbe");

                if (r < 0)
                        return r;
        }
        if (!kills)
                return 0;
        return strv_env_set(&app->annotations, APPC_ANNOTATION_UNHEALTHY, streq(m->restart, "no") ? "fail" : "restart");
}

/* Hooks */

static int set_hook(const KubeMake *m, const KubeContainer *c, const KubeHandler *h, const char *where, char ***words)
{
        _cleanup_json_error_ JsonError e = {};
        int r;

        if (h->tcp)
                return kube_refuse(m, where, "not supported: tcpSocket, which does nothing else than connect; use exec "
                                   "or httpGet");
        if (h->command)
                r = set_command(h->command, words);
        else if (h->http)
                r = set_connection(m, c, NULL, h->http, where, words);
        else {
                r = strv_extend(words, "SLEEP");
                if (r >= 0)
                        r = strv_extend(words, json_object_get_string(h->seconds));
        }
        if (r < 0 || app_hook_check(*words, &e) >= 0)
                return r;
        return kube_refuse(m, where, "%s", json_error_message(&e, -EINVAL));
}

static int set_hooks(const KubeMake *m, const KubeContainer *c, const char *where, bool init, AppOptions *o)
{
        const KubeLifecycle *l = c->lifecycle;
        _cleanup_free_ char *whole = strjoin(where, ".lifecycle");
        int r = whole ? 0 : -ENOMEM;

        if (r < 0 || !l)
                return r;
        if (init)
                return kube_refuse(m, whole, "an init container ends by itself, so it has no hooks");
        for (AppHook hook = 0; r >= 0 && hook < _APP_HOOK_MAX; hook++) {
                _cleanup_free_ char *at = strjoin(whole, ".", app_hook_members[hook]);

                if (l->hooks[hook])
                        r = at ? set_hook(m, c, l->hooks[hook], at, &o->hooks[hook]) : -ENOMEM;
        }
        if (r < 0 || isempty(l->stop_signal))
                return r;
        return signal_from_string(l->stop_signal) > 0
                       ? free_and_strdup(&o->stop_signal, l->stop_signal)
                       : kube_refuse(m, whole, "stopSignal '%s' is not a valid signal", l->stop_signal);
}

int kube_checks(const KubeMake *m, const KubeContainer *c, const char *where, bool init, AppcPodApp *app)
{
        int r = set_probes(m, c, where, app);

        return r < 0 ? r : set_hooks(m, c, where, init, app->options);
}
