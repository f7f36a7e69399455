/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/pod-json.h"
#include "cri/cri-answer.h"
#include "cri/cri-method.h"
#include "cri/cri-metric.h"
#include "pod/engine.h"
#include "pod/pod-usage.h"

/* The metrics of all sandboxes that run, with their containers. */

/* The name of its control group is how cAdvisor tells one from another; group is below that of the pod's unit, or
 * "". */
static char *id_of(const Pod *pod, const char *group)
{
        _cleanup_free_ char *unit = NULL;

        return pod_group_name(pod, &unit) < 0 ? NULL : strjoin(unit, *group ? "/" : "", group);
}

/* The labels are known in order: id, name, image, namespace, pod, container. */
static void read_subject(CriMetricSubject *s, const CriSandbox *sandbox, const char *group, const char *name,
                         const char *image, const char *container)
{
        _cleanup_free_ char *id = id_of(sandbox->pod, group);
        const char *const labels[] = { strempty(id), name, strempty(image), strempty(sandbox->record->namespace),
                                       strempty(sandbox->record->name), container };

        s->pod = sandbox->pod;
        memcpy(s->labels, labels, sizeof(labels));
        if (s->dir >= 0)
                cri_metrics_read(s);
        cri_metric_subject_done(s);
}

static void add_all(const CriMetricSubject *s, Cri__Metric ***metrics, size_t *n)
{
        for (size_t i = 0; i < s->n_metrics; i++)
                call_append(metrics, n, s->metrics[i]);
        free(s->metrics);
}

static void add_pod(const CriSandbox *sandbox, Cri__PodSandboxMetrics *to)
{
        CriMetricSubject pod = { .kind = CRI_METRICS_POD, .dir = pod_group_open(sandbox->pod) },
                         network = { .kind = CRI_METRICS_NETWORK, .dir = pod_network_open(sandbox->pod) };

        read_subject(&pod, sandbox, "", sandbox->pod->uuid.s, NULL, "");
        add_all(&pod, &to->metrics, &to->n_metrics);
        read_subject(&network, sandbox, "", sandbox->pod->uuid.s, NULL, "POD");
        add_all(&network, &to->metrics, &to->n_metrics);
}

static void add_container(const CriSandbox *sandbox, const AppcPodApp *app, Cri__PodSandboxMetrics *to)
{
        _cleanup_(cri_container_record_freep) CriContainerRecord *record = NULL;
        _cleanup_free_ char *group = engine_app_group(pod_engine(sandbox->pod), app->name);
        CriMetricSubject s = { .kind = CRI_METRICS_CONTAINER, .app = app };
        Cri__ContainerMetrics *container;

        if (!group || cri_container_record_of(app, &record) < 0 ||
            !streq(pod_app_state(sandbox->pod, app->name), "running"))
                return;
        s.record = record;
        s.dir = pod_app_group_open(sandbox->pod, app->name);
        container = call_new(&cri__container_metrics__descriptor);
        container->container_id = call_text(record->id);
        read_subject(&s, sandbox, group, record->id, record->image, record->name);
        container->metrics = s.metrics;
        container->n_metrics = s.n_metrics;
        call_append(&to->container_metrics, &to->n_container_metrics, container);
}

static int add_sandbox(CriSandbox *s, void *userdata)
{
        Cri__ListPodSandboxMetricsResponse *answer = userdata;
        Cri__PodSandboxMetrics *to;

        if (s->pod->state != POD_RUNNING)
                return 0;
        to = call_new(&cri__pod_sandbox_metrics__descriptor);
        to->pod_sandbox_id = call_text(s->pod->uuid.s);
        add_pod(s, to);
        for (size_t i = 0; i < s->pod->manifest->n_apps; i++)
                add_container(s, &s->pod->manifest->apps[i], to);
        call_append(&answer->pod_metrics, &answer->n_pod_metrics, to);
        return 0;
}

static GrpcCode list(Context *c, const void *request, void *response, char **reterr_message)
{
        return cri_sandbox_each(c, add_sandbox, response) < 0 ? GRPC_INTERNAL : GRPC_OK;
}

static GrpcCode describe(Context *c, const void *request, void *response, char **reterr_message)
{
        Cri__ListMetricDescriptorsResponse *answer = response;

        cri_metrics_describe(&answer->descriptors, &answer->n_descriptors);
        return GRPC_OK;
}

const CriMethod cri_metrics_methods[] = {
        CRI_METHOD(RuntimeService, ListMetricDescriptors, list_metric_descriptors, describe),
        CRI_METHOD(RuntimeService, ListPodSandboxMetrics, list_pod_sandbox_metrics, list),
        CRI_PIECES(RuntimeService, StreamPodSandboxMetrics, list_pod_sandbox_metrics, stream_pod_sandbox_metrics, list),
        {},
};
