/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube/kube-rules.h"

/* The members, as paths within the object: "a.b" is in an object, "a[].b" in all elements of a list. */

typedef enum Weight {
        REFUSED,
        WARNED,
        MEANINGLESS,            /* says nothing about what runs on one host */
} Weight;

typedef struct Rule {
        const char *path;
        Weight weight;
        const char *why;
        const char *harmless;   /* the value, as JSON, that changes nothing */
} Rule;

#define MOUNT_IT "mount it on the host, and use hostPath"
#define ONE_HOST "there is only this host"
#define OWN_NAMESPACES "a pod has namespaces of its own"

#define PROBE(where, probe)                                                                                    \
        { where probe ".terminationGracePeriodSeconds", REFUSED, "an app has one time to end, "                \
          "terminationGracePeriodSeconds of the pod", NULL }

#define CONTAINER(where)                                                                                       \
        { where "securityContext.windowsOptions", REFUSED, "this is Linux", "{}" },                            \
        { where "volumeDevices", REFUSED, "block devices are not handed over; see --device of podctl-run(1)",  \
          "[]" },                                                                                              \
        { where "volumeMounts[].subPathExpr", REFUSED, "write the directory as subPath", "\"\"" },             \
        { where "volumeMounts[].recursiveReadOnly", REFUSED, "mounts below a volume keep what they are",       \
          "\"Disabled\"" },                                                                                    \
        { where "resources.claims", REFUSED, "devices are not claimed; see --device of podctl-run(1)", "[]" }, \
        { where "resizePolicy", MEANINGLESS, NULL, NULL },                                                     \
        { where "restartPolicyRules", REFUSED, "an app has one policy", "[]" },                                \
        { where "stdinOnce", MEANINGLESS, NULL, NULL },                                                        \
        { where "terminationMessagePath", WARNED, "'podctl logs' has what the app said last", NULL },          \
        { where "terminationMessagePolicy", WARNED, "'podctl logs' has what the app said last", NULL },        \
        { where "env[].valueFrom.fieldRef.apiVersion", MEANINGLESS, NULL, NULL },                              \
        { where "env[].valueFrom.fileKeyRef", REFUSED, "write the variable", NULL },                           \
        PROBE(where, "livenessProbe"), PROBE(where, "readinessProbe"), PROBE(where, "startupProbe")

static const Rule pod_rules[] = {
        CONTAINER("containers[]."),
        CONTAINER("initContainers[]."),
        { "affinity", WARNED, ONE_HOST, "{}" },
        { "automountServiceAccountToken", MEANINGLESS, NULL, NULL },
        { "enableServiceLinks", MEANINGLESS, NULL, NULL },
        { "ephemeralContainers", REFUSED, "use 'podctl exec'", "[]" },
        { "hostPID", REFUSED, OWN_NAMESPACES "; an app of podctl run --stage1=fly sees the host's processes",
          "false" },
        { "hostUsers", REFUSED, "a pod has user IDs of its own", "false" },
        { "nodeName", WARNED, ONE_HOST, NULL },
        { "nodeSelector", WARNED, ONE_HOST, "{}" },
        { "os", MEANINGLESS, NULL, NULL },
        { "overhead", MEANINGLESS, NULL, NULL },
        { "preemptionPolicy", WARNED, ONE_HOST, NULL },
        { "priority", WARNED, ONE_HOST, NULL },
        { "priorityClassName", WARNED, ONE_HOST, NULL },
        { "readinessGates", WARNED, "nobody sets them here", "[]" },
        { "resourceClaims", REFUSED, "devices are not claimed; see --device of podctl-run(1)", "[]" },
        { "resources", REFUSED, "write limits for each container", "{}" },
        { "runtimeClassName", REFUSED, "the engine is systemd-nspawn", NULL },
        { "schedulerName", WARNED, ONE_HOST, "\"default-scheduler\"" },
        { "schedulingGates", REFUSED, ONE_HOST, "[]" },
        { "serviceAccount", WARNED, "there are no service accounts here", "\"default\"" },
        { "serviceAccountName", WARNED, "there are no service accounts here", "\"default\"" },
        { "setHostnameAsFQDN", REFUSED, "write the whole name as hostname", "false" },
        { "tolerations", WARNED, ONE_HOST, "[]" },
        { "topologySpreadConstraints", WARNED, ONE_HOST, "[]" },
        { "securityContext.fsGroupChangePolicy", MEANINGLESS, NULL, NULL },
        { "securityContext.seLinuxChangePolicy", MEANINGLESS, NULL, NULL },
        { "securityContext.supplementalGroupsPolicy", REFUSED, "groups of the image's user stay", "\"Merge\"" },
        { "securityContext.windowsOptions", REFUSED, "this is Linux", "{}" },
        { "volumes[].projected.sources[].serviceAccountToken", REFUSED, "there are no service accounts here", NULL },
        { "volumes[].projected.sources[].clusterTrustBundle", REFUSED, "write the certificates to a ConfigMap", NULL },
        { "volumes[].projected.sources[].podCertificate", REFUSED, "write the certificate to a Secret", NULL },
        { "volumes[].projected.sources[].downwardAPI.items[].fieldRef.apiVersion", MEANINGLESS, NULL, NULL },
        { "volumes[].downwardAPI.items[].fieldRef.apiVersion", MEANINGLESS, NULL, NULL },
        { "volumes[].ephemeral", REFUSED, "name a persistentVolumeClaim", NULL },
        { "volumes[].awsElasticBlockStore", REFUSED, MOUNT_IT, NULL },
        { "volumes[].azureDisk", REFUSED, MOUNT_IT, NULL },
        { "volumes[].azureFile", REFUSED, MOUNT_IT, NULL },
        { "volumes[].cephfs", REFUSED, MOUNT_IT, NULL },
        { "volumes[].cinder", REFUSED, MOUNT_IT, NULL },
        { "volumes[].csi", REFUSED, MOUNT_IT, NULL },
        { "volumes[].fc", REFUSED, MOUNT_IT, NULL },
        { "volumes[].flexVolume", REFUSED, MOUNT_IT, NULL },
        { "volumes[].flocker", REFUSED, MOUNT_IT, NULL },
        { "volumes[].gcePersistentDisk", REFUSED, MOUNT_IT, NULL },
        { "volumes[].glusterfs", REFUSED, MOUNT_IT, NULL },
        { "volumes[].iscsi", REFUSED, MOUNT_IT, NULL },
        { "volumes[].nfs", REFUSED, MOUNT_IT, NULL },
        { "volumes[].photonPersistentDisk", REFUSED, MOUNT_IT, NULL },
        { "volumes[].portworxVolume", REFUSED, MOUNT_IT, NULL },
        { "volumes[].quobyte", REFUSED, MOUNT_IT, NULL },
        { "volumes[].rbd", REFUSED, MOUNT_IT, NULL },
        { "volumes[].scaleIO", REFUSED, MOUNT_IT, NULL },
        { "volumes[].storageos", REFUSED, MOUNT_IT, NULL },
        { "volumes[].vsphereVolume", REFUSED, MOUNT_IT, NULL },
        { "volumes[].gitRepo", REFUSED, "clone it, and use hostPath", NULL },
        { NULL },
};

static const Rule metadata_rules[] = {
        { "creationTimestamp", MEANINGLESS, NULL, NULL }, { "deletionGracePeriodSeconds", MEANINGLESS, NULL, NULL },
        { "deletionTimestamp", MEANINGLESS, NULL, NULL }, { "finalizers", MEANINGLESS, NULL, NULL },
        { "generation", MEANINGLESS, NULL, NULL },        { "managedFields", MEANINGLESS, NULL, NULL },
        { "ownerReferences", MEANINGLESS, NULL, NULL },   { "resourceVersion", MEANINGLESS, NULL, NULL },
        { "selfLink", MEANINGLESS, NULL, NULL },          { "uid", MEANINGLESS, NULL, NULL },
        { "generateName", REFUSED, "write the name", NULL },
        { NULL },
};

static const Rule workload_rules[] = {
        { "status", MEANINGLESS, NULL, NULL },
        { "spec.selector", MEANINGLESS, NULL, NULL },
        { "spec.strategy", WARNED, "there is one pod: 'podctl update' restarts it", NULL },
        { "spec.updateStrategy", WARNED, "there is one pod: 'podctl update' restarts it", NULL },
        { "spec.minReadySeconds", WARNED, "there is one pod", NULL },
        { "spec.revisionHistoryLimit", WARNED, "there is one pod", NULL },
        { "spec.progressDeadlineSeconds", WARNED, "see TimeoutStartSec= of the pod's unit", NULL },
        { "spec.paused", REFUSED, "start the pod when it is wanted", "false" },
        { "spec.suspend", REFUSED, "start the pod when it is wanted", "false" },
        { "spec.backoffLimitPerIndex", WARNED, "there is one pod", NULL },
        { "spec.completionMode", WARNED, "there is one pod", "\"NonIndexed\"" },
        { "spec.manualSelector", MEANINGLESS, NULL, NULL },
        { "spec.maxFailedIndexes", WARNED, "there is one pod", NULL },
        { "spec.managedBy", REFUSED, "nothing else is here", NULL },
        { "spec.podFailurePolicy", REFUSED, "see RestartPreventExitStatus= of the pod's unit", NULL },
        { "spec.podReplacementPolicy", WARNED, "there is one pod", NULL },
        { "spec.successPolicy", WARNED, "there is one pod", NULL },
        { "spec.ttlSecondsAfterFinished", WARNED, "'podctl gc' removes what has ended", NULL },
        { NULL },
};

static const Rule cron_rules[] = {
        { "status", MEANINGLESS, NULL, NULL },
        { "spec.successfulJobsHistoryLimit", WARNED, "'podctl gc' removes what has ended, by its age", NULL },
        { "spec.failedJobsHistoryLimit", WARNED, "'podctl gc' removes what has ended, by its age", NULL },
        { NULL },
};

static const Rule config_rules[] = {
        { "immutable", MEANINGLESS, NULL, NULL },
        { "type", MEANINGLESS, NULL, NULL },
        { NULL },
};

#define DIRECTORY "the volume is a directory of the host"

static const Rule claim_rules[] = {
        { "status", MEANINGLESS, NULL, NULL },
        { "spec.accessModes", MEANINGLESS, NULL, NULL },
        { "spec.dataSource", REFUSED, "copy the data into the volume", NULL },
        { "spec.dataSourceRef", REFUSED, "copy the data into the volume", NULL },
        { "spec.resources", WARNED, "the volume is made without a limit; see 'podctl volume create'", "{}" },
        { "spec.selector", WARNED, DIRECTORY, "{}" },
        { "spec.storageClassName", WARNED, DIRECTORY, "\"\"" },
        { "spec.volumeAttributesClassName", WARNED, DIRECTORY, "\"\"" },
        { "spec.volumeMode", REFUSED, DIRECTORY, "\"Filesystem\"" },
        { "spec.volumeName", WARNED, DIRECTORY, "\"\"" },
        { NULL },
};

static const Rule *const rules[_KUBE_PART_MAX] = {
        [KUBE_POD_SPEC] = pod_rules,
        [KUBE_METADATA] = metadata_rules,
        [KUBE_WORKLOAD] = workload_rules,
        [KUBE_CRON] = cron_rules,
        [KUBE_CONFIG] = config_rules,
        [KUBE_CLAIM] = claim_rules,
};

typedef struct Walk {
        Findings *findings;
        YamlDocument document;
        const Rule *rule;
} Walk;

static bool is_harmless(const Rule *rule, json_object *value)
{
        return rule->weight == MEANINGLESS ||
               (rule->harmless && streq(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), rule->harmless));
}

static int take_out(const Walk *w, json_object *o, const char *member, const char *path)
{
        json_object *value = json_object_object_get(o, member);
        int r = 0;

        /* Null is the same as absent. */
        if (value && !is_harmless(w->rule, value))
                r = findings_add_at(w->findings, yaml_place_of(w->document, path), path,
                                    w->rule->weight == REFUSED ? FINDING_LOST : FINDING_CHANGED, "%s%s",
                                    w->rule->weight == REFUSED ? "not supported: " : "has no effect: ", w->rule->why);
        json_object_object_del(o, member);
        return r;
}

static int walk(const Walk *w, json_object *o, const char *rest, const char *path)
{
        size_t n = strcspn(rest, ".[");
        _cleanup_free_ char *member = strndup(rest, n), *at = NULL;
        json_object *value;
        int r = 0;

        at = member ? strjoin(path, *path ? "." : "", member) : NULL;
        if (!at)
                return -ENOMEM;
        if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, member, &value))
                return 0;
        if (!rest[n])
                return take_out(w, o, member, at);
        if (rest[n] == '.')
                return walk(w, value, rest + n + 1, at);
        for (size_t i = 0; r >= 0 && json_object_is_type(value, json_type_array) && i < json_object_array_length(value);
             i++) {
                _cleanup_free_ char *element = strprintf("%s[%zu]", at, i);

                r = element ? walk(w, json_object_array_get_idx(value, i), rest + n + 3, element) : -ENOMEM;
        }
        return r;
}

int kube_rules_apply(Findings *f, KubePart part, YamlDocument document, const char *path, json_object *o)
{
        int r = 0;

        for (const Rule *rule = rules[part]; r >= 0 && rule->path; rule++)
                r = walk(&(Walk) { f, document, rule }, o, rule->path, path);
        return r;
}
