/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/app-root.h"

/* The service that an app is inside its pod, as the text of a unit file (systemd.service(5), systemd.exec(5)). */

/* settings: whether the app is interactive; then its terminal is the pod's console, or it has sockets. */
int app_unit_format(const PlanApp *app, const AppIdentity *identity, const PodSettings *settings, char **ret);

/* The service that an app's event handlers are, and its name; see HOOKS_UNIT. */
#define HOOKS_UNIT "podctl-hooks@%s.service"
bool app_hooks_wanted(const PlanApp *app);
int app_hooks_format(const PlanApp *app, const AppIdentity *identity, char **ret);

/* The service that checks an app's health, and the words of its program for each kind of check, see app-health.c. NULL:
 * there is no check of that kind. */
#define HEALTH_UNIT "podctl-health@%s.service"
bool app_health_wanted(const PlanApp *app);
int app_health_words(const PlanApp *app, const AppIdentity *identity, HealthKind kind, char ***ret);
/* Of the kinds, by which the program knows them. */
extern const char *const app_health_files[_HEALTH_KIND_MAX];
int app_health_format(const PlanApp *app, char **ret);

/* A word for a unit file that expands nothing: quoted, escaped, percent signs doubled. */
int unit_quote(const char *s, char **ret);
