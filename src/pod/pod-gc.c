/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mount.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "network/network.h"
#include "pod/pod-gc.h"
#include "pod/pod-register.h"

#define HOST_JOURNAL "/var/log/journal"

static char *journal_link(const Pod *p)
{
        return strprintf(HOST_JOURNAL "/%s", uuid_format_plain(&p->uuid, (char[33]) {}));
}

int pod_link_journal(Pod *p)
{
        _cleanup_free_ char *link = journal_link(p), *target = pod_path(p, "journal");

        if (!link || !target)
                return -ENOMEM;
        /* A host without a persistent journal has no such directory, and wants none. */
        if (symlink(target, link) < 0 && errno != EEXIST && errno != ENOENT)
                return -errno;
        return 0;
}

static int unlink_journal(const Pod *p)
{
        _cleanup_free_ char *link = journal_link(p);
        char target[2];

        if (!link)
                return -ENOMEM;
        /* Only ever a link: a directory there would be somebody else's. */
        if (readlink(link, target, sizeof(target)) < 0)
                return 0;
        return unlink(link) < 0 && errno != ENOENT ? -errno : 0;
}

/* An nspawn that was killed leaves directories of its machine behind, and from systemd 257 on it refuses to start
 * one of the same name while they are there (reference S§0.8). The mounts in them are gone with our namespace. */
void pod_clear_nspawn(const char *machine)
{
        static const char *const places[] = {
                "/run/systemd/nspawn/propagate/%s",
                "/run/systemd/nspawn/unix-export/%s",
                "/run/systemd/nspawn/%s/unix-export",
                "/run/systemd/nspawn/%s",
        };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                char path[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                (void) snprintf(path, sizeof(path), places[i], machine);
#pragma GCC diagnostic pop
                (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
                (void) rmdir(path);
        }
}

/* A newer pod may have taken over the name by now: then its lock is held. Ours goes with the file it was on. */
static bool release_name(const Pod *p)
{
        _cleanup_free_ char *path = strjoin(POD_NAME_LOCKS "/", p->settings->name);
        _cleanup_close_ int fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -EBADF;

        if (fd < 0)
                return errno == ENOENT;
        if (fd_lock(fd, LOCK_EX | LOCK_NB) < 0)
                return false;
        (void) unlink(path);
        return true;
}

static void release_uid_range(const Pod *p)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        uid_t base;

        if (pod_uid_base(p, &base) < 0 || base == 0)
                return;
        path = strprintf(UID_RANGE_LOCKS "/%u", base);
        fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -EBADF;
        if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) >= 0)
                (void) unlink(path);
}

static int tear_down(Pod *p, bool final, char **reterr_message)
{
        _cleanup_free_ char *ignored = NULL;

        (void) pod_load(p, &ignored);
        if (p->settings && release_name(p))
                pod_clear_nspawn(p->settings->name);
        release_uid_range(p);
        (void) pod_unregister(p);
        return network_detach(p->fd, p->uuid.s, final, reterr_message);
}

int pod_tear_down(Pod *p, char **reterr_message)
{
        return tear_down(p, false, reterr_message);
}

static int pod_delete(Pod *p)
{
        _cleanup_free_ char *path = strjoin(pod_directory_to_string(p->directory), "/", p->uuid.s), *ignored = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        /* A network that cannot be taken down any more, for want of a plugin say, does not keep the pod for ever. */
        r = tear_down(p, true, &ignored);
        if (r > 0)
                r = network_remove_idle(&ignored);
        if (r < 0)
                log_debug_errno(r, "Pod %s: %s", p->uuid.s, strempty(ignored));
        r = unlink_journal(p);
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
                return r == -EAGAIN ? -EBUSY : r;
        r = pod_mark(p);
        return r < 0 ? r : pod_delete(p);
}

/* What belongs to the start: the process, the user IDs and the addresses it had. */
static int forget_start(const Pod *p)
{
        static const char *const names[] = { "upper", "work" }, *const files[] = { "uid-base", "pid", "network-ended" };
        _cleanup_strv_free_ char **apps = NULL;
        int r = list_directory_at(p->fd, "apps", &apps);

        STRV_FOREACH(app, apps)
                for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++) {
                        _cleanup_free_ char *path = strjoin("apps/", *app, "/", names[i]);

                        r = path ? rm_rf_at(p->fd, path) : -ENOMEM;
                }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(files); i++)
                if (unlinkat(p->fd, files[i], 0) < 0 && errno != ENOENT)
                        r = -errno;
        return r;
}

int pod_put_back(Pod *p)
{
        _cleanup_free_ char *ignored = NULL;
        int r;

        if (p->directory == POD_DIR_PREPARED)
                return 0;
        r = tear_down(p, true, &ignored);
        if (r > 0)
                (void) network_remove_idle(&ignored);
        r = unlink_journal(p);
        if (r >= 0)
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
                /* Has no lock yet for a moment; whoever makes it is done long before this. */
                return older_than(changed_time(p), 60 * USEC_PER_SEC) ? VERDICT_DELETE : VERDICT_KEEP;
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

static int collect_one(Pod *p, const PodCollect *c)
{
        PodDirectory from = p->directory;
        PodState was = p->state;
        Verdict verdict = judge(p, c);
        int r;

        if (verdict == VERDICT_KEEP)
                return 0;

        r = pod_lock(p);
        /* It may have been started or removed between our look and our lock. */
        if (r == -EAGAIN || r == -ENOENT)
                return 0;
        if (r >= 0)
                r = pod_mark(p);
        if (r >= 0 && p->directory != from)
                c->report(c, p, POD_FATE_MARKED, was, 0);
        if (r >= 0 && verdict == VERDICT_MARK) {
                if (!c->mark_only)
                        c->report(c, p, POD_FATE_KEPT, was, 0);
                return 0;
        }
        if (r >= 0 && !c->mark_only) {
                r = pod_delete(p);
                if (r >= 0)
                        c->report(c, p, POD_FATE_REMOVED, was, 0);
        }
        if (r < 0)
                c->report(c, p, POD_FATE_STUCK, was, r);
        return r;
}

int pod_store_collect(PodStore *s, const PodCollect *c)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        int first_error = 0, r;

        r = pod_scan_new(s, &scan);
        while (r >= 0) {
                _cleanup_(pod_freep) Pod *pod = NULL;
                int k;

                r = pod_scan_next(scan, &pod);
                if (r <= 0)
                        break;
                k = collect_one(pod, c);
                if (k < 0 && first_error >= 0)
                        first_error = k;
        }
        return first_error < 0 ? first_error : r;
}
