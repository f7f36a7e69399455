/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/app-root.h"

/* What runs beside an app, with programs of ours that join it for each check or hook. */

/* What an app wants that has one of the units below: a template of all pods, which wants them. */
#define BESIDE_TARGET "podctl-beside@%s.target"

/* Whether there is any of that. */
bool app_is_accompanied(const PlanApp *app);

/* The service that checks an app's health, and the words of its program for each kind of check, see app-health.c. NULL:
 * there is no check of that kind. */
#define HEALTH_UNIT "podctl-health@%s.service"
bool app_health_wanted(const PlanApp *app);
int app_health_words(const PlanApp *app, const AppIdentity *identity, HealthKind kind, char ***ret);
/* Of the kinds, by which the program knows them. */
extern const char *const app_health_files[_HEALTH_KIND_MAX];
int app_health_format(const PlanApp *app, char **ret);

/* Pauses before restarts that grow: a part of the app's own unit, and what forgets its restarts when it has run long
 * enough, since systemd itself does that only if it is told to (systemctl(1), reset-failed). systemd has them since
 * 254; before, all are as long as the first. */
#define BACKOFF_FILE "podctl-backoff.conf"
#define STEADY_TIMER "podctl-steady@%s.timer"
#define STEADY_UNIT "podctl-steady@%s.service"
bool app_backoff_wanted(const PlanApp *app);
int app_backoff_format(const PlanApp *app, char **ret);
int app_steady_timer_format(const PlanApp *app, char **ret);
int app_steady_format(const PlanApp *app, char **ret);

/* The words of the program that carries out a hook, in a line of the app's own unit; see app-hook.c. NULL: there is no
 * hook of that kind. */
int app_hook_words(const PlanApp *app, const AppIdentity *identity, AppHook hook, char ***ret);
extern const char *const app_hook_files[_APP_HOOK_MAX];
