/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* How to check whether an app is healthy: member "Healthcheck" of Docker's image configuration, and "healthcheck" of an
 * app in a pod manifest, which has the same members (Docker Engine API, "HealthConfig"; Dockerfile reference,
 * HEALTHCHECK). An app in a pod manifest may also have checks of two other kinds, which Kubernetes has ("Configure
 * Liveness, Readiness and Startup Probes"). */

typedef enum HealthKind {
        HEALTH_LIVENESS,  /* the health check: one that fails makes the app unhealthy */
        HEALTH_STARTUP,   /* until it has succeeded the others wait */
        HEALTH_READINESS, /* one that fails makes the app not ready, and nothing more */
        _HEALTH_KIND_MAX
} HealthKind;

typedef struct HealthCheck {
        /* "NONE"; "CMD", PROGRAM, ARGUMENTS…; "CMD-SHELL", TEXT; empty: not set. Not Docker's: "TCP", ADDRESS, PORT;
         * "HTTP" or "HTTPS", ADDRESS, PORT, PATH, HEADERS…; "GRPC", ADDRESS, PORT, and perhaps SERVICE */
        char **test;
        /* Nanoseconds; 0 is the default. */
        int64_t interval;
        int64_t timeout;
        int64_t start_period;   /* during this time failures do not count, until the first success */
        int64_t start_interval; /* between checks during the start period */
        int64_t retries;        /* failures in a row that make an app unhealthy; 0 is the default */
        /* Not Docker's: */
        int64_t initial_delay;  /* before the first check */
        int64_t successes;      /* in a row that make an app ready; 0 is the default */
} HealthCheck;

/* The values, with defaults filled in. */
typedef struct HealthTimes {
        uint64_t interval_usec;
        uint64_t timeout_usec;
        uint64_t start_period_usec;
        uint64_t start_interval_usec;
        uint64_t retries;
        uint64_t initial_delay_usec;
        uint64_t successes;
} HealthTimes;

/* A HealthCheck as a pointer member of a larger struct; one from an image may have any values. */
extern const JsonType json_health_check;
extern const JsonType json_image_health_check;

/* Adds a line for each invalid value, "Retries: must be …, not -3". */
int health_check_faults(const HealthCheck *h, char ***lines);

/* Of the test alone; member is its name for messages, or NULL. */
int health_check_test(const HealthCheck *h, const char *member, JsonError *e);

/* False also for NULL, and for "NONE". */
bool health_check_wanted(const HealthCheck *h);
/* Whether it connects, and executes nothing in the app. */
bool health_check_connects(const HealthCheck *h);
/* The command to execute, including the shell that interprets a TEXT: "/bin/sh", "-c" when shell is empty. */
int health_check_command(const HealthCheck *h, char *const *shell, char ***ret);
HealthTimes health_check_times(const HealthCheck *h);

/* A copy whose test is the command, with defaults for invalid numbers. NULL when no check is wanted, or the test is
 * invalid. */
int health_check_resolve(const HealthCheck *h, char *const *shell, HealthCheck **ret);
int health_check_copy(const HealthCheck *h, HealthCheck **ret);
HealthCheck *health_check_free(HealthCheck *h);
DEFINE_TRIVIAL_CLEANUP_FUNC(HealthCheck *, health_check_free);
