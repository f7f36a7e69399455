/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"
#include "pod/pod.h"

/* What there is to know about an engine before and after it has become a pod: stage1/stage1.h is how it does that. A
 * pod keeps the name of its engine in its settings. */
typedef struct Engine {
        const char *name;
        const char *const *rkt;   /* rkt's names for it, as parts of names, paths and URLs of its images */
        /* PID 1 of the pod is a systemd of its own, a child of the unit's main process, and apps are its services.
         * Without one, the unit's main process is the only app, in the unit's own control group. */
        bool has_init;
        bool is_machine;          /* systemd-machined knows the pods */
        /* What a pod has that does not say anything else; NULL: the host's configuration, or no difference. */
        const char *net;
        const char *log;
        bool private_users;
        bool private_pids;        /* of apps of Docker and OCI images */
        bool shared_mounts;       /* mounts of apps can reach the host */
        bool recursive_volumes;
        const char *unit_prefix;  /* of names of units that podctl makes beside an app, where its service is */
        const char *const *unit_properties; /* of every pod's unit, where podctl makes it */
        const char *kill_mode;    /* what KillMode= has to be for an orderly end */
        int success_status;       /* the exit status of the unit that is none of the app's and a success; 0: none */
        /* Says what the engine cannot do for the pod, by name. */
        int (*check)(const PodPlan *plan, char **reterr_message);
        /* Removes what pods of that name that were killed have left on the host; -EEXIST: somebody else has the name.
         * NULL: nothing is left. */
        int (*clear)(const char *name);
} Engine;

extern const Engine engine_nspawn, engine_fly;

/* NULL: there is none of that name; of_rkt: or of such a name of rkt's. */
const Engine *engine_find(const char *name, bool of_rkt);
/* The pod's; settings have no other names than those of engines. */
const Engine *engine_of(const PodSettings *settings);
const Engine *pod_engine(const Pod *pod);

/* Where an app is found while its pod runs, as paths: its root, below that of the pod's leader, and its control group,
 * below that of the pod's unit. */
char *engine_app_root(const Engine *engine, const char *app);
#define ENGINE_SERVICES_GROUP "payload/system.slice"
char *engine_app_group(const Engine *engine, const char *app);
/* The process whose systemd has the apps' services: the pod's leader, with the errors of pod_leader_pid(), or the
 * host's PID 1. */
int engine_manager_pid(const Engine *engine, Pod *pod, pid_t *ret);
