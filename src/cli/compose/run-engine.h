/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "manifest/appc-pod.h"
#include "pod/engine.h"

/* Which engine a pod is to have. All log. */

/* The engine that an option of RunArgs.stage1 names; NULL: there is no option. */
int engine_of_option(const char *option, const Engine **ret);
/* The option's, else that of the manifest's annotation. */
int engine_wanted(const char *option, const AppcPod *manifest, const Engine **ret);

/* Where neither says anything, the configuration of the host may (stage1.d), and then the manifest says it, too. */
int engine_take_default(Context *c, const char *option, AppcPod *manifest);
