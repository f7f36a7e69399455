/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inside/health-probe.h"

/* The states of an app with a health check, as the record of its health has them (app-health.c). */
#define STARTING "starting"
#define HEALTHY "healthy"
#define UNHEALTHY "unhealthy"
/* And of one with a readiness check. */
#define READY "ready"
#define NOT_READY "not-ready"

/* What an unhealthy app leads to. */
#define HEALTH_NONE "none"
#define HEALTH_RESTART "restart" /* of the app */
#define HEALTH_STOP "stop"       /* of the pod */
#define HEALTH_FAIL "fail"       /* the pod ends with EXIT_UNHEALTHY */

/* The exit status of a pod that ended for that, as for all failures that are not an app's own. */
#define EXIT_UNHEALTHY 254

/* An entry in the host's journal about an app whose state has changed by a check, with a message ID of
 * catalog/podctl.catalog; nothing where the host has no journal. fields: of the app's entries, a line each. */
void health_event_send(const char *app, const char *fields, const char *state, const Probe *p);
