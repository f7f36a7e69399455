/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* What apps read from and write to, from their annotations or the settings of an interactive pod. */

/* The words of the annotations, and of the options that they come from. "interactive" is a terminal, which is also for
 * what is not said of standard output and error. */
#define PLAN_STDIN_WORDS "null|stream|tty|interactive"
#define PLAN_OUTPUT_WORDS "log|null|stream|tty"

/* What is wrong with the annotations, or NULL. */
char *plan_stdio_mistake(char *const *annotations);
/* The first of the annotations that says something else for its stream than this kind, with its word, or NULL. */
const char *plan_stdio_other_than(char *const *annotations, StdioKind kind, const char **ret_word);
void plan_stdio(const PodSettings *settings, PlanApp *ret);

/* Whether an app has something that clients can attach to, or a terminal among that. */
bool plan_app_is_attachable(const PlanApp *app);
bool plan_app_has_terminal(const PlanApp *app);
/* Whether the client that starts the pod is one of these: the app waits for it. */
bool plan_app_is_attached(const PodSettings *settings);

/* A word of inside/stdio-kind.h. */
const char *plan_stdio_word(StdioKind kind);
