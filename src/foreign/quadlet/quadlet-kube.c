/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/quadlet/quadlet-kube.h"
#include "foreign/quadlet/quadlet-network.h"

#define lose(step, ...) quadlet_step_tell(step, FINDING_LOST, __VA_ARGS__)
#define change(step, ...) quadlet_step_tell(step, FINDING_CHANGED, __VA_ARGS__)

int quadlet_yaml(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *path = quadlet_path(step, value);
        int r;

        if (!path)
                return lose(step, "cannot find the directory of '%s'", value);
        if (strstr(value, "://"))
                return lose(step, "it is not fetched; write the path of a copy");
        if (step->pod->manifest && !streq(step->pod->manifest, path))
                return lose(step, "a pod has one file; put its documents into %s, each after '---'",
                            step->pod->manifest);
        if (!endswith(path, ".yaml") && !endswith(path, ".yml"))
                return lose(step, "the name of the file has to end with .yaml; rename it");
        r = quadlet_step_check_path(step, path);
        return r < 0 ? r : free_and_strdup(&step->pod->manifest, path);
}

int quadlet_config_map(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *path = quadlet_path(step, value);
        int r = path ? quadlet_step_check_path(step, path)
                     : lose(step, "cannot find the directory of '%s'", value);

        return r < 0 || !path ? r : strv_extend(&step->pod->documents, path);
}

int quadlet_kube_publish(QuadletStep *step, const QuadletRow *row, const char *value)
{
        int r = quadlet_publish(step, row, value);

        return r < 0 || step->state == FINDING_LOST ? r : change(step, "it is hostPort in the copy of the file, which "
                                                                 "has no comments");
}

int quadlet_kube_network(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (streq(value, "bridge") || streq(value, "private") || streq(value, "podman"))
                return change(step, "the pod is in the network 'default'");
        return streq(value, "host") ? lose(step, "write 'hostNetwork: true' into the file of Kubernetes")
                                    : lose(step, "'%s' is not possible: pods of Kubernetes are in the network "
                                                 "'default', or in the host's", value);
}

int quadlet_kube_log(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (streq(value, "none"))
                return lose(step, "the output of such a pod is always logged");
        return streq(value, "journald") || streq(value, "passthrough") ? 0
                                                                       : change(step, "the journal has the output");
}
