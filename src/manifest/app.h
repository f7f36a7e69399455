/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/health-check.h"
#include "manifest/isolator.h"
#include "shared/json-table.h"

/* The neutral model of one app: what an appc manifest calls "app" (spec/aci.md), and what an OCI image
 * configuration is turned into. Owns all it points to. */

typedef struct MountPoint {
        char *name; /* AC name */
        char *path; /* absolute, inside the app */
        bool read_only;
} MountPoint;

typedef struct AppPort {
        char *name;     /* AC name */
        char *protocol; /* "tcp", "udp"; others pass, lower case */
        uint32_t port;  /* 1…65535 */
        uint32_t count; /* at least 1; port + count - 1 is at most 65535 */
        bool socket_activated;
} AppPort;

typedef struct App {
        char **exec;  /* may be empty: then only the caller's arguments make it runnable */
        char *user;   /* name, number or path of a file whose owner it is */
        char *group;
        /* From OCI, when it names a user only: the group is the one the image's passwd gives that user, and `group`
         * what stands in for it when the user is not listed. Written as member "groupFromUser". */
        bool group_from_user;
        /* From OCI: HOME, USER and LOGNAME that the environment does not have are the user's, by the image's passwd.
         * Written as member "homeFromUser". */
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
        /* From OCI: "SIGTERM", "9", NULL for the default. Written as member "stopSignal", which appc does not have
         * and other readers pass over, like groupFromUser. */
        char *stop_signal;
        /* From Docker: seconds that it has to end after that signal; 0: as systemd has it, -1: all it wants. Member
         * "stopTimeout". */
        int64_t stop_timeout;
        /* Member "healthcheck", in Docker's words; also not of appc. */
        HealthCheck *health_check;
} App;

/* Hundred years. */
#define APP_STOP_TIMEOUT_MAX 3153600000U

/* An App, and a single port, as pointer members of a larger struct. */
extern const JsonType json_app;
extern const JsonType json_app_port;

App *app_new(void);
App *app_free(App *app);
DEFINE_TRIVIAL_CLEANUP_FUNC(App *, app_free);
int app_copy(const App *app, App **ret);

int app_read(json_object *o, App **ret, JsonError *e);
int app_write(const App *app, json_object **ret);

const MountPoint *app_find_mount_point(const App *app, const char *name);
const AppPort *app_find_port(const App *app, const char *name);
/* Appending copies the strings. -EEXIST: the name is taken. */
int app_add_mount_point(App *app, const char *name, const char *path, bool read_only);
int app_add_port(App *app, const char *name, const char *protocol, uint32_t port, uint32_t count);

void mount_point_done(MountPoint *m);
void app_port_done(AppPort *p);
