/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Gives an app a /dev of its own, with everything that the pod's has. The pod's is shared by PID 1, the journal and all
 * apps: an app that could change it would decide what /dev/null is for all of them. The new one is assembled in the
 * directory. Returns the path that failed, with errno set; NULL on success. */
const char *app_devices_own(const char *directory);
