/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/pod-ports.h"
#include "pod/plan-network.h"

int pod_ports(const Pod *pod, NetPort **ret, size_t *ret_n)
{
        _cleanup_strv_free_ char **ignored = NULL;

        *ret = NULL;
        *ret_n = 0;
        if (!pod->manifest || !pod->settings)
                return 0;
        return plan_ports(pod->manifest, pod->settings, ret, ret_n, &ignored, NULL);
}

/* "80" or "80-89" */
static void format_range(uint32_t first, uint32_t count, char buffer[static 24])
{
        int n = snprintf(buffer, 24, "%u", first);

        if (count > 1)
                (void) snprintf(buffer + n, 24 - (size_t) n, "-%u", first + count - 1);
}

static int add_port(char ***words, const NetPort *p)
{
        const char *ip = strempty(p->host_ip), *open = strchr(ip, ':') ? "[" : "", *close = *open ? "]" : "";
        char host[24], inner[24];

        format_range(p->host_port, p->count, host);
        format_range(p->port, p->count, inner);
        return strv_extendf(words, "%s%s%s%s%s->%s/%s", open, ip, close, *ip ? ":" : "", host, inner, p->protocol);
}

char *pod_ports_text(const Pod *pod)
{
        _cleanup_strv_free_ char **words = NULL;
        NetPort *ports;
        size_t n;
        int r;

        r = pod_ports(pod, &ports, &n);
        for (size_t i = 0; i < n && r >= 0; i++)
                r = add_port(&words, &ports[i]);
        net_ports_free(ports, n);
        return r == -ENOMEM ? NULL : strv_join(words, ", ");
}

static json_object *port_to_json(const NetPort *p)
{
        json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "name", json_object_new_string(strempty(p->name)));
        (void) json_object_object_add(o, "protocol", json_object_new_string(p->protocol));
        (void) json_object_object_add(o, "host_ip", json_object_new_string(strempty(p->host_ip)));
        (void) json_object_object_add(o, "host_port", json_object_new_int((int) p->host_port));
        (void) json_object_object_add(o, "port", json_object_new_int((int) p->port));
        (void) json_object_object_add(o, "count", json_object_new_int((int) p->count));
        return o;
}

json_object *pod_ports_to_json(const Pod *pod)
{
        json_object *array = json_object_new_array();
        NetPort *ports;
        size_t n;

        if (pod_ports(pod, &ports, &n) < 0)
                return array;
        for (size_t i = 0; i < n; i++)
                (void) json_object_array_add(array, port_to_json(&ports[i]));
        net_ports_free(ports, n);
        return array;
}
