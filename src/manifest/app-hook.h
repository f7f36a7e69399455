/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/health-check.h"

/* What is done with an app that has started, or before it is asked to end (Kubernetes, "Container Lifecycle Hooks"):
 * members "postStart" and "preStop" of an app, which appc does not have. Like the test of a check (health-check.h):
 * "CMD", PROGRAM, ARGUMENTS…; "CMD-SHELL", TEXT; or "HTTP" or "HTTPS", ADDRESS, PORT, PATH, HEADERS…; and in place of
 * a check's others there is "SLEEP", SECONDS. */

typedef enum AppHook {
        APP_HOOK_POST_START, /* the app has not started until this has succeeded; if it fails, the app has failed */
        APP_HOOK_PRE_STOP,   /* whether it succeeds changes nothing */
        _APP_HOOK_MAX
} AppHook;

/* "postStart", "preStop". */
extern const char *const app_hook_members[_APP_HOOK_MAX];

/* A char ** whose words are checked. */
extern const JsonType json_app_hook;

bool app_hook_sleeps(char *const *words);
/* The same words as a check, which borrows them; for all that does not sleep. */
HealthCheck app_hook_as_check(char *const *words);
/* -EINVAL with the mistake. */
int app_hook_check(char *const *words, JsonError *e);
