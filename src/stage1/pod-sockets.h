/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"

/* Sockets that the service manager listens on for apps (sd_listen_fds(3)): ports that are socketActivated. Where the
 * pod's unit was given a listening socket for one, that goes through systemd-nspawn to the pod's PID 1, which takes
 * it for its own .socket unit's since both have the same address; it stays in the host's network,
 * whatever the pod's. Otherwise the pod's PID 1 listens itself. Either way the app finds it under the port's name. */

typedef struct PodSocket {
        const PlanApp *app;
        const AppPort *port;
        char **listens;  /* "ListenStream=[::]:80": lines of the .socket unit */
        bool passed;
} PodSocket;

typedef struct PodSockets {
        PodSocket *items;
        size_t n;
        int n_fds; /* how many were passed to us, from SD_LISTEN_FDS_START on */
} PodSockets;

/* Takes what was passed to this process; the descriptors do not go on to programs until pod_sockets_keep(). A socket
 * belongs to the port whose name it has (FileDescriptorName=), or else to the port that is forwarded from its port of
 * the host, or has that number itself. -EINVAL: it belongs to no port. */
int pod_sockets_take(const PodPlan *plan, PodSockets *ret, char **reterr_message);
/* Those of an app that comes while the pod runs: nothing can be passed any more, the pod listens for all of them. */
int pod_sockets_of_late(const PodPlan *plan, const PlanApp *app, PodSockets *ret, char **reterr_message);
void pod_sockets_done(PodSockets *s);
/* Leaves them to the program that is executed next. */
int pod_sockets_keep(const PodSockets *s);

/* The ports to forward: all but those whose sockets were passed. The array is the caller's, what it points to is
 * not. */
int pod_sockets_forwards(const PodPlan *plan, const PodSockets *s, NetPort **ret, size_t *ret_n);

/* Of an app and a port of it. */
#define POD_SOCKET_UNIT "%s.%s.socket"

/* The name of a .socket unit, and its text. */
char *pod_socket_unit_name(const PodSocket *s);
int pod_socket_format(const PodSocket *s, char **ret);
/* The drop-in with which the app's own unit gets its sockets. Leaves *ret NULL for an app without any. */
int pod_sockets_format_service(const PodSockets *s, const PlanApp *app, char **ret);
