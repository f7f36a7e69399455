/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/syscall.h>

#include "basic/lock.h"
#include "basic/parse.h"
#include "basic/utf8.h"
#include "basic/time-util.h"
#include "inside/app-record.h"
#include "inside/app-status.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "pod/engine.h"
#include "pod/pod-ending.h"
#include "pod/pod.h"

/* What a pod's files and their times say about it. */

static uint64_t mtime_of(int dir_fd, const char *path)
{
        struct stat st;

        return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : timespec_to_nsec(&st.st_mtim);
}

uint64_t pod_created_time(const Pod *p)
{
        return mtime_of(p->fd, "pod") ?: mtime_of(p->fd, ".");
}

uint64_t pod_started_time(const Pod *p)
{
        return mtime_of(p->fd, "pid");
}

static uint64_t mtime_in_app(const Pod *p, const char *app, const char *name)
{
        _cleanup_free_ char *path = strjoin("apps/", app, "/", name);

        return path ? mtime_of(p->fd, path) : 0;
}

uint64_t pod_app_created_time(const Pod *p, const char *app)
{
        return mtime_in_app(p, app, "late") ?: pod_created_time(p);
}

uint64_t pod_app_started_time(const Pod *p, const char *app)
{
        if (mtime_in_app(p, app, "late") == 0)
                return pod_started_time(p);
        return mtime_in_app(p, app, "started");
}

uint64_t pod_exited_time(const Pod *p)
{
        _cleanup_strv_free_ char **apps = NULL;
        uint64_t last = mtime_of(p->fd, "exit");
        struct stat st;

        if (last > 0)
                return last;

        (void) list_directory_at(p->fd, "status", &apps);
        STRV_FOREACH(app, apps) {
                uint64_t finished = 0;
                int status;

                if (pod_app_exit_status(p, *app, &status, &finished) >= 0)
                        last = MAX(last, finished);
        }
        if (last > 0)
                return last;
        return fstat(p->fd, &st) < 0 ? 0 : timespec_to_nsec(&st.st_ctim);
}

static int read_number(int dir_fd, const char *path, uint32_t *ret)
{
        _cleanup_free_ char *text = NULL;
        int r;

        /* The pod itself writes its status directory. */
        r = read_foreign_file_at(dir_fd, path, 64, &text, NULL);
        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = 0;
        return parse_uint32(text, ret);
}

int pod_exit_status(const Pod *p, int *ret)
{
        uint32_t status;
        int r;

        r = read_number(p->fd, "exit", &status);
        if (r < 0)
                return r;
        *ret = (int) status;
        return r;
}

/* The mark comes first: whoever tears the pod down then knows that the record is not theirs. */
int pod_record_exit(Pod *p, int exit_status)
{
        _cleanup_free_ char *text = strprintf("%i\n", exit_status);
        int r = text ? pod_ending_begin(&p->uuid) : -ENOMEM;

        if (r < 0)
                return r;
        r = pod_refresh(p);
        if (r >= 0 && !pod_state_is_alive(p->state))
                r = -EALREADY;
        if (r >= 0)
                r = write_string_at(p->fd, "exit", text, 0644);
        if (r < 0)
                pod_ending_finish(&p->uuid);
        return r;
}

int pod_record_app_exit(const Pod *p, const char *app, int exit_status, bool asked)
{
        _cleanup_free_ char *path = strjoin("status/", app),
                            *text = strprintf("%i\n%s\n", exit_status, asked ? STATUS_ASKED : "");
        int r = path && text ? mkdir_p_at(p->fd, "status", 0755) : -ENOMEM;

        return r < 0 ? r : write_string_at(p->fd, path, text, 0644);
}

int pod_never_started(const Pod *p, char ***ret)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_strv_free_ char **lines = NULL;
        size_t n;
        int r;

        *ret = NULL;
        r = read_foreign_file_at(p->fd, "status/.end", 65536, &text, NULL);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = strv_split(text, '\n', &lines);
        if (r < 0)
                return r;
        /* The first line is the verb. The pod may have written anything there: only names of apps are taken. */
        n = strv_length(lines);
        for (size_t i = 1; i < n; i++)
                if (ac_name_is_valid(lines[i]) && strv_extend(ret, lines[i]) < 0)
                        return -ENOMEM;
        return 0;
}

bool pod_reached_deadline(const Pod *p)
{
        return faccessat(p->fd, "status/.deadline", F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

bool pod_has_records(const Pod *p)
{
        _cleanup_strv_free_ char **apps = NULL;

        return faccessat(p->fd, "status/.end", F_OK, AT_SYMLINK_NOFOLLOW) >= 0 ||
               (list_directory_at(p->fd, "status", &apps) >= 0 && strv_length(apps) > 0);
}

static int read_check(char *const *lines, PodCheck *ret)
{
        int64_t code;

        if (parse_uint32(lines[1], &ret->failures) < 0 || parse_int64(lines[2], &code) < 0 || code < -1 || code > 255)
                return -ENOENT;
        ret->exit_code = (int32_t) code;
        return 0;
}

/* "KIND TIME STATUS OUTPUT", see app-health.c; cuts the line into its words. */
static bool read_result(char *line, PodResult *ret)
{
        static const char *const checks[] = { "health", "startup", "readiness" };
        char *words[4] = { line };
        int64_t code;

        for (size_t i = 1; i < ELEMENTSOF(words); i++) {
                words[i] = strchr(words[i - 1], ' ');
                if (!words[i])
                        return false;
                *words[i]++ = 0;
        }
        *ret = (PodResult) {};
        for (size_t i = 0; i < ELEMENTSOF(checks); i++)
                if (streq(words[0], checks[i]))
                        ret->check = checks[i];
        if (!ret->check || parse_uint64(words[1], &ret->time) < 0 || parse_int64(words[2], &code) < 0 || code < -1 ||
            code > 255)
                return false;
        ret->exit_code = (int32_t) code;
        (void) snprintf(ret->output, sizeof(ret->output), "%s", words[3]);
        utf8_make_printable(ret->output);
        return true;
}

int pod_app_results(const Pod *p, const char *app, PodResult ret[static POD_RESULTS_MAX], size_t *ret_n)
{
        _cleanup_free_ char *path = strjoin("status/.checks-", app), *text = NULL;
        _cleanup_strv_free_ char **lines = NULL;
        int r = path ? read_foreign_file_at(p->fd, path, 8192, &text, NULL) : -ENOMEM;

        *ret_n = 0;
        if (r < 0)
                return r;
        r = strv_split(text, '\n', &lines);
        if (r < 0)
                return r;
        STRV_FOREACH(line, lines)
                if (*ret_n < POD_RESULTS_MAX && read_result(*line, &ret[*ret_n]))
                        (*ret_n)++;
        return 0;
}

static int read_readiness(char *const *lines, PodHealth *ret)
{
        ret->has_readiness = true;
        ret->ready = streq(lines[0], "ready");
        return ret->ready || streq(lines[0], "not-ready") ? read_check(lines, &ret->readiness) : -ENOENT;
}

/* Three lines, and three more of an app with a readiness check: see app-health.c. */
int pod_app_health(const Pod *p, const char *app, PodHealth *ret)
{
        static const char *const words[] = { "starting", "healthy", "unhealthy" };
        _cleanup_free_ char *path = strjoin("status/.health-", app), *text = NULL;
        _cleanup_strv_free_ char **lines = NULL;
        size_t n;
        int r;

        if (!path)
                return -ENOMEM;
        r = read_foreign_file_at(p->fd, path, 128, &text, NULL);
        if (r < 0)
                return r;
        r = strv_split(text, '\n', &lines);
        if (r < 0)
                return r;

        *ret = (PodHealth) { .ready = true };
        n = strv_length(lines);
        for (size_t i = 0; (n == 3 || n == 6) && i < ELEMENTSOF(words); i++)
                if (streq(lines[0], words[i]))
                        ret->status = words[i];
        if (!ret->status || read_check(lines, &ret->check) < 0)
                return -ENOENT;
        return n == 6 ? read_readiness(lines + 3, ret) : 0;
}

/* 1: the app is started again after that, see inside/app-status.h. */
static int read_app_record(const Pod *p, const char *path, int *ret)
{
        _cleanup_free_ char *text = NULL;
        uint32_t status;
        bool restarts;
        int r;

        r = read_foreign_file_at(p->fd, path, 64, &text, NULL);
        if (r < 0)
                return r;
        restarts = app_record_find_restarts(text);
        text[strcspn(text, "\n")] = 0;
        r = parse_uint32(text, &status);
        if (r < 0)
                return r;
        *ret = (int) status;
        return restarts;
}

int pod_app_exit_status(const Pod *p, const char *app, int *ret, uint64_t *ret_finished)
{
        _cleanup_free_ char *path = strjoin("status/", app);
        int status, r;

        if (!path)
                return -ENOMEM;
        r = read_app_record(p, path, &status);
        if (r < 0)
                return r;
        if (r > 0 && p->state == POD_RUNNING)
                return -ENOENT;
        *ret = status;
        if (ret_finished)
                *ret_finished = mtime_of(p->fd, path);
        return 0;
}

int pod_record_no_restart(const Pod *p, const char *app)
{
        _cleanup_free_ char *path = strjoin("status/", app);
        _cleanup_close_ int fd = path ? openat(p->fd, path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW) : -EBADF;

        if (!path)
                return -ENOMEM;
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        return app_record_no_restart(fd);
}

bool pod_app_was_out_of_memory(const Pod *p, const char *app)
{
        _cleanup_free_ char *path = strjoin("status/", app), *text = NULL;
        const char *line;

        if (!path || read_foreign_file_at(p->fd, path, STATUS_ROOM_SIZE, &text, NULL) < 0)
                return false;
        line = strchr(text, '\n');
        line = line ? strchr(line + 1, '\n') : NULL;
        return line && startswith(line, "\n" STATUS_OUT_OF_MEMORY "\n");
}

int pod_app_start_failure(const Pod *p, const char *app, char **ret)
{
        _cleanup_free_ char *path = strjoin("status/" STATUS_REASON_PREFIX, app), *text = NULL;
        int r = path ? read_foreign_file_at(p->fd, path, 8192, &text, NULL) : -ENOMEM;

        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = 0;
        if (!*text)
                return -ENOENT;
        utf8_make_printable(text);
        *ret = TAKE_PTR(text);
        return 0;
}

bool pod_app_is_starting(const Pod *p, const char *app)
{
        _cleanup_free_ char *path = strjoin("status/" STATUS_REASON_PREFIX, app);
        _cleanup_close_ int fd = path ? openat(p->fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW) : -EBADF;
        struct stat st;

        return fd >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) &&
               (st.st_size > 0 || fd_lock(fd, LOCK_SH | LOCK_NB) == -EAGAIN);
}

int pod_app_last_exit_status(const Pod *p, const char *app, int *ret)
{
        _cleanup_free_ char *path = strjoin("status/", app);
        int r = path ? read_app_record(p, path, ret) : -ENOMEM;

        return MIN(r, 0);
}

int pod_app_restarts(const Pod *p, const AppcPodApp *app, uint32_t *ret)
{
        const char *policy = strv_env_get(app->annotations, APPC_ANNOTATION_RESTART);
        _cleanup_free_ char *path = NULL;
        int r;

        if (!policy || streq(policy, "no"))
                return -ENOENT;
        path = strjoin("status/.restarts-", app->name);
        r = path ? read_number(p->fd, path, ret) : -ENOMEM;
        if (r == -ENOENT)
                *ret = 0;
        return r == -ENOENT ? 0 : r;
}

int pod_supervisor_pid(const Pod *p, pid_t *ret)
{
        uint32_t pid;
        int r;

        r = read_number(p->fd, "pid", &pid);
        if (r < 0)
                return r;
        *ret = (pid_t) pid;
        return r;
}

int pod_supervisor_pidfd(const Pod *p)
{
        pid_t pid;

        return pod_supervisor_pid(p, &pid) < 0 ? -EBADF : (int) syscall(SYS_pidfd_open, pid, 0);
}

/* /proc/PID/stat: the state is behind the name, which may have anything in it. */
static bool has_ended(const char *pid)
{
        _cleanup_free_ char *path = strjoin("/proc/", pid, "/stat"), *text = NULL;
        const char *name_end;

        if (!path || read_file_at(AT_FDCWD, path, 4096, &text, NULL) < 0)
                return true;
        name_end = strrchr(text, ')');
        return name_end && startswith(name_end, ") Z");
}

/* A supervisor has one child, the pod's PID 1, except for moments at its start when there is also a helper. What the
 * program that became the supervisor left to it has ended. */
int pod_leader_pid(const Pod *p, pid_t *ret)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        _cleanup_strv_free_ char **children = NULL;
        const char *leader = NULL;
        pid_t supervisor;
        uint32_t pid;
        int r;

        if (!pod_state_is_alive(p->state))
                return -ENOENT;
        r = pod_supervisor_pid(p, &supervisor);
        if (r < 0)
                return r;
        if (!pod_engine(p)->has_init) {
                *ret = supervisor;
                return 0;
        }

        path = strprintf("/proc/%i/task/%i/children", supervisor, supervisor);
        if (!path)
                return -ENOMEM;
        r = read_file_at(AT_FDCWD, path, 4096, &text, NULL);
        if (r < 0)
                return r;
        r = strv_split(text, ' ', &children);
        if (r < 0)
                return r;
        STRV_FOREACH(child, children)
                if (!has_ended(*child)) {
                        if (leader)
                                return -ENOENT;
                        leader = *child;
                }
        r = leader ? parse_uint32(leader, &pid) : -ENOENT;
        if (r < 0)
                return r;
        *ret = (pid_t) pid;
        return r;
}

int pod_uid_base(const Pod *p, uid_t *ret)
{
        uint32_t number = 0;
        int r = read_number(p->fd, "uid-base", &number);

        if (r < 0 && r != -ENOENT)
                return r;
        *ret = number;
        return 0;
}
