/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/path.h"
#include "basic/string-table.h"
#include "basic/time-util.h"
#include "pod/pod-ending.h"
#include "pod/pod-internal.h"
#include "pod/pod-process.h"
#include "shared/explain.h"

static const char *const pod_directory_table[_POD_DIRECTORY_MAX] = {
        [POD_DIR_EMBRYO] = "embryo",
        [POD_DIR_PREPARE] = "prepare",
        [POD_DIR_PREPARED] = "prepared",
        [POD_DIR_RUN] = "run",
        [POD_DIR_EXITED_GARBAGE] = "exited-garbage",
        [POD_DIR_GARBAGE] = "garbage",
};
DEFINE_STRING_TABLE(pod_directory, PodDirectory);

static const char *const pod_state_table[_POD_STATE_MAX] = {
        [POD_EMBRYO] = "embryo",
        [POD_PREPARING] = "preparing",
        [POD_ABORTED_PREPARE] = "aborted prepare",
        [POD_PREPARED] = "prepared",
        [POD_RUNNING] = "running",
        [POD_ENDING] = "ending",
        [POD_EXITED] = "exited",
        [POD_EXITED_DELETING] = "exited deleting",
        [POD_EXITED_GARBAGE] = "exited garbage",
        [POD_DELETING] = "deleting",
        [POD_GARBAGE] = "garbage",
};
DEFINE_STRING_TABLE(pod_state, PodState);

/* The state by directory, and by whether the lock is held. */
static const PodState state_of[_POD_DIRECTORY_MAX][2] = {
        [POD_DIR_EMBRYO] = { POD_EMBRYO, POD_EMBRYO },
        [POD_DIR_PREPARE] = { POD_ABORTED_PREPARE, POD_PREPARING },
        [POD_DIR_PREPARED] = { POD_PREPARED, POD_PREPARED },
        [POD_DIR_RUN] = { POD_EXITED, POD_RUNNING },
        [POD_DIR_EXITED_GARBAGE] = { POD_EXITED_GARBAGE, POD_EXITED_DELETING },
        [POD_DIR_GARBAGE] = { POD_GARBAGE, POD_DELETING },
};

bool pod_state_is_alive(PodState s)
{
        return s == POD_RUNNING || s == POD_ENDING;
}

bool pod_state_has_run(PodState s)
{
        return pod_state_is_alive(s) || s == POD_EXITED || s == POD_EXITED_DELETING || s == POD_EXITED_GARBAGE;
}

bool pod_state_is_over(PodState s)
{
        return s == POD_DELETING || s == POD_GARBAGE || (pod_state_has_run(s) && !pod_state_is_alive(s));
}

static int make_directories(const PodStore *s)
{
        if (s->fd < 0)
                return s->fd;
        for (PodDirectory d = 0; d < _POD_DIRECTORY_MAX; d++)
                if (mkdirat(s->fd, pod_directory_to_string(d), 0750) < 0 && errno != EEXIST)
                        return -errno;
        return 0;
}

/* Pods may exist where none can be made, and on a full disk there are images to remove. */
static bool is_readable_still(int r)
{
        return r == -EACCES || r == -EROFS || r == -ENOSPC || r == -EDQUOT;
}

int pod_store_open(const char *data, PodStore **ret)
{
        _cleanup_(pod_store_freep) PodStore *s = new0(PodStore, 1);
        _cleanup_free_ char *path = path_join(data, "pods");
        int r;

        if (!s || !path)
                return -ENOMEM;

        s->data = strdup(data);
        if (!s->data)
                return -ENOMEM;

        s->fd = mkdir_open_at(AT_FDCWD, path, 0750);
        if (s->fd < 0 && s->fd != -ENOSPC && s->fd != -EDQUOT)
                return s->fd;
        r = make_directories(s);
        if (r < 0 && !is_readable_still(r))
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

PodStore *pod_store_free(PodStore *s)
{
        if (!s)
                return NULL;

        pod_scan_free(s->known);
        safe_close(s->fd);
        free(s->data);
        return mfree(s);
}

Pod *pod_free(Pod *p)
{
        if (!p)
                return NULL;

        appc_pod_free(p->manifest);
        pod_settings_free(p->settings);
        safe_close(p->hold_fd);
        safe_close(p->fd);
        return mfree(p);
}

Pod *pod_new_object(PodStore *s, const Uuid *uuid)
{
        Pod *p = new0(Pod, 1);

        if (!p)
                return NULL;

        *p = (Pod) { .store = s, .uuid = *uuid, .fd = -EBADF, .hold_fd = -EBADF };
        return p;
}

static char *path_in_store(PodDirectory d, const Uuid *uuid)
{
        return strjoin(pod_directory_to_string(d), "/", uuid->s);
}

int pod_lock_embryos(PodStore *s, int operation)
{
        _cleanup_close_ int fd = open_directory_at(s->fd, pod_directory_to_string(POD_DIR_EMBRYO));
        int r = fd < 0 ? fd : fd_lock(fd, operation);

        return r < 0 ? r : TAKE_FD(fd);
}

static int leave_embryos(Pod *p)
{
        int r = pod_lock(p);

        return r < 0 ? r : pod_move(p, POD_DIR_PREPARE);
}

int pod_new(PodStore *s, const Uuid *uuid, Pod **ret)
{
        _cleanup_(pod_freep) Pod *p = pod_new_object(s, uuid);
        _cleanup_free_ char *path = path_in_store(POD_DIR_EMBRYO, uuid);
        _cleanup_close_ int making = -EBADF;
        int r;

        if (!p || !path)
                return -ENOMEM;

        r = make_directories(s);
        if (r < 0)
                return r;
        making = pod_lock_embryos(s, LOCK_SH);
        if (making < 0)
                return making;
        if (mkdirat(s->fd, path, 0750) < 0)
                return -errno;
        p->fd = open_directory_at(s->fd, path);
        if (p->fd < 0)
                return p->fd;
        p->directory = POD_DIR_EMBRYO;

        r = leave_embryos(p);
        if (r < 0) {
                (void) unlinkat(s->fd, path, AT_REMOVEDIR);
                return r;
        }

        *ret = TAKE_PTR(p);
        return 0;
}

/* Whether another process holds the lock. Takes a shared lock and releases it at once, so as not to hinder any
 * other. */
static int lock_is_held(int fd)
{
        int r = fd_lock(fd, LOCK_SH | LOCK_NB);

        if (r == -EAGAIN)
                return true;
        if (r < 0)
                return r;
        (void) fd_lock(fd, LOCK_UN);
        return false;
}

static int pod_update_state(Pod *p)
{
        int held = p->locked ? true : lock_is_held(p->fd);

        if (held < 0)
                return held;
        held = held || (p->directory == POD_DIR_RUN && pod_process_lives(p->fd));
        p->state = state_of[p->directory][held];
        if (p->state == POD_RUNNING && pod_is_ending(&p->uuid))
                p->state = POD_ENDING;
        return 0;
}

int pod_open_in(Pod *p, PodDirectory d)
{
        _cleanup_free_ char *path = path_in_store(d, &p->uuid);
        _cleanup_close_ int fd = -EBADF;
        struct stat a, b;
        int r;

        if (!path)
                return -ENOMEM;

        fd = openat(p->store->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        safe_close(p->fd);
        p->fd = TAKE_FD(fd);
        p->directory = d;
        r = pod_update_state(p);
        if (r < 0)
                return r;

        if (fstat(p->fd, &a) < 0 || fstatat(p->store->fd, path, &b, 0) < 0)
                return errno == ENOENT ? -EAGAIN : -errno;
        return a.st_ino == b.st_ino ? 0 : -EAGAIN;
}

int pod_open_anywhere(Pod *p)
{
        int r = -ENOENT;

        /* A pod may move between two looks: usually towards the end of the list, but one whose start failed goes back
         * to the prepared ones, where another round finds it. */
        for (unsigned round = 0; round < 3; round++)
                for (PodDirectory d = 0; d < _POD_DIRECTORY_MAX; d++) {
                        r = pod_open_in(p, d);
                        if (r != -ENOENT && r != -EAGAIN)
                                return r;
                }
        return -ENOENT;
}

int pod_open(PodStore *s, const Uuid *uuid, Pod **ret)
{
        _cleanup_(pod_freep) Pod *p = pod_new_object(s, uuid);
        int r;

        if (!p)
                return -ENOMEM;
        r = pod_open_anywhere(p);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(p);
        return 0;
}

int pod_refresh(Pod *p)
{
        return p->locked ? pod_update_state(p) : pod_open_anywhere(p);
}

static int explain_document(const Pod *p, const char *file, int r, const JsonError *e, char **reterr_message)
{
        return explain(reterr_message, r, "pod %s: %s: %s", p->uuid.s, file, json_error_message(e, r));
}

/* Reads one JSON file of the pod. */
static int read_document(const Pod *p, const char *file, char **ret, size_t *ret_size, char **reterr_message)
{
        int r = read_file_at(p->fd, file, JSON_MAX_SIZE, ret, ret_size);

        return r < 0 ? explain_document(p, file, r, NULL, reterr_message) : 0;
}

int pod_load(Pod *p, char **reterr_message)
{
        _cleanup_free_ char *manifest = NULL, *settings = NULL;
        _cleanup_json_error_ JsonError e = {};
        size_t n;
        int r;

        if (!p->settings) {
                r = read_document(p, "settings", &settings, &n, reterr_message);
                if (r < 0)
                        return r;
                r = pod_settings_parse(settings, n, &p->settings, &e);
                if (r < 0)
                        return explain_document(p, "settings", r, &e, reterr_message);
        }
        if (!p->manifest) {
                r = read_document(p, "pod", &manifest, &n, reterr_message);
                if (r < 0)
                        return r;
                r = appc_pod_parse(manifest, n, &p->manifest, &e);
                if (r < 0)
                        return explain_document(p, "pod", r, &e, reterr_message);
        }
        return 0;
}

const char *pod_display_name(Pod *p)
{
        (void) pod_load(p, NULL);
        return p->settings ? p->settings->name : p->uuid.s;
}

/* True while the directory that we have open is where we expect it. */
static bool pod_is_in_place(const Pod *p)
{
        _cleanup_free_ char *path = path_in_store(p->directory, &p->uuid);
        struct stat a, b;

        return path && fstat(p->fd, &a) >= 0 && fstatat(p->store->fd, path, &b, 0) >= 0 && a.st_ino == b.st_ino;
}

/* A process that only checks the state of a pod holds a shared lock for an instant: try again. A process with an
 * exclusive lock also keeps us from a shared one: give up. */
static int lock_beside_lookers(const Pod *p)
{
        Patience patience = { .step_usec = 1000, .left_usec = USEC_PER_SEC };

        for (;;) {
                int r = fd_lock(p->fd, LOCK_EX | LOCK_NB);

                if (r != -EAGAIN)
                        return r;
                if (fd_lock(p->fd, LOCK_SH | LOCK_NB) < 0)
                        return r;
                (void) fd_lock(p->fd, LOCK_UN);
                if (!patience_wait(&patience, -EBADF))
                        return r;
        }
}

int pod_lock(Pod *p)
{
        int r;

        if (p->locked)
                return 0;
        r = lock_beside_lookers(p);
        if (r < 0)
                return r;
        if (!pod_is_in_place(p)) {
                (void) fd_lock(p->fd, LOCK_UN);
                return -ENOENT;
        }

        p->locked = true;
        return pod_update_state(p);
}

int pod_adopt_lock(Pod *p, int fd)
{
        struct stat a, b;
        int r;

        if (fstat(p->fd, &a) < 0 || fstat(fd, &b) < 0)
                return -errno;
        if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
                return -ESTALE;
        /* Changes nothing when the fd holds the lock, as it should. */
        r = fd_lock(fd, LOCK_EX | LOCK_NB);
        if (r < 0)
                return r;

        safe_close(p->fd);
        p->fd = fd;
        p->locked = true;
        return pod_update_state(p);
}

/* The directory "apps" stays what it is for as long as the pod is there, which "pod" does not. */
#define HOLD_PLACE "apps"

int pod_hold(Pod *p)
{
        _cleanup_close_ int fd = openat(p->fd, HOLD_PLACE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r;

        if (fd < 0)
                return -errno;
        r = fd_lock(fd, LOCK_SH);
        if (r < 0)
                return r;
        safe_close(p->hold_fd);
        p->hold_fd = TAKE_FD(fd);
        return 0;
}

/* A process of an earlier podctl, from before an upgrade, holds the manifest. A pod whose creation or removal was
 * interrupted may not have these. */
int pod_is_held(const Pod *p)
{
        static const char *const places[] = { HOLD_PLACE, "pod" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_close_ int fd = openat(p->fd, places[i], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                int r = fd >= 0 ? fd_lock(fd, LOCK_EX | LOCK_NB) : errno == ENOENT || errno == ELOOP ? 0 : -errno;

                if (r < 0)
                        return r == -EAGAIN ? 1 : r;
        }
        return 0;
}

int pod_move(Pod *p, PodDirectory to)
{
        _cleanup_free_ char *from_path = path_in_store(p->directory, &p->uuid);
        _cleanup_free_ char *to_path = path_in_store(to, &p->uuid);

        int r;

        if (!from_path || !to_path)
                return -ENOMEM;
        if (to == POD_DIR_PREPARED && syncfs(p->fd) < 0)
                return -errno;
        r = rename_noreplace(p->store->fd, from_path, p->store->fd, to_path);
        if (r < 0)
                return r;
        p->directory = to;
        if (to == POD_DIR_PREPARED && syncfs(p->fd) < 0)
                return -errno;
        return pod_update_state(p);
}

char *pod_path(const Pod *p, const char *below)
{
        return strjoin(p->store->data, "/pods/", pod_directory_to_string(p->directory), "/", p->uuid.s,
                       below ? "/" : "", strempty(below));
}
