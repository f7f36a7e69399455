/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app-hook.h"
#include "manifest/health-check.h"
#include "manifest/isolator.h"
#include "shared/json-table.h"

/* The neutral model of one app: the "app" of an appc manifest (spec/aci.md), and the result of converting an OCI image
 * configuration. Owns everything it points to. */

typedef struct MountPoint {
        char *name; /* AC name */
        char *path; /* absolute, inside the app */
        bool read_only;
} MountPoint;

typedef struct AppPort {
        char *name;     /* AC name */
        char *protocol; /* "tcp", "udp"; other text is accepted, in lower case */
        uint32_t port;  /* 1…65535 */
        uint32_t count; /* at least 1; port + count - 1 is at most 65535 */
        bool socket_activated;
} AppPort;

typedef struct App {
        char **exec;  /* may be empty: then it can only run with arguments from the caller */
        char *user;   /* name, number, or path of a file: then the file's owner */
        char *group;
        /* From OCI, when only a user is given: the group comes from the user's entry in the image's passwd, and `group`
         * is the fallback when the user is not listed. Written as member "groupFromUser". */
        bool group_from_user;
        /* From OCI: if the environment lacks HOME, USER or LOGNAME, they are set from the user's entry in the image's
         * passwd. Written as member "homeFromUser". */
        bool home_from_user;
        uint32_t *supplementary_gids;
        size_t n_supplementary_gids;
        char **pre_start; /* event handlers; NULL or empty: none */
        char **post_stop;
        char *working_directory; /* NULL: "/" */
        char **environment;      /* "NAME=VALUE", names unique */
        Isolator *isolators;
        size_t n_isolators;
        MountPoint *mount_points;
        size_t n_mount_points;
        AppPort *ports;
        size_t n_ports;
        char **user_annotations; /* "NAME=VALUE" */
        char **user_labels;
        /* From OCI: "SIGTERM", "9", NULL for the default. Written as member "stopSignal", which appc does not have and
         * other readers ignore, like groupFromUser. */
        char *stop_signal;
        /* From Docker: how many seconds the app has to end after that signal; 0: systemd's default, -1: no limit.
         * Member "stopTimeout". */
        int64_t stop_timeout;
        /* Members "healthcheck", "startupcheck" and "readinesscheck", in Docker's terms; not part of appc either. NULL:
         * there is none. */
        HealthCheck *checks[_HEALTH_KIND_MAX];
        char **hooks[_APP_HOOK_MAX]; /* NULL or empty: none */
} App;

/* Bytes, as with rkt: no program fits into less than a page. */
#define APP_MEMORY_MIN 4096

/* Seconds that an app has to end if it does not set them itself, as with Docker and podman. */
#define APP_STOP_TIMEOUT 10
/* A hundred years. */
#define APP_STOP_TIMEOUT_MAX 3153600000U

/* An App, and a single port, as pointer members of a larger struct. */
extern const JsonType json_app;
extern const JsonType json_app_port;

App *app_new(void);
App *app_free(App *app);
DEFINE_TRIVIAL_CLEANUP_FUNC(App *, app_free);
int app_copy(const App *app, App **ret);

int app_write(const App *app, json_object **ret);

/* Whether the app has a check of any kind. */
bool app_is_checked(const App *app);

const MountPoint *app_find_mount_point(const App *app, const char *name);
const AppPort *app_find_port(const App *app, const char *name);
/* The strings are copied. -EEXIST: the name is taken. */
int app_add_mount_point(App *app, const char *name, const char *path, bool read_only);
int app_add_port(App *app, const char *name, const char *protocol, uint32_t port, uint32_t count);

void mount_point_done(MountPoint *m);
void app_port_done(AppPort *p);
