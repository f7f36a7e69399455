/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "config.h"
#include "cri/cri-answer.h"
#include "cri/cri-method.h"
#include "cri/cri-network.h"

/* What the service is, and whether it can work. */

static GrpcCode version(Context *c, const void *request, void *response, char **reterr_message)
{
        Cri__VersionResponse *answer = response;

        /* The first is the version of what a kubelet and its runtime say to each other; it never changed. */
        answer->version = (char *) "0.1.0";
        answer->runtime_name = (char *) "podctl";
        answer->runtime_version = (char *) PODCTL_VERSION;
        answer->runtime_api_version = (char *) "v1";
        return GRPC_OK;
}

/* message: what is wrong; NULL: nothing. */
static Cri__RuntimeCondition *condition(const char *type, const char *reason, const char *message)
{
        Cri__RuntimeCondition *condition = new0(Cri__RuntimeCondition, 1);

        if (!condition)
                return NULL;
        cri__runtime_condition__init(condition);
        condition->type = (char *) type;
        condition->status = !message;
        condition->reason = (char *) (message ? reason : "");
        condition->message = (char *) strempty(message);
        return condition;
}

/* Both of these return what is wrong. */

static const char *look_at_runtime(Context *c)
{
        ImageStore *images;
        PodStore *pods;
        sd_bus *bus;

        return context_pods(c, &pods) < 0 || context_images(c, &images) < 0 || context_bus(c, &bus) < 0
                       ? log_last_error() ?: "it cannot be said why"
                       : NULL;
}

static const char *look_at_network(Context *c)
{
        _cleanup_free_ char *network = NULL;
        int r = cri_network_choose(c, &network);

        if (r == -ENOENT)
                return "there is no network yet in " CRI_CNI_DIRECTORY;
        return r < 0 ? log_last_error() ?: "it cannot be said why" : NULL;
}

/* The only one, whose name is empty. */
static Cri__RuntimeHandler *handler(void)
{
        Cri__RuntimeHandler *to = call_new(&cri__runtime_handler__descriptor);

        to->features = call_new(&cri__runtime_handler_features__descriptor);
        to->features->recursive_read_only_mounts = true;
        to->features->user_namespaces = true;
        return to;
}

static GrpcCode status(Context *c, const void *request, void *response, char **reterr_message)
{
        static Cri__RuntimeStatus status = CRI__RUNTIME_STATUS__INIT;
        static Cri__RuntimeCondition *conditions[2];
        Cri__StatusResponse *answer = response;

        conditions[0] = condition("RuntimeReady", "PodctlNotReady", look_at_runtime(c));
        conditions[1] = condition("NetworkReady", "NetworkPluginNotReady", look_at_network(c));
        if (!conditions[0] || !conditions[1])
                return GRPC_RESOURCE_EXHAUSTED;
        status.conditions = conditions;
        status.n_conditions = ELEMENTSOF(conditions);
        answer->status = &status;
        answer->features = call_new(&cri__runtime_features__descriptor);
        answer->features->supplemental_groups_policy = true;
        call_append(&answer->runtime_handlers, &answer->n_runtime_handlers, handler());
        return GRPC_OK;
}

/* Pods are units: their groups are systemd's. */
static GrpcCode runtime_config(Context *c, const void *request, void *response, char **reterr_message)
{
        static Cri__LinuxRuntimeConfiguration configuration = CRI__LINUX_RUNTIME_CONFIGURATION__INIT;
        Cri__RuntimeConfigResponse *answer = response;

        configuration.cgroup_driver = CRI__CGROUP_DRIVER__SYSTEMD;
        answer->linux = &configuration;
        return GRPC_OK;
}

const CriMethod cri_runtime_methods[] = {
        CRI_METHOD(RuntimeService, Version, version, version),
        CRI_METHOD(RuntimeService, Status, status, status),
        CRI_METHOD(RuntimeService, RuntimeConfig, runtime_config, runtime_config),
        {},
};
