/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan-stdio.h"

/* The service that has the other ends of an app's terminal or streams: inside/app-attach.c. */

#define ATTACH_UNIT "podctl-attach@%s.service"

int app_attach_format(const PlanApp *app, char **ret);
/* The words of the launcher's --stdio=, or NULL: nothing, and the journal. */
int app_attach_words(const PlanApp *app, char **ret);
