/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <string.h>

#include "basic/parse.h"
#include "basic/signal-util.h"
#include "basic/time-util.h"
#include "foreign/kube/kube-address.h"
#include "foreign/kube/kube-generate-internal.h"
#include "foreign/kube/kube-policy.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"

/* The image and its program */

static int set_image(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c)
{
        const char *place = strv_env_get(app->annotations, "podctl/image"),
                   *name = place ? startswith(place, "docker://") : NULL,
                   *version = strv_env_get(app->image.labels, "version");

        if (!name && !app->image.name)
                return kube_generate_lose(g, app->name, "the image has no name, only an ID");
        c->image = name ? strdup(name) : strjoin(app->image.name, version ? ":" : "", strempty(version));
        if (!c->image)
                return -ENOMEM;
        if (kube_pull_policy(appc_pod_annotation(g->pod, "podctl/pull-policy")) &&
            free_and_strdup(&c->pull_policy, kube_pull_policy(appc_pod_annotation(g->pod, "podctl/pull-policy"))) < 0)
                return -ENOMEM;
        return place && !name ? kube_generate_note(g, FINDING_CHANGED, app->name,
                                                   "its image is from %s; others have to "
                                                   "find it by its name",
                                                   place)
                              : 0;
}

static int set_words(const AppcPodApp *app, KubeContainer *c)
{
        const AppOptions *o = app->options;
        int r = 0;

        if (o && o->exec)
                r = strv_extend(&c->command, o->exec);
        else if (app->app)
                r = strv_extend_strv(&c->command, app->app->exec);
        return r < 0 || !o ? r : strv_extend_strv(&c->args, o->arguments);
}

/* Kubernetes replaces $(NAME) in values. Those of addresses are meant. */
static bool is_address(const AppcPodApp *app, const char *reference)
{
        STRV_FOREACH(variable, app->address_variables) {
                size_t n = strcspn(*variable, "=");

                if (strncmp(reference + 2, *variable, n) == 0 && reference[n + 2] == ')')
                        return true;
        }
        return false;
}

static char *without_references(const AppcPodApp *app, const char *value)
{
        char *text = malloc(2 * strlen(value) + 1), *out = text;

        for (const char *s = value; text && *s; s++) {
                if (s[0] == '$' && ((s[1] == '(' && !is_address(app, s)) || s[1] == '$'))
                        *out++ = '$';
                *out++ = *s;
        }
        if (text)
                *out = 0;
        return text;
}

static int escape_all(const AppcPodApp *app, char **words)
{
        for (char **word = words; word && *word; word++) {
                char *text = without_references(app, *word);

                if (!text)
                        return -ENOMEM;
                free(*word);
                *word = text;
        }
        return 0;
}

static int set_environment(const AppcPodApp *app, KubeContainer *c)
{
        _cleanup_strv_free_ char **all = app->app ? strv_copy(app->app->environment) : NULL;
        int r = 0;

        STRV_FOREACH(assignment, app->options ? app->options->environment : NULL) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                r = split_pair(*assignment, '=', &name, &value);
                if (r >= 0)
                        r = strv_env_set(&all, name, strempty(value));
                if (r < 0)
                        return r;
        }
        c->env = new0(KubeVariable, strv_length(all) + strv_length(app->address_variables) + 1);
        if (!c->env)
                return -ENOMEM;
        /* First: others may refer only to those before them. */
        STRV_FOREACH(assignment, app->address_variables) {
                KubeVariable *v = &c->env[c->n_env++];

                v->name = strndup(*assignment, strcspn(*assignment, "="));
                v->from.field = strdup(kube_field_of_address(strchr(*assignment, '=') + 1));
                if (!v->name || !v->from.field)
                        return -ENOMEM;
        }
        STRV_FOREACH(assignment, all) {
                KubeVariable *v = &c->env[c->n_env++];
                _cleanup_free_ char *value = NULL;

                if (split_pair(*assignment, '=', &v->name, &value) < 0)
                        return -ENOMEM;
                v->value = without_references(app, strempty(value));
                if (!v->value)
                        return -ENOMEM;
        }
        return 0;
}

static int set_directory(const AppcPodApp *app, KubeContainer *c)
{
        const char *directory = app->options && app->options->working_dir ? app->options->working_dir
                                : app->app                                ? app->app->working_directory
                                                                          : NULL;

        return directory ? free_and_strdup(&c->working_dir, directory) : 0;
}

static void set_streams(const AppcPodApp *app, KubeContainer *c)
{
        static const char *const annotations[] = { APPC_ANNOTATION_STDIN, APPC_ANNOTATION_STDOUT,
                                                   APPC_ANNOTATION_STDERR };

        c->open_input = !streq(strv_env_get(app->annotations, APPC_ANNOTATION_STDIN) ?: "null", "null");
        for (size_t i = 0; i < ELEMENTSOF(annotations); i++) {
                const char *word = strempty(strv_env_get(app->annotations, annotations[i]));

                c->terminal = c->terminal || streq(word, "tty") || streq(word, "interactive");
        }
}

/* Limits */

static int add_quantity(json_object **to, const char *name, const char *value)
{
        if (!value)
                return 0;
        if (!*to)
                *to = json_object_new_object();
        return json_object_object_add(*to, name, json_object_new_string(value)) < 0 ? -ENOMEM : 0;
}

static char *limit_of(const AppcPodApp *app, IsolatorType type)
{
        const Isolator *i = app->app ? isolators_find(app->app->isolators, app->app->n_isolators, type) : NULL;

        if (!i || !i->resource.has_limit)
                return NULL;
        return type == ISOLATOR_CPU ? strprintf("%lldm", (long long) i->resource.limit)
                                    : strprintf("%lld", (long long) i->resource.limit);
}

static char *shares_of(const AppcPodApp *app)
{
        const Isolator *i =
                app->app ? isolators_find(app->app->isolators, app->app->n_isolators, ISOLATOR_CPU_SHARES) : NULL;
        uint64_t shares = i ? (uint64_t) i->number : 0;

        if (app->options && app->options->cpu_shares && parse_uint64(app->options->cpu_shares, &shares) < 0)
                shares = 0;
        return shares > 0 ? strprintf("%llum", (unsigned long long) (shares * 1000 / 1024)) : NULL;
}

static bool is_more(const char *request, const char *limit)
{
        Quantity r, l;

        return request && limit && quantity_parse(request, &r) >= 0 && quantity_parse(limit, &l) >= 0 &&
               r.nano > l.nano;
}

/* Kubernetes takes no request beyond the limit. */
static int set_request(KubeGenerate *g, const AppcPodApp *app, const char *shares, const char *limit,
                       KubeContainer *c)
{
        bool more = is_more(shares, limit);
        int r = add_quantity(&c->requests, "cpu", more ? limit : shares);

        return r < 0 || !more ? r
                              : kube_generate_note(g, FINDING_CHANGED, app->name,
                                                   "its CPU shares are a request, which is its limit of %s at most",
                                                   limit);
}

static int set_resources(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c)
{
        _cleanup_free_ char *memory = limit_of(app, ISOLATOR_MEMORY), *cpu = limit_of(app, ISOLATOR_CPU),
                            *shares = shares_of(app);
        const AppOptions *o = app->options;
        const char *limit = o && o->cpu ? o->cpu : cpu;
        int r = add_quantity(&c->limits, "memory", o && o->memory ? o->memory : memory);

        if (r >= 0)
                r = add_quantity(&c->limits, "cpu", limit);
        return r < 0 ? r : set_request(g, app, shares, limit, c);
}

/* Probes */

static uint32_t seconds(uint64_t usec)
{
        return (uint32_t) MAX((usec + USEC_PER_SEC - 1) / USEC_PER_SEC, (uint64_t) 1);
}

static bool has_fractions(const HealthCheck *check)
{
        HealthTimes t = health_check_times(check);
        const uint64_t times[] = { t.interval_usec, t.timeout_usec, t.initial_delay_usec ?: t.start_period_usec };

        for (size_t i = 0; i < ELEMENTSOF(times); i++)
                if (times[i] % USEC_PER_SEC != 0)
                        return true;
        return false;
}

/* "NAME: VALUE" */
static int add_header(KubeHttp *http, const char *line)
{
        struct KubeHeader *grown = reallocarray(http->headers, http->n_headers + 1, sizeof(*grown));
        size_t n = strcspn(line, ":");
        const char *value = line + n;

        if (!grown)
                return -ENOMEM;
        http->headers = grown;
        value += strspn(value, ": ");
        grown[http->n_headers] = (struct KubeHeader) { .name = strndup(line, n), .value = strdup(value) };
        http->n_headers++;
        return grown[http->n_headers - 1].name && grown[http->n_headers - 1].value ? 0 : -ENOMEM;
}

/* "HTTP" or "HTTPS", ADDRESS, PORT, PATH, HEADERS…; "TCP", ADDRESS, PORT; or "GRPC", ADDRESS, PORT, SERVICE, where
 * Kubernetes has no address */
static int set_connection(char *const *test, KubeProbe *probe)
{
        bool tls = streq(test[0], "HTTPS"), http = tls || streq(test[0], "HTTP"), grpc = streq(test[0], "GRPC");
        KubeHttp *to = new0(KubeHttp, 1);
        int r = 0;

        if (!to)
                return -ENOMEM;
        *(http ? &probe->http : grpc ? &probe->grpc : &probe->tcp) = to;
        if (!test[1] || !test[2])
                return -EINVAL;
        if (!streq(test[1], "127.0.0.1"))
                r = free_and_strdup(&to->host, test[1]);
        to->port = json_object_new_int64(strtoll(test[2], NULL, 10));
        if (r >= 0 && tls)
                r = free_and_strdup(&to->scheme, "HTTPS");
        if (r >= 0 && http && test[3])
                r = free_and_strdup(&to->path, test[3]);
        if (r >= 0 && grpc && test[3])
                r = free_and_strdup(&to->service, test[3]);
        for (size_t i = 4; r >= 0 && http && test[3] && test[i]; i++)
                r = add_header(to, test[i]);
        return r;
}

static int fill_probe(const HealthCheck *check, KubeProbe *probe)
{
        HealthTimes times = health_check_times(check);

        probe->period = seconds(times.interval_usec);
        probe->timeout = seconds(times.timeout_usec);
        probe->failures = (uint32_t) times.retries;
        probe->successes = times.successes > 1 ? (uint32_t) times.successes : 0;
        /* Docker's period in which failures do not count is nearest to a delay. */
        probe->initial_delay = times.initial_delay_usec || times.start_period_usec
                                       ? seconds(times.initial_delay_usec ?: times.start_period_usec)
                                       : 0;
        return health_check_connects(check) ? set_connection(check->test, probe)
                                            : health_check_command(check, NULL, &probe->command);
}

static int say_times(const AppCheckOptions *said, HealthCheck *check)
{
        const struct {
                const char *text;
                int64_t *nsec;
        } rows[] = {
                { said->interval, &check->interval },
                { said->timeout, &check->timeout },
                { said->start_period, &check->start_period },
                { said->start_interval, &check->start_interval },
        };
        uint64_t value;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].text && parse_duration(rows[i].text, &value) >= 0)
                        *rows[i].nsec = (int64_t) (MIN(value, (uint64_t) INT64_MAX / NSEC_PER_USEC) * NSEC_PER_USEC);
        if (said->retries && parse_uint64(said->retries, &value) >= 0)
                check->retries = (int64_t) MIN(value, (uint64_t) INT32_MAX);
        return 0;
}

static int say(const AppCheckOptions *said, HealthCheck *check)
{
        bool none = said->cmd && streq(said->cmd, "none");
        int r = 0;

        if (said->cmd) {
                check->test = strv_free(check->test);
                r = strv_extend(&check->test, none ? "NONE" : "CMD-SHELL");
                if (r >= 0 && !none)
                        r = strv_extend(&check->test, said->cmd);
        }
        return r < 0 ? r : say_times(said, check);
}

/* What was said about a check, over the check that is there. */
static int check_of(const AppcPodApp *app, HealthKind kind, HealthCheck **ret)
{
        const AppCheckOptions *said = app->options ? &app->options->checks[kind] : NULL;
        const HealthCheck *base = app->options && app->options->healthchecks[kind] ? app->options->healthchecks[kind]
                                  : app->app                                       ? app->app->checks[kind]
                                                                                   : NULL;
        _cleanup_(health_check_freep) HealthCheck *check = NULL;
        int r = base ? health_check_copy(base, &check) : 0;

        if (r < 0 || (!check && (!said || !said->cmd)))
                return r;
        check = check ?: new0(HealthCheck, 1);
        if (!check)
                return -ENOMEM;
        r = said ? say(said, check) : 0;
        if (r >= 0)
                *ret = TAKE_PTR(check);
        return r;
}

/* Kubernetes asks for several only of what is ready. */
static int set_successes(KubeGenerate *g, const AppcPodApp *app, HealthKind kind, KubeProbe *probe)
{
        if (kind == HEALTH_READINESS || probe->successes == 0)
                return 0;
        probe->successes = 0;
        return kube_generate_note(g, FINDING_CHANGED, app->name, "how often its check has to succeed is once here");
}

static int set_probe(KubeGenerate *g, const AppcPodApp *app, HealthKind kind, KubeContainer *c)
{
        _cleanup_(health_check_freep) HealthCheck *check = NULL;
        int r = check_of(app, kind, &check);

        if (r < 0 || !health_check_wanted(check))
                return r;
        c->probes[kind] = new0(KubeProbe, 1);
        if (!c->probes[kind])
                return -ENOMEM;
        r = fill_probe(check, c->probes[kind]);
        if (r >= 0)
                r = set_successes(g, app, kind, c->probes[kind]);
        if (r >= 0 && c->probes[kind]->grpc && c->probes[kind]->grpc->host) {
                r = kube_generate_lose(g, app->name, "the address %s of a check by gRPC", c->probes[kind]->grpc->host);
                c->probes[kind]->grpc->host = mfree(c->probes[kind]->grpc->host);
        }
        if (r >= 0 && has_fractions(check))
                r = kube_generate_note(g, FINDING_CHANGED, app->name, "times of its check are whole seconds here");
        if (r < 0 || kind != HEALTH_LIVENESS)
                return r;
        return streq(strempty(strv_env_get(app->annotations, "podctl/on-unhealthy")), "")
                       ? kube_generate_note(g, FINDING_CHANGED, app->name,
                                            "its check restarts it: here it only says "
                                            "whether it is healthy")
                       : 0;
}

/* Hooks */

static int fill_handler(char *const *words, KubeHandler *handler)
{
        const HealthCheck check = app_hook_as_check(words);
        KubeProbe probe = {};
        int r;

        if (app_hook_sleeps(words)) {
                handler->seconds = json_object_new_int64(strtoll(words[1], NULL, 10));
                return handler->seconds ? 0 : -ENOMEM;
        }
        if (!health_check_connects(&check))
                return health_check_command(&check, NULL, &handler->command);
        r = set_connection(words, &probe);
        handler->http = probe.http;
        return r;
}

/* By the name that Kubernetes has for it (core/v1 Signal); NULL: no memory. */
static char *signal_name(int signal)
{
        if (signal == SIGRTMIN)
                return strdup("SIGRTMIN");
        if (signal > SIGRTMIN && signal <= SIGRTMIN + 15)
                return strprintf("SIGRTMIN+%i", signal - SIGRTMIN);
        if (signal == SIGRTMAX)
                return strdup("SIGRTMAX");
        return signal > SIGRTMIN ? strprintf("SIGRTMAX-%i", SIGRTMAX - signal)
                                 : strjoin("SIG", strempty(sigabbrev_np(signal)));
}

static int set_stop_signal(const AppcPodApp *app, KubeContainer *c)
{
        const char *said = app->options && app->options->stop_signal ? app->options->stop_signal
                           : app->app                                ? app->app->stop_signal
                                                                     : NULL;
        int signal = said ? signal_from_string(said) : -EINVAL;

        if (signal <= 0)
                return 0;
        c->lifecycle = c->lifecycle ?: new0(KubeLifecycle, 1);
        if (!c->lifecycle)
                return -ENOMEM;
        c->lifecycle->stop_signal = signal_name(signal);
        return c->lifecycle->stop_signal ? 0 : -ENOMEM;
}

static int set_hooks(const AppcPodApp *app, KubeContainer *c)
{
        int r = set_stop_signal(app, c);

        for (AppHook hook = 0; r >= 0 && hook < _APP_HOOK_MAX; hook++) {
                char *const *words = app->options && app->options->hooks[hook] ? app->options->hooks[hook]
                                     : app->app                                ? app->app->hooks[hook]
                                                                               : NULL;

                if (strv_length(words) == 0)
                        continue;
                c->lifecycle = c->lifecycle ?: new0(KubeLifecycle, 1);
                if (!c->lifecycle)
                        return -ENOMEM;
                c->lifecycle->hooks[hook] = new0(KubeHandler, 1);
                r = c->lifecycle->hooks[hook] ? fill_handler(words, c->lifecycle->hooks[hook]) : -ENOMEM;
        }
        return r;
}

int kube_generate_container(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c)
{
        int r = kube_generate_label(g, "container", app->name, &c->name);

        if (r >= 0)
                r = set_image(g, app, c);
        if (r >= 0)
                r = set_words(app, c);
        if (r >= 0)
                r = escape_all(app, c->command);
        if (r >= 0)
                r = escape_all(app, c->args);
        if (r >= 0)
                r = set_environment(app, c);
        if (r >= 0)
                r = set_directory(app, c);
        set_streams(app, c);
        if (r >= 0)
                r = set_resources(g, app, c);
        for (HealthKind kind = 0; r >= 0 && kind < _HEALTH_KIND_MAX; kind++)
                r = set_probe(g, app, kind, c);
        if (r >= 0)
                r = set_hooks(app, c);
        if (r >= 0)
                r = kube_generate_security(g, app, c);
        if (r >= 0)
                r = kube_generate_mounts(g, app, c);
        return r < 0 ? r : kube_generate_lost(g, app);
}
