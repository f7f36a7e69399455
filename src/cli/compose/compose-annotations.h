/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* Adds the options of a start as annotations to the manifest, for a later start without options. */
int compose_annotations(AppcPod *manifest, const RunArgs *args);
