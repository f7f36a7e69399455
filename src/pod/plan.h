/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inside/stdio-kind.h"
#include "manifest/appc-pod.h"
#include "network/net-port.h"
#include "pod/plan-journal.h"
#include "pod/pod-settings.h"

/* What a pod is to become on this host: the manifest resolved against images and settings, as pure data. Making a plan
 * touches nothing; a stage1 carries it out, --dry-run prints it, tests compare it. It has one part for the pod and one
 * for each app. The plan owns all its strings, but not manifest and settings, which must outlive it. */

/* Paths inside the pod. */
#define POD_STAGE2_DIR "/opt/stage2"
#define POD_STATUS_DIR "/var/lib/podctl/status"
/* The files for the /etc of apps, in the pod's directory on disk. */
#define POD_FILES_DIR "files"
/* The variable by which an app of a registered pod finds the metadata service (appc, ace.md "Execution
 * Environment"). */
#define POD_METADATA_VARIABLE "AC_METADATA_URL"
/* The number of user IDs in a pod's user namespace, as with systemd-nspawn. */
#define POD_UID_COUNT 65536U
/* The number of layers that overlayfs can stack. */
#define PLAN_LAYERS_MAX 500U

typedef enum PlanMountKind {
        PLAN_MOUNT_BIND,    /* source on target */
        PLAN_MOUNT_OVERLAY, /* the app's root from layers, upper and work directory */
        PLAN_MOUNT_TMPFS,
        PLAN_MOUNT_NAMED,   /* a volume of the host, made at its first use: pod/volume-store.h */
        PLAN_MOUNT_IMAGE,   /* the layers of an image, read-only */
        _PLAN_MOUNT_KIND_MAX,
} PlanMountKind;

typedef struct PlanMount {
        PlanMountKind kind;
        char *what;      /* for messages: "volume 'data'" */
        char *source;    /* BIND: on the host; TMPFS: its name in the pod, since apps may share it; NAMED: its name;
                      * IMAGE: its ID */
        char *source_app; /* BIND: if not NULL, source is in the root of this app, and made when missing */
        char *content_app; /* NAMED: the app whose image has the first content of the volume */
        char *content;     /* NAMED: the path of that content in the app */
        char *app;       /* the target is inside this app's root, following its links; NULL: inside the pod's own */
        char *target;    /* absolute; made when missing, as directory or file like the source */
        char **lowers;   /* OVERLAY and IMAGE: trees, top first */
        char *upper;
        char *work;
        bool read_only;  /* OVERLAY: once all targets in it are made */
        bool recursive;
        bool writable_below; /* read_only is the mount's, not of those below it */
        bool map_ids;    /* IDs in the pod stand for the same IDs outside, shifted by the pod's range */
        bool map_ids_optional; /* if the file system cannot do that, files belong to nobody and that is fine */
        bool owners_may_go;    /* the same, but whoever starts the pod is told */
        bool data_only;        /* nothing in there may be executed or be a device */
        bool if_source;        /* skipped if there is no source: only the pod's start knows */
        bool if_absent;        /* skipped if the app has something there itself */
        bool implied;          /* only the image asks for it: skipped if it leads to a reserved place */
        bool unless_volume;    /* skipped if a volume covers the directory */
        bool over_links;       /* in /etc of the app: in place of a link that leads nowhere */
        bool slave;            /* what is mounted below the source later appears here */
        bool shared;           /* the same, and the reverse as well */
        char *device_access;   /* the source may be a device, or a directory of some: "r", "rw" or "rwm" */
        bool is_device;        /* the source must be a device or such a directory */
        mode_t source_format;  /* what the source must be (S_IFMT of stat(2)); 0: anything */
        bool make_source;      /* the source is a directory, made if missing, with: */
        bool make_file;        /* the source is a file, made if missing, with: */
        mode_t mode;           /* also TMPFS */
        uid_t uid;
        gid_t gid;
        uint64_t size;         /* TMPFS, and BIND of an empty volume: bytes; 0: the kernel's default, or none */
        bool of_pod;           /* TMPFS: it stays in the pod, for apps that come late */
        bool has_others;       /* TMPFS: an app that was there before has it as well */
        char *sub_path;        /* what of the source is mounted, made as a directory when missing (IMAGE: it has to be
                                * there); NULL: all of it */
        gid_t group;           /* NAMED: see Volume */
} PlanMount;

/* In the order in which they are made. */
typedef struct PlanMounts {
        PlanMount *items;
        size_t n;
} PlanMounts;

/* Lines of limits with this prefix are not for the unit but for the launcher: they apply to the app alone. */
#define PLAN_RLIMIT "Limit"

/* The part of one app, which can be made and carried out by itself once the part of the pod is. */
typedef struct PlanApp {
        const AppcPodApp *app;
        char *unit;           /* whose main process it is, by the manager that is nearest to it */
        char *files;          /* the directory of its launcher's files (launch-places.h), for what joins it */
        bool host_devices;    /* it sees the host's /dev, and not one of its own */
        PlanMounts mounts;    /* its root, its volumes, files in its /etc */
        StdioKind stdio[3];   /* its standard input, output and error */
        PlanLog log;          /* the journals that have its output */
        char **journal_fields; /* "NAME=VALUE", of its entries in the journals */
        int64_t stop_timeout; /* seconds that it has to end before it is killed, -1: unlimited */
        int64_t hook_timeout;    /* the part of them that a hook may take before; 0: there is none, -1: no limit */
        int64_t handler_timeout; /* seconds that its event handlers have after it has ended */
        char **environment;
        char **addresses;      /* "NAME=VALUE", of them those that are addresses: pod-addresses.h */
        char **capabilities;   /* without "CAP_" */
        char **ambient;        /* of them, those that its program has as any user; without "CAP_" */
        char **left_out;       /* of an unrestricted app: what it does not have; without "CAP_" */
        bool notify;
        bool privileged_image; /* its programs may need privileges that no_new_privs would prevent */
        bool unrestricted;     /* --insecure-options=capabilities */
        bool unfiltered;       /* --insecure-options=seccomp */
        bool open_paths;       /* --insecure-options=paths */
        bool open_proc;        /* also what systemd-nspawn protects in all other pods */
        bool protects_sys;     /* the engine leaves /sys writable for other apps of the pod, and not for this one */
        const char *restart;   /* systemd's Restart=, or NULL for never */
        const char *restart_limit; /* a number of restarts, or NULL for no limit */
        bool restart_backoff;  /* the pauses before them grow */
        const char *on_unhealthy; /* "none", "restart", "stop" or "fail" */
        bool health_ready;     /* the pod has started only when it is healthy */
        bool oneshot;          /* others wait for its end, not its start */
        bool own_pids;         /* it does not see the processes of the whole pod */
        const char *pids_of;   /* with own_pids: the app whose processes it sees; NULL: only its own */
        bool late;             /* it comes while the pod runs */
        bool any_program;      /* that there is no such program is for its start to find out */
        bool leaves_pod;       /* the pod goes on without it, however it ends */
        bool non_root;         /* it must not start as root */
        bool oom_group;        /* out of memory, it ends as a whole */
        char **after;          /* names of apps that start before this one */
        char **requires;       /* names of apps without which this one does not start */
        char *apparmor;        /* the profile, or NULL */
        char *selinux;         /* the context, or NULL */
        char **limits;         /* further lines for the app's unit, from its isolators */
        char **devices;        /* lines for the pod's unit, for devices in volumes: plan_resolve_sources() */
} PlanApp;

typedef struct PodPlan {
        const AppcPod *manifest;
        const PodSettings *settings;
        char uuid[37];
        char *directory;        /* the pod's directory on disk */
        PlanApp *apps;
        size_t n_apps;
        PlanMounts mounts;      /* the mounts of every pod, whatever its apps */
        NetPort *ports;         /* those that the host forwards */
        size_t n_ports;
        PlanJournal journal;
        uint64_t deadline_usec; /* see plan-deadline.h */
        char **unit_properties; /* for the pod's unit, where podctl makes it */
        char **limits;          /* those of them that come from the pod's isolators */
        char **ignored;         /* demands that cannot be met, one line each, for the user */
} PodPlan;

/* The trees of an image, top first. */
typedef struct PlanImage {
        char *id;            /* of image volumes: as the manifest has it */
        char **lowers;
        bool privileged;     /* executing something in there may give privileges */
        uint64_t highest_id; /* the highest ID of users and groups that own its files, as far as is known */
} PlanImage;

/* All that a pod needs: one for each app, in the order of the manifest, and those of its image volumes, each once. */
typedef struct PlanImages {
        PlanImage *apps;
        size_t n_apps;
        PlanImage *volumes;
        size_t n_volumes;
} PlanImages;

/* Seconds that systemd gives an app with a hook more than the hook and the app need together: app-hook.c leaves the app
 * 2 if the hook took all the time, and is not to be ended at the same moment. */
#define PLAN_HOOK_MARGIN 3
/* Seconds for an event handler, when the pod is asked to end or the app has ended. */
#define PLAN_HANDLER_TIMEOUT 30

/* Of the pod, as its engine makes it: its devices are those of the host, too. */
static inline bool pod_plan_has_open_paths(const PodPlan *plan)
{
        return appc_pod_is_privileged(plan->manifest) || strv_contains(plan->settings->insecure, "paths");
}

static inline bool pod_plan_private_users(const PodPlan *plan)
{
        return tristate_or(plan->settings->private_users, true);
}
