/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"

/* podctl create --from: pods and networks of files of Quadlet. create makes one pod. All or nothing: what was written
 * before an error is taken back. 1: --check, and something would be lost. Logs. */
int create_from(Context *c, const RunArgs *args, int (*create)(Context *c, const RunArgs *args));
