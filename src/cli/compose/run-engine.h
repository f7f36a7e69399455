/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"
#include "pod/engine.h"

/* Which engine a pod is to have. Both log. */

/* The engine that an option of RunArgs.stage1 names; NULL: there is no option. */
int engine_of_option(const char *option, const Engine **ret);
/* The option's, else that of the manifest's annotation. */
int engine_wanted(const char *option, const AppcPod *manifest, const Engine **ret);
