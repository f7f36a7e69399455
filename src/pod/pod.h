/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fs.h"
#include "basic/uuid.h"
#include "manifest/appc-pod.h"
#include "pod/pod-settings.h"

/* Pods on disk: DATA/pods/DIRECTORY/UUID, as rkt had them. What a pod is doing follows from the directory it is in
 * and from whether a process holds the flock(2) on it; transitions are one rename(2). The lock is on the directory's
 * own fd and passes to what the pod becomes, so the kernel releases it when the pod ends, in whatever way.
 *
 *     pod            the pod manifest, everything resolved; its mtime is when the pod was created
 *     settings       the options of its start that are not in the manifest (pod-settings.h)
 *     uid-base       the first of its own user IDs, if it has any
 *     pid            of the process systemd watches; its mtime is when the pod was started
 *     apps/APP/      upper and work directory of the app's root, "lower" the layers below; of an app that came while
 *                    the pod ran, "late", and "started", whose mtime is when (pod-change.h)
 *     volumes/NAME   empty volumes
 *     journal/       the pod's journal
 *     output/N       a socket on which `podctl run` receives the output of app N of the manifest, counted from 0
 *     files/         files for the /etc of its apps (pod-etc.h)
 *     etc/podctl/launch/APP  what commands beside an app need that is on the host, see inside/launch-places.h
 *     status/APP     exit status of an app that has ended, its mtime is when; written inside the pod,
 *                    or by the host where the pod has no init
 *     status/.health-APP  the health of a running app with a health check; likewise
 *     exit           exit status of the pod itself, its mtime is when
 *     size           space on disk of an ended pod, once it has been measured (pod-keep.h) */

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

/* Named as in rkt. */
typedef enum PodState {
        POD_EMBRYO,
        POD_PREPARING,
        POD_ABORTED_PREPARE,
        POD_PREPARED,
        POD_RUNNING,
        POD_ENDING, /* its apps have ended; see pod-ending.h */
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

/* Apps are numbered in there, since a name may be too long for the address of a socket. */
#define POD_OUTPUT_DIR "output"
/* The socket there of whoever started the pod to be attached to its app. */
#define POD_ATTACHED_SOCKET "attached"

/* DATA/pods, opened. */
typedef struct PodStore {
        char *data;    /* absolute path of DATA */
        int fd;
        struct PodScan *known; /* see pod_store_remember() */
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

/* Makes a new pod in the preparing state, with its lock held by us. */
int pod_new(PodStore *s, const Uuid *uuid, Pod **ret);
/* Opens a pod, wherever it is, with its current state. -ENOENT. */
int pod_open(PodStore *s, const Uuid *uuid, Pod **ret);

/* Opens all pods, one after another, sorted by UUID; those that go away meanwhile, or are damaged, are left out. */
typedef struct PodScan PodScan;
int pod_scan_new(PodStore *s, PodScan **ret);
/* *pod is NULL, or the one before, which is freed. 1: it is the next one now. 0: there are no more. */
int pod_scan_next(PodScan *s, Pod **pod);
/* In the order in which they were made instead, for people; takes a look at each pod. */
void pod_scan_sort_by_age(PodScan *s);
/* Leaves out pods, unopened, whose settings the function does not want. One whose settings cannot be read is not left
 * out. */
void pod_scan_only(PodScan *s, bool (*wanted)(const PodSettings *settings, const char *word), const char *word);
PodScan *pod_scan_free(PodScan *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodScan *, pod_scan_free);

/* The least that is taken as the beginning of a UUID. */
#define UUID_PREFIX_MIN 4

/* Finds a pod by its name, its UUID or the beginning of its UUID, unless that is the name of a pod of pods.d. Among
 * pods of the same name, a running one comes first, then the newest. -ENOENT: there is no such pod. -ENOTUNIQ: the
 * beginning fits several; *ret_fitting, unless NULL, lists them. -EINVAL: the text is empty. */
int pod_find(PodStore *s, const char *text, Pod **ret, char ***ret_fitting);
/* The pod that took the name last, as far as it has said so; it may have ended. */
int pod_name_holder(const char *name, Uuid *ret);
/* For a command that finds many pods: from now on, pod_find() knows the pods there are now, and takes no new look. */
int pod_store_remember(PodStore *s);

/* Reads manifest and settings. *reterr_message names file and member. */
int pod_load(Pod *p, char **reterr_message);
/* Its name, or the UUID when it has no name or the name cannot be read. */
const char *pod_display_name(Pod *p);

/* Takes the lock. -EAGAIN: another process has it. -ENOENT: the pod moved before we had the lock; open it again. */
int pod_lock(Pod *p);
/* Takes over a lock through a copy of the fd that holds it. -ESTALE: that is not this pod's directory. -EAGAIN: it
 * does not hold the lock. */
int pod_adopt_lock(Pod *p, int fd);
/* Keeps the pod from being collected, or moved for that, until it is freed: for a process that waits for the pod and
 * still needs it after its end. Any number of processes may do so: it is a shared lock on the directory "apps". */
int pod_hold(Pod *p);
/* 1: another process holds it. */
int pod_is_held(const Pod *p);
/* Moves a pod whose lock we hold. A prepared pod is synced to disk; other pods are of no use after a power cut, and
 * their starts do not wait for the disk. */
int pod_move(Pod *p, PodDirectory to);
/* Updates the pod's place and state. -ENOENT: it is gone. */
int pod_refresh(Pod *p);
/* True while the process that systemd watches is there. */
bool pod_state_is_alive(PodState s);
bool pod_state_has_run(PodState s);
/* True when the pod has ended, or is being removed. */
bool pod_state_is_over(PodState s);


char *pod_path(const Pod *p, const char *below);

/* Nanoseconds since the epoch; 0 when it has not happened yet. */
uint64_t pod_created_time(const Pod *p);
uint64_t pod_started_time(const Pod *p);
/* Those of an app, which may have come later than the pod. */
uint64_t pod_app_created_time(const Pod *p, const char *app);
uint64_t pod_app_started_time(const Pod *p, const char *app);
/* When the pod ended, as far as is known: from its own record, the last app's, or when it was marked as garbage. */
uint64_t pod_exited_time(const Pod *p);
/* -ENOENT: not recorded; for an app also: it is being restarted. */
int pod_exit_status(const Pod *p, int *ret);
int pod_app_exit_status(const Pod *p, const char *app, int *ret, uint64_t *ret_finished);
/* Whether the kernel ended the app, since it was out of memory. */
bool pod_app_was_out_of_memory(const Pod *p, const char *app);
/* Records the exit status of a running pod whose apps have all ended, and marks it as ending. -EALREADY: it is not
 * running any more, and nothing was done. */
int pod_record_exit(Pod *p, int exit_status);
/* Records that of an app whose pod has no init that would do it; asked: the app was to end. */
int pod_record_app_exit(const Pod *p, const char *app, int exit_status, bool asked);
/* An app of a running pod that had ended and was to start again was stopped before that: it has ended when it did. */
int pod_record_no_restart(const Pod *p, const char *app);
/* Why an app could not be started, as one line; -ENOENT: it was, or was not to be. */
int pod_app_start_failure(const Pod *p, const char *app, char **ret);
/* Of an app that came while the pod runs, and has no exit status: its start is under way, or has failed. */
bool pod_app_is_starting(const Pod *p, const char *app);
/* That of an app's last run that is over, though the app may run again. -ENOENT: it has not ended yet. */
int pod_app_last_exit_status(const Pod *p, const char *app, int *ret);
/* How often an app was restarted by its policy, in this pod; 0 when it was not yet. -ENOENT: it has no such policy. */
int pod_app_restarts(const Pod *p, const AppcPodApp *app, uint32_t *ret);
/* The names of the apps that never started in an ended pod, from the pod's own record; NULL: none are known. */
int pod_never_started(const Pod *p, char ***ret);
/* Whether the pod was ended because its time was over: plan-deadline.h. */
bool pod_reached_deadline(const Pod *p);
/* Whether there is a record of any app, or of the end of the pod itself: if not, the pod never came up. */
bool pod_has_records(const Pod *p);
/* What the last checks of one kind led to. */
typedef struct PodCheck {
        uint32_t failures; /* checks in a row that failed */
        int32_t exit_code; /* of the last check, -1 when it took too long; 0 when there was none */
} PodCheck;
/* The health of an app with a health check, as found inside the pod. */
typedef struct PodHealth {
        const char *status; /* "starting", "healthy" or "unhealthy" */
        PodCheck check;     /* of its health, or of its start until that has succeeded */
        bool has_readiness;
        bool ready;         /* true also without a check of that */
        PodCheck readiness;
} PodHealth;
/* What a check has found. */
typedef struct PodResult {
        const char *check; /* "health", "startup" or "readiness" */
        uint64_t time;     /* microseconds since the epoch */
        int32_t exit_code; /* as PodCheck.exit_code */
        char output[512];  /* the beginning of what it has written, as one line */
} PodResult;
#define POD_RESULTS_MAX 5
/* The last failures of checks, and the successes after them, the oldest first. */
int pod_app_results(const Pod *p, const char *app, PodResult ret[static POD_RESULTS_MAX], size_t *ret_n);
/* -ENOENT: nothing is known. */
int pod_app_health(const Pod *p, const char *app, PodHealth *ret);
/* The first of its own user IDs; 0 when it has none. */
int pod_uid_base(const Pod *p, uid_t *ret);
/* Process ID of the pod's supervisor, which systemd watches, and of PID 1 inside; without one, they are the same.
 * -ENOENT. */
int pod_supervisor_pid(const Pod *p, pid_t *ret);
int pod_leader_pid(const Pod *p, pid_t *ret);
/* A pidfd of the supervisor, whose end is the end of the pod. Negative: there is no supervisor yet, or it is gone. */
int pod_supervisor_pidfd(const Pod *p);
