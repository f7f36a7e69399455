/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fs.h"
#include "basic/uuid.h"
#include "manifest/appc-pod.h"
#include "pod/pod-settings.h"

/* Pods on disk: DATA/pods/DIRECTORY/UUID, as rkt had them. What a pod is doing follows from the directory it is in
 * and from whether somebody holds the flock(2) on it; transitions are one rename(2). The lock is on the directory's
 * own fd and passes through exec to systemd-nspawn, so the kernel gives it up when the pod is gone, however it went.
 *
 *     pod            the pod manifest, everything resolved; its mtime is when the pod was created
 *     settings       what else the start asked for (pod-settings.h)
 *     uid-base       first of the user IDs of its own, when it has some
 *     pid            of the process systemd watches; its mtime is when the pod was started
 *     apps/APP/      upper and work directory of the app's root, "lower" the layers below
 *     volumes/NAME   empty volumes
 *     journal/       the pod's journal
 *     stdio/         sockets of an interactive app without a terminal
 *     output/N       a socket, on which `podctl run` waits for what app N of the manifest writes, counted from 0
 *     files/         texts for /etc of its apps (pod-etc.h)
 *     status/APP     exit status of an app that has ended, its mtime is when; written inside the pod
 *     status/.health-APP  how an app with a health check is while it runs; likewise
 *     exit           exit status of the pod itself, its mtime is when
 *     size           how much it takes on the disk, once somebody wanted to know of an ended one (pod-keep.h) */

typedef enum PodDirectory {
        POD_DIR_EMBRYO,
        POD_DIR_PREPARE,
        POD_DIR_PREPARED,
        POD_DIR_RUN,
        POD_DIR_EXITED_GARBAGE,
        POD_DIR_GARBAGE,
        _POD_DIRECTORY_MAX,
        _POD_DIRECTORY_INVALID = -EINVAL,
} PodDirectory;

const char *pod_directory_to_string(PodDirectory d);
PodDirectory pod_directory_from_string(const char *s);

/* In rkt's words. */
typedef enum PodState {
        POD_EMBRYO,
        POD_PREPARING,
        POD_ABORTED_PREPARE,
        POD_PREPARED,
        POD_RUNNING,
        POD_EXITED,
        POD_EXITED_DELETING,
        POD_EXITED_GARBAGE,
        POD_DELETING,
        POD_GARBAGE,
        _POD_STATE_MAX,
        _POD_STATE_INVALID = -EINVAL,
} PodState;

const char *pod_state_to_string(PodState s);
PodState pod_state_from_string(const char *s);

#define PODS_DEFAULT_DATA "/var/lib/podctl"

/* The apps are numbered in there, since a name may be too long for the address of a socket. */
#define POD_OUTPUT_DIR "output"

/* DATA/pods, opened. */
typedef struct PodStore {
        char *data;    /* absolute path of DATA */
        int fd;
} PodStore;

int pod_store_open(const char *data, PodStore **ret);
PodStore *pod_store_free(PodStore *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodStore *, pod_store_free);

typedef struct Pod {
        PodStore *store; /* outlives the pod */
        Uuid uuid;
        PodDirectory directory;
        PodState state;
        int fd;          /* the pod's directory */
        bool locked;     /* by us, through fd */
        int hold_fd;     /* see pod_hold() */

        /* Loaded on demand by pod_load(). */
        AppcPod *manifest;
        PodSettings *settings;
} Pod;

Pod *pod_free(Pod *p);
DEFINE_TRIVIAL_CLEANUP_FUNC(Pod *, pod_free);

/* A new pod in the preparing state, locked by us. */
int pod_new(PodStore *s, const Uuid *uuid, Pod **ret);
/* The pod, wherever it is, with its state of this moment. -ENOENT. */
int pod_open(PodStore *s, const Uuid *uuid, Pod **ret);

/* All of them, one after the other, sorted by UUID; those that go away meanwhile, or that somebody has broken, are left
 * out. 1: *ret is the next one. 0: there are no more. */
typedef struct PodScan PodScan;
int pod_scan_new(PodStore *s, PodScan **ret);
int pod_scan_next(PodScan *s, Pod **ret);
PodScan *pod_scan_free(PodScan *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodScan *, pod_scan_free);

/* By name, UUID or the beginning of a UUID. A running pod goes before others of its name, then the newest one. -ENOENT:
 * none such. -ENOTUNIQ: the beginning fits several; *ret_fitting, unless NULL, says which. -EINVAL: the text is
 * empty. */
int pod_find(PodStore *s, const char *text, Pod **ret, char ***ret_fitting);

/* Reads manifest and settings. *reterr_message names file and member. */
int pod_load(Pod *p, char **reterr_message);
/* What it is called: its name, or the UUID when it has none or cannot be read. */
const char *pod_display_name(Pod *p);

/* Takes the lock. -EAGAIN: somebody else has it. -ENOENT: the pod went elsewhere before we had it; look again. */
int pod_lock(Pod *p);
/* Takes over a lock through a copy of the fd that holds it. -ESTALE: that is not this pod's directory. -EAGAIN: it
 * does not hold the lock. */
int pod_adopt_lock(Pod *p, int fd);
/* Keeps the pod from being collected, or moved for that, until it is freed: for a process that waits for it and is not
 * done when it ends. Any number may. A shared lock of the file "pod". */
int pod_hold(Pod *p);
/* 1: somebody else does. */
int pod_is_held(const Pod *p);
/* Moves a pod whose lock we hold. A prepared pod is on disk then; others do not outlive a power cut in any useful way,
 * and no start waits for the disk on their account. */
int pod_move(Pod *p, PodDirectory to);
/* Looks again where the pod is and what it does. -ENOENT: gone. */
int pod_refresh(Pod *p);
/* True while the process that systemd watches is there. */
bool pod_state_is_alive(PodState s);
bool pod_state_has_run(PodState s);
/* True when it has run and ended, or is on its way out. */
bool pod_state_is_over(PodState s);


char *pod_path(const Pod *p, const char *below);

/* Nanoseconds since the epoch; 0 when it has not happened yet. */
uint64_t pod_created_time(const Pod *p);
uint64_t pod_started_time(const Pod *p);
/* When the pod ended, as well as we know: its own record, the last app's, or when it was marked as garbage. */
uint64_t pod_exited_time(const Pod *p);
/* -ENOENT: not recorded; or, of an app, it is being started once more. */
int pod_exit_status(const Pod *p, int *ret);
int pod_app_exit_status(const Pod *p, const char *app, int *ret, uint64_t *ret_finished);
/* The apps that never started in a pod that has ended, as it wrote that down itself; a list of their names, NULL: none
 * that is known of. */
int pod_never_started(const Pod *p, char ***ret);
/* Whether any app has a record, or the pod itself of its end: else what was to be the pod never came up. */
bool pod_has_records(const Pod *p);
/* How an app with a health check is, by what was found inside the pod. */
typedef struct PodHealth {
        const char *status; /* "starting", "healthy" or "unhealthy" */
        uint32_t failures;  /* checks in a row that failed */
        int32_t exit_code;  /* of the last check, -1 when it took too long; 0 when there was none */
} PodHealth;
/* -ENOENT: nothing is known. */
int pod_app_health(const Pod *p, const char *app, PodHealth *ret);
/* The first of the user IDs of its own; 0 when it has none. */
int pod_uid_base(const Pod *p, uid_t *ret);
/* Process ID of the pod's supervisor (nspawn) and of PID 1 inside. -ENOENT. */
int pod_supervisor_pid(const Pod *p, pid_t *ret);
int pod_leader_pid(const Pod *p, pid_t *ret);
/* Of the supervisor, whose end is the pod's. Negative: there is none yet, or no more. */
int pod_supervisor_pidfd(const Pod *p);
