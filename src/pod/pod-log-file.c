/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/unix-socket.h"
#include "logs/log-file.h"
#include "manifest/appc-image.h"
#include "pod/pod-log-file.h"
#include "shared/bus.h"
#include "shared/explain.h"
#include "unit/unit-job.h"

#define UNIT "podctl-log-file@%s:%s.service"
/* Of a unit (systemd.unit(5)), less what is around the app's name. */
#define APP_NAME_MAX (255 - strlen("podctl-log-file@:.service") - (UUID_STRING_MAX - 1))

/* A request takes as long as a write to the file. */
#define ANSWER_SECONDS 30

const char *pod_log_file_path(const AppcPodApp *app)
{
        return strv_env_get(app->annotations, APPC_ANNOTATION_LOG_FILE);
}

bool pod_has_log_files(const AppcPod *manifest)
{
        for (size_t i = 0; i < manifest->n_apps; i++)
                if (pod_log_file_path(&manifest->apps[i]))
                        return true;
        return false;
}

char *pod_log_file_mistake(const AppcPodApp *app)
{
        const char *path = pod_log_file_path(app);

        if (!path)
                return NULL;
        if (!path_is_absolute(path) || endswith(path, "/") || path_has_dotdot(path) || strlen(path) >= PATH_MAX ||
            strchr(path, '\n'))
                return strprintf("'" APPC_ANNOTATION_LOG_FILE "' is the absolute path of a file, without '..', not "
                                 "'%s'", path);
        return strlen(app->name) > APP_NAME_MAX
                       ? strprintf("'" APPC_ANNOTATION_LOG_FILE "': the name of app '%s' has %zu characters, and may "
                                   "have %zu with it", app->name, strlen(app->name), (size_t) APP_NAME_MAX)
                       : NULL;
}

static char *place_of(const char *uuid, const char *app)
{
        return strjoin(LOG_FILE_DIRECTORY "/", uuid, "/", app);
}

char *pod_log_file_socket(const char *uuid, const char *app)
{
        return strjoin(LOG_FILE_DIRECTORY "/", uuid, "/", app, "/" LOG_FILE_OUTPUT);
}

/* Starting */

static int make_place(const Uuid *pod, const AppcPodApp *app)
{
        _cleanup_free_ char *path = place_of(pod->s, app->name);
        _cleanup_close_ int fd = -EBADF;
        int r = path ? mkdir_p_at(AT_FDCWD, LOG_FILE_DIRECTORY, 0700) : -ENOMEM;

        if (r < 0)
                return r;
        fd = mkdir_open_at(AT_FDCWD, path, 0700);
        if (fd < 0)
                return fd;
        return symlinkat(pod_log_file_path(app), fd, LOG_FILE_PATH) < 0 ? -errno : 0;
}

static int start_unit(sd_bus *bus, const Uuid *pod, const AppcPodApp *app, char **reterr_message)
{
        _cleanup_free_ char *unit = strprintf(UNIT, pod->s, app->name), *result = NULL;
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (!unit)
                return -ENOMEM;
        /* One that was there before may be about to end. */
        r = unit_job_run(bus, "RestartUnit", unit, &result, &error);
        if (r < 0)
                return explain(reterr_message, r, "app '%s': cannot start %s for its log file: %s", app->name, unit,
                               bus_error_text(&error, r));
        return streq_ptr(result, "done") ? 0
                                         : explain(reterr_message, EIO, "app '%s': %s did not start, and nothing "
                                                   "writes its log file; see systemctl status %s", app->name, unit,
                                                   unit);
}

/* The service could not say what is wrong. */
static int check_file(const AppcPodApp *app, char **reterr_message)
{
        _cleanup_close_ int fd = log_file_open(pod_log_file_path(app));

        return fd >= 0          ? 0
               : fd == -ENOENT  ? explain(reterr_message, fd, "app '%s': its log file %s would be in a directory that "
                                          "does not exist; make it before", app->name, pod_log_file_path(app))
               : fd == -ELOOP || fd == -ENOTDIR || fd == -ENXIO
                       ? explain(reterr_message, fd, "app '%s': its log file %s is no file, or a link, or in a "
                                 "directory that is a link; use its real path", app->name, pod_log_file_path(app))
                       : explain(reterr_message, fd, "app '%s': cannot write its log file %s: %s", app->name,
                                 pod_log_file_path(app), strerror(-fd));
}

static int start(sd_bus *bus, const Uuid *pod, const AppcPodApp *app, char **reterr_message)
{
        int r = check_file(app, reterr_message);

        if (r < 0)
                return r;
        pod_log_file_end(pod, app->name);
        r = make_place(pod, app);
        return r < 0 ? explain(reterr_message, r, "app '%s': cannot make the sockets of its log file: %s", app->name,
                               strerror(-r))
                     : start_unit(bus, pod, app, reterr_message);
}

int pod_log_files_start(const Uuid *pod, const AppcPodApp *apps, size_t n_apps, char **reterr_message)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n_apps; i++) {
                if (!pod_log_file_path(&apps[i]))
                        continue;
                r = bus ? 0 : sd_bus_open_system(&bus);
                if (r < 0)
                        return explain(reterr_message, r, "cannot connect to the system bus: %s", strerror(-r));
                r = start(bus, pod, &apps[i], reterr_message);
        }
        return r;
}

/* Requests */

static int request_at(int dir_fd, LogFileRequest request)
{
        static const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
        _cleanup_close_ int fd = unix_connect_at(dir_fd, LOG_FILE_CONTROL, SOCK_SEQPACKET);
        const char word = (char) request;
        int answer;
        ssize_t n;

        if (fd < 0)
                return fd;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 || send(fd, &word, 1, MSG_NOSIGNAL) < 0)
                return -errno;
        n = recv(fd, &answer, sizeof(answer), 0);
        if (n < 0)
                return errno == EAGAIN ? -ETIMEDOUT : -errno;
        return n == sizeof(answer) ? answer : -ECONNREFUSED;
}

int pod_log_file_reopen(const Uuid *pod, const char *app)
{
        _cleanup_free_ char *path = place_of(pod->s, app);
        _cleanup_close_ int fd = path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;

        return fd == -ENOENT ? -ESRCH : fd < 0 ? fd : request_at(fd, LOG_FILE_REOPEN);
}

static void end_at(int parent_fd, const char *app)
{
        _cleanup_close_ int fd = open_directory_at(parent_fd, app);

        if (fd < 0)
                return;
        (void) request_at(fd, LOG_FILE_END);
        (void) rm_rf_at(parent_fd, app);
}

static int open_place_of_pod(const Uuid *pod)
{
        _cleanup_free_ char *path = strjoin(LOG_FILE_DIRECTORY "/", pod->s);

        return path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;
}

void pod_log_file_end(const Uuid *pod, const char *app)
{
        _cleanup_close_ int fd = open_place_of_pod(pod);

        if (fd >= 0)
                end_at(fd, app);
}

void pod_log_files_end(const Uuid *pod)
{
        _cleanup_close_ int fd = open_place_of_pod(pod);
        _cleanup_strv_free_ char **apps = NULL;
        _cleanup_free_ char *path = NULL;

        if (fd < 0 || list_directory_at(fd, ".", &apps) < 0)
                return;
        STRV_FOREACH(app, apps)
                end_at(fd, *app);
        path = strjoin(LOG_FILE_DIRECTORY "/", pod->s);
        if (path)
                (void) rm_rf_at(AT_FDCWD, path);
}
