/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "foreign/kube/kube-publish.h"
#include "foreign/yaml/yaml-json.h"
#include "foreign/yaml/yaml-write.h"
#include "manifest/port-mapping.h"

/* Where a kind has the containers of its pod. */
static const struct {
        const char *kind;
        const char *path;
} kinds[] = {
        { "Pod", "spec.containers" },
        { "Deployment", "spec.template.spec.containers" },
        { "DaemonSet", "spec.template.spec.containers" },
        { "Job", "spec.template.spec.containers" },
        { "CronJob", "spec.jobTemplate.spec.template.spec.containers" },
};

static json_object *member_at(json_object *o, const char *path)
{
        _cleanup_strv_free_ char **names = NULL;

        if (strv_split(path, '.', &names) < 0)
                return NULL;
        STRV_FOREACH(name, names)
                if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, *name, &o))
                        return NULL;
        return json_object_is_type(o, json_type_array) && json_object_array_length(o) > 0 ? o : NULL;
}

static const char *text_of(json_object *o, const char *member)
{
        json_object *value = NULL;

        return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, member, &value)
                       ? json_object_get_string(value)
                       : NULL;
}

/* The containers of the pod in a list of documents, or in a List among them. NULL: there is no pod. */
static json_object *find_containers(json_object *documents)
{
        for (size_t i = 0; i < json_object_array_length(documents); i++) {
                json_object *document = json_object_array_get_idx(documents, i), *items = member_at(document, "items"),
                            *found = items ? find_containers(items) : NULL;

                for (size_t k = 0; !found && k < ELEMENTSOF(kinds); k++)
                        if (streq_ptr(text_of(document, "kind"), kinds[k].kind))
                                found = member_at(document, kinds[k].path);
                if (found)
                        return found;
        }
        return NULL;
}

/* TCP unless it says something else. */
static bool is_port(json_object *port, const PodPort *wanted)
{
        const char *said = text_of(port, "protocol");
        json_object *number = NULL;

        return json_object_is_type(port, json_type_object) &&
               json_object_object_get_ex(port, "containerPort", &number) &&
               json_object_get_int64(number) == wanted->pod_port->port &&
               strcasecmp(said ?: "tcp", wanted->pod_port->protocol) == 0;
}

static json_object *find_port(json_object *containers, const PodPort *wanted)
{
        for (size_t i = 0; i < json_object_array_length(containers); i++) {
                json_object *ports = member_at(json_object_array_get_idx(containers, i), "ports");

                for (size_t k = 0; ports && k < json_object_array_length(ports); k++)
                        if (is_port(json_object_array_get_idx(ports, k), wanted))
                                return json_object_array_get_idx(ports, k);
        }
        return NULL;
}

static json_object *add_port(json_object *containers, const PodPort *wanted)
{
        json_object *first = json_object_array_get_idx(containers, 0), *ports = member_at(first, "ports"),
                    *port = json_object_new_object();
        const char *protocol = wanted->pod_port->protocol;

        if (!json_object_is_type(first, json_type_object)) {
                json_object_put(port);
                return NULL;
        }
        if (!ports) {
                ports = json_object_new_array();
                (void) json_object_object_add(first, "ports", ports);
        }
        (void) json_object_object_add(port, "containerPort", json_object_new_int64(wanted->pod_port->port));
        if (!streq(protocol, "tcp"))
                (void) json_object_object_add(port, "protocol",
                                              json_object_new_string(streq(protocol, "udp") ? "UDP" : "SCTP"));
        return json_object_array_add(ports, port) < 0 ? NULL : port;
}

static int publish_one(json_object *containers, const PodPort *wanted)
{
        json_object *port = find_port(containers, wanted) ?: add_port(containers, wanted);

        if (!port)
                return -EINVAL;
        (void) json_object_object_add(port, "hostPort", json_object_new_int64(wanted->host_port));
        json_object_object_del(port, "hostIP");
        if (!isempty(wanted->host_ip))
                (void) json_object_object_add(port, "hostIP", json_object_new_string(wanted->host_ip));
        return 0;
}

/* A range is as many ports. */
static int publish(json_object *containers, const char *text, JsonError *e)
{
        _cleanup_(pod_port_done) PodPort port = {};
        int r = pod_port_from_mapping(text, &port, e);

        for (uint32_t left = r < 0 ? 0 : MAX(port.pod_port->count, 1U); r >= 0 && left > 0; left--) {
                r = publish_one(containers, &port);
                port.pod_port->port++;
                port.host_port++;
        }
        return r;
}

static int write_documents(json_object *documents, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);
        int r = f ? yaml_write(documents, f) : -ENOMEM;

        if (f && fclose(f) != 0 && r >= 0)
                r = -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(text);
        return r;
}

int kube_publish(const char *text, size_t n, char *const *ports, char **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        int r = yaml_parse_memory(text, n, &documents, &lines, e);
        json_object *containers = r < 0 ? NULL : find_containers(documents);

        if (r >= 0 && !containers)
                r = json_error_set(e, -EINVAL, NULL, "there is no pod in it whose ports could be published");
        STRV_FOREACH(port, ports)
                r = r < 0 ? r : publish(containers, *port, e);
        return r < 0 ? r : write_documents(documents, ret);
}
