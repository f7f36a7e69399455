/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* The processes of an app of a running pod, as the host numbers them, in text; not the one that carries its output to
 * the journal. services: see pod_services_open(). */
int app_processes(int services, const char *app, char ***ret);
