/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod/pod-settings.h"

static const JsonType dns_type = JSON_STRUCT(NetDns, net_dns_table, NULL);

static const JsonField pod_settings_table[] = {
        { "name", &json_string, offsetof(PodSettings, name), JSON_MANDATORY | JSON_NONEMPTY },
        { "hostname", &json_string, offsetof(PodSettings, hostname) },
        { "net", &json_string, offsetof(PodSettings, net) },
        { "networks", &net_joins_type, offsetof(PodSettings, joins) },
        { "netAliases", &json_strv, offsetof(PodSettings, net_aliases) },
        { "dns", &dns_type, offsetof(PodSettings, dns) },
        { "dnsMode", &json_string, offsetof(PodSettings, dns_mode) },
        { "imageEtc", &json_boolean, offsetof(PodSettings, image_etc) },
        { "hosts", &json_strv, offsetof(PodSettings, hosts) },
        { "hostsOfHost", &json_boolean, offsetof(PodSettings, hosts_host) },
        { "unit", &json_string, offsetof(PodSettings, unit) },
        { "stage1", &json_string, offsetof(PodSettings, stage1) },
        { "privateUsers", &json_tristate, offsetof(PodSettings, private_users) },
        { "log", &json_string, offsetof(PodSettings, log) },
        { "mdsRegister", &json_boolean, offsetof(PodSettings, mds_register) },
        { "metadataURL", &json_string, offsetof(PodSettings, metadata_url) },
        { "slice", &json_string, offsetof(PodSettings, slice) },
        { "properties", &json_strv, offsetof(PodSettings, properties) },
        { "interactive", &json_boolean, offsetof(PodSettings, interactive) },
        { "ipc", &json_string, offsetof(PodSettings, ipc) },
        { "terminal", &json_string, offsetof(PodSettings, terminal) },
        { "attached", &json_boolean, offsetof(PodSettings, attached) },
        { "sockets", &json_boolean, offsetof(PodSettings, sockets) },
        { "insecure", &json_strv, offsetof(PodSettings, insecure) },
        {},
};

static const JsonType pod_settings_type = JSON_STRUCT(PodSettings, pod_settings_table, NULL);

PodSettings *pod_settings_free(PodSettings *s)
{
        return s ? json_document_free(&pod_settings_type, s) : NULL;
}

bool pod_settings_have_unit(const PodSettings *s, const char *unit)
{
        return streq_ptr(s->unit, unit);
}

int pod_settings_parse(const char *data, size_t n, PodSettings **ret, JsonError *e)
{
        return json_document_parse(&pod_settings_type, data, n, (void **) ret, e);
}

int pod_settings_format(const PodSettings *s, char **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_table_write(pod_settings_table, s, &o);
        return r < 0 ? r : json_format_pretty(o, ret);
}
