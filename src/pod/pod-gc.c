/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "network/network.h"
#include "pod/engine.h"
#include "pod/host-journal.h"
#include "pod/pod-ending.h"
#include "pod/pod-files.h"
#include "pod/pod-gc.h"
#include "pod/pod-internal.h"
#include "pod/pod-log-file.h"
#include "pod/pod-register.h"
#include "pod/volume-store.h"
#include "shared/explain.h"

/* A newer pod may have taken over the name by now: then it holds the lock, and all that bears the name is its own. */
static void release_name(const Pod *p)
{
        _cleanup_free_ char *path = strjoin(POD_NAME_LOCKS "/", p->settings->name);
        _cleanup_close_ int fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -EBADF;
        const Engine *engine = engine_of(p->settings);

        if (fd < 0 ? errno != ENOENT : fd_lock(fd, LOCK_EX | LOCK_NB) < 0)
                return;
        if (engine->clear)
                (void) engine->clear(p->settings->name);
        if (fd >= 0)
                (void) unlink_locked(fd, AT_FDCWD, path);
}

/* Like systemd-nspawn, removes the file only while holding its lock. */
static void remove_unlocked_range(int dir_fd, const char *name)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

        if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) >= 0)
                (void) unlink_locked(fd, dir_fd, name);
}

static void release_uid_range(const Pod *p)
{
        char path[sizeof(UID_RANGE_LOCKS "/") + 10];
        uid_t base;

        if (pod_uid_base(p, &base) < 0 || base == 0)
                return;
        (void) snprintf(path, sizeof(path), UID_RANGE_LOCKS "/%u", base);
        remove_unlocked_range(AT_FDCWD, path);
}

/* Releases the ranges of starts that were killed before a pod recorded them. */
static void release_stale_ranges(void)
{
        _cleanup_close_ int fd = open_directory_at(AT_FDCWD, UID_RANGE_LOCKS);
        _cleanup_strv_free_ char **names = NULL;
        uint32_t base;

        if (fd < 0 || list_directory_at(fd, ".", &names) < 0)
                return;
        STRV_FOREACH(name, names)
                if (parse_uint32(*name, &base) >= 0)
                        remove_unlocked_range(fd, *name);
}

static int tear_down(Pod *p, bool final, char **reterr_message)
{
        int r;

        (void) pod_load(p, NULL);
        if (p->settings)
                release_name(p);
        release_uid_range(p);
        pod_files_remove(&p->uuid);
        pod_log_files_end(&p->uuid);
        (void) pod_unregister(p);
        r = network_detach(p->fd, p->uuid.s, final, reterr_message);
        if (final)
                pod_ending_finish(&p->uuid);
        return r;
}

int pod_tear_down(Pod *p, char **reterr_message)
{
        pod_trim_journal(p);
        return tear_down(p, false, reterr_message);
}

static int pod_delete(Pod *p)
{
        _cleanup_free_ char *path = strjoin(pod_directory_to_string(p->directory), "/", p->uuid.s), *message = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        /* A network that can no longer be taken down, for example without its plugin, does not keep the pod for
         * ever. */
        r = tear_down(p, true, &message);
        if (r > 0)
                r = network_remove_idle(&message);
        if (r < 0)
                log_debug_errno(r, "Pod %s: %s", p->uuid.s, explained(message, r));
        r = pod_unlink_journal(p);
        return r < 0 ? r : rm_rf_at(p->store->fd, path);
}

static PodDirectory garbage_of(const Pod *p)
{
        return p->directory == POD_DIR_RUN || p->directory == POD_DIR_EXITED_GARBAGE ? POD_DIR_EXITED_GARBAGE
                                                                                   : POD_DIR_GARBAGE;
}

static int pod_mark(Pod *p)
{
        return garbage_of(p) == p->directory ? 0 : pod_move(p, garbage_of(p));
}

int pod_remove(Pod *p)
{
        int r;

        r = pod_lock(p);
        if (r < 0)
                return r == -EAGAIN ? POD_IN_USE : r;
        r = pod_mark(p);
        return r < 0 ? r : pod_delete(p);
}

int pod_remove_unheld(Pod *p)
{
        int r = pod_lock(p);

        if (r < 0)
                return r == -EAGAIN ? POD_IN_USE : r;
        r = pod_is_held(p);
        if (r != 0)
                return r < 0 ? r : POD_IN_USE;
        return pod_remove(p);
}

/* Removes what a start has left in the pod: its apps' changes, the process, the user IDs and the state of its
 * networks. */
static int forget_start(const Pod *p)
{
        static const char *const names[] = { "upper", "work" },
                          *const files[] = { "uid-base", "pid", "network-ended", "size" };
        _cleanup_strv_free_ char **apps = NULL;
        int r;

        r = list_directory_at(p->fd, "apps", &apps);
        if (r < 0)
                return r;
        STRV_FOREACH(app, apps)
                for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                        _cleanup_free_ char *path = strjoin("apps/", *app, "/", names[i]);

                        r = path ? rm_rf_at(p->fd, path) : -ENOMEM;
                        if (r < 0)
                                return r;
                }
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (unlinkat(p->fd, files[i], 0) < 0 && errno != ENOENT)
                        return -errno;
        return 0;
}

int pod_put_back(Pod *p)
{
        int r;

        if (p->directory == POD_DIR_PREPARED)
                return 0;
        r = tear_down(p, true, NULL);
        if (r > 0)
                (void) network_remove_idle(NULL);
        r = pod_unlink_journal(p);
        if (r < 0)
                return r;
        r = forget_start(p);
        return r < 0 ? r : pod_move(p, POD_DIR_PREPARED);
}

typedef enum Verdict {
        VERDICT_KEEP,
        VERDICT_MARK,
        VERDICT_DELETE,
} Verdict;

static bool older_than(uint64_t nsec, uint64_t usec)
{
        uint64_t now = now_nsec();

        return now >= nsec && (now - nsec) / NSEC_PER_USEC >= usec;
}

static uint64_t changed_time(const Pod *p)
{
        struct stat st;

        return fstat(p->fd, &st) < 0 ? 0 : timespec_to_nsec(&st.st_ctim);
}

static Verdict judge(const Pod *p, const PodCollect *c)
{
        switch (p->state) {
        case POD_EMBRYO:
        case POD_ABORTED_PREPARE:
        case POD_GARBAGE:
                return VERDICT_DELETE;
        case POD_PREPARED:
                return !c->mark_only && older_than(changed_time(p), c->expire_prepared_usec) ? VERDICT_DELETE
                                                                                             : VERDICT_KEEP;
        case POD_EXITED:
        case POD_EXITED_GARBAGE:
                return older_than(pod_exited_time(p), c->grace_usec) ? VERDICT_DELETE : VERDICT_MARK;
        default:
                return VERDICT_KEEP;
        }
}

/* After a pod was marked, links its journal at the new place, and frees what it had outside its directory, whether or
 * not its unit does. Also completes what an earlier run left undone when it was killed. */
static void settle_marked(Pod *p, PodDirectory from)
{
        if (p->directory != POD_DIR_EXITED_GARBAGE)
                return;
        /* A pod that ended before it had a journal would have a link that leads nowhere. */
        if (faccessat(p->fd, "journal", F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                (void) pod_link_journal(p);
        if (p->directory != from && pod_tear_down(p, NULL) > 0)
                (void) network_remove_idle(NULL);
}

/* POD_IN_USE: the pod was started or removed between our look and our lock, or another process still needs it. A new
 * embryo has no lock of its own for a moment; the lock of all embryos covers that. */
static int lock_and_mark(Pod *p)
{
        _cleanup_close_ int embryos = p->state == POD_EMBRYO ? pod_lock_embryos(p->store, LOCK_EX | LOCK_NB) : -EBADF;
        int r = p->state == POD_EMBRYO && embryos < 0 ? embryos : pod_lock(p);

        if (r == -EAGAIN || r == -ENOENT)
                return POD_IN_USE;
        if (r < 0)
                return r;
        r = pod_is_held(p);
        if (r != 0)
                return r < 0 ? r : POD_IN_USE;
        return pod_mark(p);
}

static int carry_out(Pod *p, const PodCollect *c, Verdict verdict)
{
        PodDirectory from = p->directory;
        PodState was = p->state;
        int r;

        r = lock_and_mark(p);
        if (r != 0)
                return MIN(r, 0);
        if (p->directory != from)
                c->report(c, p, POD_FATE_MARKED, was, 0);
        if (verdict != VERDICT_DELETE || c->mark_only) {
                settle_marked(p, from);
                if (verdict == VERDICT_MARK && !c->mark_only)
                        c->report(c, p, POD_FATE_KEPT, was, 0);
                return 0;
        }
        r = pod_delete(p);
        if (r < 0)
                return r;
        c->report(c, p, POD_FATE_REMOVED, was, 0);
        return 0;
}

/* A lock that another process holds shows in the state. */
static int look_at_due(Pod *p, const PodCollect *c, Verdict verdict)
{
        int r = verdict == VERDICT_DELETE && !c->mark_only ? pod_is_held(p) : 1;

        if (r == 0)
                c->report(c, p, POD_FATE_REMOVED, p->state, 0);
        return MIN(r, 0);
}

static int collect_one(Pod *p, const PodCollect *c)
{
        PodState was = p->state;
        Verdict verdict = judge(p, c);
        int r;

        if (verdict == VERDICT_KEEP)
                return 0;
        if (c->preview)
                return look_at_due(p, c, verdict);
        r = carry_out(p, c, verdict);
        if (r < 0)
                c->report(c, p, POD_FATE_STUCK, was, r);
        return r;
}

static int collect_all(PodStore *s, const PodCollect *c)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int first_error = 0, r, k;

        r = pod_scan_new(s, &scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0) {
                k = collect_one(pod, c);
                if (k < 0 && first_error == 0)
                        first_error = k;
        }
        return first_error < 0 ? first_error : r;
}

/* What starts and imports that were killed have left of volumes. */
static int clean_volumes(const PodStore *s)
{
        _cleanup_(volume_store_freep) VolumeStore *volumes = NULL;
        _cleanup_free_ char *path = path_join(s->data, "volumes");
        int r;

        if (!path)
                return -ENOMEM;
        if (access(path, F_OK) < 0)
                return errno == ENOENT ? 0 : -errno;
        r = volume_store_open(s->data, &volumes);
        return r < 0 ? r : volume_store_clean(volumes);
}

int pod_store_collect(PodStore *s, const PodCollect *c)
{
        int r = collect_all(s, c), k;

        if (c->preview)
                return r;
        release_stale_ranges();
        k = c->mark_only ? 0 : clean_volumes(s);
        if (k < 0)
                log_warning_errno(k, "Cannot remove what is left of unfinished volumes below %s/volumes: %m", s->data);
        return r;
}
