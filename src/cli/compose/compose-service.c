/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/signal-util.h"
#include "basic/time-util.h"
#include "cli/compose/compose-service.h"
#include "foreign/draft/pod-draft.h"

/* The last ",env=" and what follows: a path may have commas. */
static const char *find_variable(const char *text)
{
        const char *found = NULL;

        for (const char *p = text; (p = strstr(p, ",env=")); p++)
                found = p;
        return found;
}

static int add_credential(AppcPodApp *app, const char *text, const char *option, bool encrypted)
{
        const char *env = find_variable(text);
        _cleanup_free_ char *name = NULL, *source = NULL,
                            *pair = strndup(text, env ? (size_t) (env - text) : strlen(text)),
                            *variable = env ? strdup(env + strlen(",env=")) : NULL;
        _cleanup_json_error_ JsonError e = {};
        int r;

        r = pair && (variable || !env) ? split_pair(pair, '=', &name, &source) : -ENOMEM;
        if (r < 0)
                return log_oom();
        if (source && path_is_absolute(source) && !pod_draft_is_file(source) && access(source, F_OK) < 0)
                return log_error_errno(errno, "Option --%s: source %s: %m", option, source);
        r = appc_pod_app_add_credential(app, &(AppcCredential) {
                .name = name, .source = source, .encrypted = encrypted, .variable = variable,
        }, &e);
        if (r < 0 && r != -EEXIST)
                return log_error_errno(r, "Option --%s: %s", option, json_error_message(&e, r));
        return r;
}

int compose_credentials(const RunArgs *args, const RunApp *run, AppcPodApp *app)
{
        const struct {
                char *const *texts;
                const char *option;
                bool encrypted, of_all;
        } rows[] = {
                { run->credentials, "credential", false, false },
                { run->credentials_encrypted, "credential-encrypted", true, false },
                { args->credentials, "credential", false, true },
                { args->credentials_encrypted, "credential-encrypted", true, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                STRV_FOREACH(text, rows[i].texts) {
                        int r = add_credential(app, *text, rows[i].option, rows[i].encrypted);

                        if (r == -EEXIST && !rows[i].of_all)
                                return log_error_errno(r, "Option --%s: app '%s' has that credential already: '%s'",
                                                       rows[i].option, app->name, *text);
                        if (r < 0 && r != -EEXIST)
                                return r;
                }
        return 0;
}

/* Adds a port by a name like "80-tcp", which ports of Docker images have. */
static int add_port(App *app, const char *name)
{
        _cleanup_free_ char *number = NULL, *protocol = NULL;
        uint32_t port;
        int r;

        r = split_pair(name, '-', &number, &protocol);
        if (r < 0)
                return r;
        if (!protocol || (!streq(protocol, "tcp") && !streq(protocol, "udp")) || parse_uint32(number, &port) < 0 ||
            port < 1 || port > UINT16_MAX)
                return -EINVAL;
        return app_add_port(app, name, protocol, port, 1);
}

int compose_sockets(const AppOptions *said, AppcPodApp *app)
{
        STRV_FOREACH(name, said->socket_activated) {
                int r = app_find_port(app->app, *name) ? 0 : add_port(app->app, *name);

                if (r == -EINVAL)
                        return log_error_errno(
                                r,
                                "Option --socket-activated: app '%s' has no port '%s'; one like 80-tcp or 53-udp "
                                "needs none in the image",
                                app->name, *name);
                if (r < 0)
                        return log_oom();
                for (size_t i = 0; i < app->app->n_ports; i++)
                        if (streq(app->app->ports[i].name, *name))
                                app->app->ports[i].socket_activated = true;
        }
        return 0;
}

int stop_timeout_parse(const char *text, int64_t *ret)
{
        uint64_t usec;

        if (streq(text, "infinity")) {
                *ret = -1;
                return 0;
        }
        if (parse_duration(text, &usec) < 0 || usec / USEC_PER_SEC >= APP_STOP_TIMEOUT_MAX)
                return -EINVAL;
        /* 0 is what others write for as soon as possible, and no time at all in a manifest. */
        *ret = MAX((int64_t) ((usec + USEC_PER_SEC - 1) / USEC_PER_SEC), 1);
        return 0;
}

int compose_stop(const AppOptions *said, App *app)
{
        if (said->stop_signal && signal_from_string(said->stop_signal) < 0)
                return log_error_errno(EINVAL, "Option --stop-signal: there is no signal '%s'", said->stop_signal);
        if (said->stop_signal && free_and_strdup(&app->stop_signal, said->stop_signal) < 0)
                return log_oom();
        if (!said->stop_timeout)
                return 0;
        if (stop_timeout_parse(said->stop_timeout, &app->stop_timeout) < 0)
                return log_error_errno(EINVAL,
                                       "Option --stop-timeout takes a time such as 10s or 5m, or infinity, not '%s'",
                                       said->stop_timeout);
        return 0;
}
