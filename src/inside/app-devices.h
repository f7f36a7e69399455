/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Gives an app a /dev of its own, with all there is in the pod's. That one is the same for PID 1, for the journal and
 * for every app: who could change what is in there would decide what /dev/null is for all of them. It is put together
 * in the directory for a moment. The path that was in the way, and errno says why; NULL when all is done. */
const char *app_devices_own(const char *directory);
