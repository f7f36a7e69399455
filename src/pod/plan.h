/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"
#include "network/net-port.h"
#include "pod/plan-journal.h"
#include "pod/pod-settings.h"

/* What a pod is to become on this host: the manifest resolved against images and settings, as pure data. Making a
 * plan touches nothing; a stage1 carries it out, --dry-run prints it, tests compare it. It has the pod's part, and one
 * for each app. All strings are owned by the plan, but for manifest and settings, which must outlive it. */

/* Where things are inside the pod. */
#define POD_STAGE2_DIR "/opt/stage2"
#define POD_STDIO_DIR "/var/lib/podctl/stdio"
#define POD_STATUS_DIR "/var/lib/podctl/status"
/* Texts for /etc in apps, in the pod's directory on disk. */
#define POD_FILES_DIR "files"
/* Where an app of a registered pod finds the metadata service (appc, ace.md "Execution Environment"). */
#define POD_METADATA_VARIABLE "AC_METADATA_URL"
/* User IDs of a pod's user namespace, as systemd-nspawn has them. */
#define POD_UID_COUNT 65536U
/* What overlayfs stacks. */
#define PLAN_LAYERS_MAX 500U

typedef enum PlanMountKind {
        PLAN_MOUNT_BIND,    /* source on target */
        PLAN_MOUNT_OVERLAY, /* the app's root from layers, upper and work directory */
        PLAN_MOUNT_TMPFS,
        _PLAN_MOUNT_KIND_MAX,
} PlanMountKind;

typedef struct PlanMount {
        PlanMountKind kind;
        char *what;      /* for messages: "volume 'data'" */
        char *source;    /* BIND: on the host; TMPFS: its name in the pod, since apps may share it */
        char *source_app; /* BIND: or in the root of this app, where it is made when missing */
        char *app;       /* the target is inside this app's root, following its links; NULL: inside the pod's own */
        char *target;    /* absolute; made when missing, as directory or file like the source */
        char **lowers;   /* OVERLAY: trees, top first */
        char *upper;
        char *work;
        bool read_only;  /* OVERLAY: once all targets in it are made */
        bool recursive;
        bool map_ids;    /* IDs in the pod stand for the same IDs outside, shifted by the pod's range */
        bool map_ids_optional; /* where the file system cannot do that, files belong to nobody and that is fine */
        bool data_only;        /* nothing in there may be executed or be a device */
        bool if_source;        /* nothing to do where there is no source: only the pod's start knows */
        bool if_absent;        /* nothing to do where the app has something there itself */
        bool implied;          /* only the image asks for it: nothing to do where it leads to a reserved place */
        bool unless_volume;    /* nothing to do where a volume covers the directory */
        bool over_links;       /* in /etc of the app: in place of a link that leads nowhere */
        bool slave;            /* what is mounted below the source later appears here */
        char *device_access;   /* the source may be a device, or a directory of some: "r", "rw" or "rwm" */
        bool is_device;        /* and has to be */
        bool make_source;      /* a directory of the pod's own, made when it is not there yet: */
        mode_t mode;           /* also TMPFS */
        uid_t uid;
        gid_t gid;
        uint64_t size;         /* TMPFS: bytes; 0: the kernel's default */
} PlanMount;

/* In the order in which they are made. */
typedef struct PlanMounts {
        PlanMount *items;
        size_t n;
} PlanMounts;

/* Lines of limits that begin so are not for the unit, but for the launcher: they are the app's alone. */
#define PLAN_RLIMIT "Limit"

/* One app's part, which can be made and carried out by itself once the pod's is. */
typedef struct PlanApp {
        const AppcPodApp *app;
        PlanMounts mounts;    /* its root, its volumes, files in its /etc */
        bool raw_output;      /* it goes to sockets, and to no journal */
        int64_t stop_timeout; /* seconds that it has to end before it is killed, -1: all it wants */
        int64_t handler_timeout; /* and that its event handlers have after that */
        char **environment;
        char **capabilities;   /* without "CAP_" */
        bool notify;
        bool privileged_image; /* no_new_privs would take away what its programs may count on */
        bool unrestricted;     /* --insecure-options=capabilities */
        bool unfiltered;       /* --insecure-options=seccomp */
        bool open_paths;       /* --insecure-options=paths */
        const char *restart;   /* systemd's Restart=, or NULL for never */
        char **after;          /* names of apps that start before this one */
        char **requires;       /* and those that have to be there for it as well */
        char *apparmor;        /* the profile, or NULL */
        char *selinux;         /* the context, or NULL */
        char **limits;         /* further lines for the app's unit, from its isolators */
        char **devices;        /* and of the pod's unit, on account of its volumes: see plan_resolve_sources() */
} PlanApp;

typedef struct PodPlan {
        const AppcPod *manifest;
        const PodSettings *settings;
        char uuid[37];
        char *directory;        /* of the pod on disk */
        PlanApp *apps;
        size_t n_apps;
        PlanMounts mounts;      /* what every pod has, whatever its apps */
        NetPort *ports;         /* that the host forwards */
        size_t n_ports;
        PlanJournal journal;
        char **unit_properties; /* of the pod's unit, where that is ours to make */
        char **limits;          /* of these, what the pod's isolators say */
        char **ignored;         /* what cannot be honoured, one line each, for the user */
} PodPlan;

/* The trees below each app's root, top first, in the order of the manifest's apps. */
typedef struct PlanImage {
        char **lowers;
        bool privileged;     /* executing something in there may give privileges */
        uint64_t highest_id; /* of the users and groups its files belong to, as far as is known */
} PlanImage;

/* How long an app has that does not say so itself, as with Docker and podman. */
#define PLAN_STOP_TIMEOUT 10
/* And a handler of events, when the pod is to end or the app has. */
#define PLAN_HANDLER_TIMEOUT 30

static inline bool pod_plan_private_users(const PodPlan *plan)
{
        return tristate_or(plan->settings->private_users, true);
}
