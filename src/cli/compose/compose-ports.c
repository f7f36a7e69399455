/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/compose-ports.h"
#include "manifest/appc-strings.h"
#include "manifest/port-mapping.h"

static bool begins_with_name(const AppcPod *pod, const char *text)
{
        _cleanup_free_ char *name = strndup(text, strcspn(text, ":"));

        for (size_t i = 0; name && i < pod->n_apps; i++)
                if (app_find_port(pod->apps[i].app, name))
                        return true;
        return false;
}

static bool is_socket_for(const AppPort *own, const AppPort *wanted)
{
        return own->socket_activated && own->port == wanted->port && own->count == wanted->count &&
               streq(own->protocol, wanted->protocol);
}

/* NULL: there is none. */
static const AppPort *find_socket(const AppcPod *pod, const AppPort *wanted)
{
        for (size_t i = 0; i < pod->n_apps; i++) {
                const App *app = pod->apps[i].app;

                for (size_t k = 0; k < app->n_ports; k++)
                        if (is_socket_for(&app->ports[k], wanted))
                                return &app->ports[k];
        }
        return NULL;
}

static int read_mapping(const AppcPod *pod, const char *text, PodPort *ret, JsonError *e)
{
        _cleanup_(pod_port_done) PodPort port = {};
        const AppPort *socket;
        int r;

        r = pod_port_from_mapping(text, &port, e);
        if (r < 0)
                return r;
        /* A socket that systemd listens on belongs to the app's port, which is found by its name. */
        socket = find_socket(pod, port.pod_port);
        if (!socket) {
                *ret = port;
                port = (PodPort) {};
                return 0;
        }
        ret->name = strdup(socket->name);
        ret->host_port = port.host_port;
        ret->host_ip = TAKE_PTR(port.host_ip);
        return ret->name ? 0 : -ENOMEM;
}

int compose_ports(AppcPod *pod, char *const *texts)
{
        STRV_FOREACH(text, texts) {
                _cleanup_(pod_port_done) PodPort port = {};
                _cleanup_json_error_ JsonError e = {};
                bool numbers = !begins_with_name(pod, *text) && port_is_mapping(*text);
                int r;

                r = port_is_full(*text) ? pod_port_from_full(*text, &port, &e)
                    : numbers ? read_mapping(pod, *text, &port, &e) : pod_port_from_string(*text, &port, &e);
                if (r < 0)
                        return log_error_errno(r, "Option --port: %s", json_error_message(&e, r));
                if (appc_pod_add_port(pod, &port) < 0)
                        return log_oom();
        }
        return 0;
}
