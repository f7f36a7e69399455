/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What happens to pods: the message IDs of entries in the host's journal, which catalog/podctl.catalog explains and
 * `podctl events` shows (cli/terminal/pod-events.c). */

/* Sent by podctl on the host (cli/start/pod-event.c). */
#define EVENT_POD_STARTS "cf7315d60f4f40ef9ac6d3a0da66704a"
#define EVENT_POD_FAILED_TO_START "8e32aabfd94a43bf9f75e9c50cfff67d"
#define EVENT_POD_ENDED "286d8b1cb3bf447caf3290874e4d2d76"
#define EVENT_POD_FAILED "611adcc4d3a04f06854da10773e2ff0d"
#define EVENT_POD_UPDATED "0d3c2c1b7a6e4a7fb5a6ad1f9f1f3c52"
#define EVENT_POD_ROLLED_BACK "c4a1c9a2f0b94f41a3ed1d7f58a0be96"
/* Sent from inside the pod (inside/app-event.c). */
#define EVENT_APP_HEALTHY "86ec981fe7db4d6ca5ee8e3b60b900c8"
#define EVENT_APP_UNHEALTHY "c2fccbe86c1544cb8c6a8f29c4c8995c"
#define EVENT_APP_READY "7c0af3a18d2348ffa854d704d2266c65"
#define EVENT_APP_NOT_READY "3a313175497a4bfdb3959be57d46ca8f"
#define EVENT_APP_HOOK_FAILED "ad2b16cbb14d405f9d1703c4886bb59c"
