/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/app-root.h"

/* The service that an app is inside its pod, as the text of a unit file (systemd.service(5), systemd.exec(5)). */

/* settings: whether the app is interactive, with nobody attached; then its terminal is the pod's console. */
int app_unit_format(const PlanApp *app, const AppIdentity *identity, const PodSettings *settings, char **ret);

/* The service that an app's event handlers are, and its name; see HANDLERS_UNIT. */
#define HANDLERS_UNIT "podctl-hooks@%s.service"
/* What records the end of an app that its pod goes on without, if it was killed as a whole; and that
 * it was stopped before its restart. */
#define ENDED_UNIT "podctl-ended@%s.service"
#define STOPPED_UNIT "podctl-stopped@%s.service"
bool app_handlers_wanted(const PlanApp *app);
int app_handlers_format(const PlanApp *app, const AppIdentity *identity, char **ret);

/* A word for a unit file that expands nothing: quoted, escaped, percent signs doubled. */
int unit_quote(const char *s, char **ret);
