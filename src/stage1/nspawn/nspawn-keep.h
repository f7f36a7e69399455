/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Variables that control nspawn-keep.so. */
#define NSPAWN_KEEP_LOW_PORTS "PODCTL_KEEP_LOW_PORTS"
#define NSPAWN_KEEP_NO_BUS "PODCTL_KEEP_NO_BUS"
/* The number of a descriptor with a FilterRecord: one to fill in, or one to load. */
#define NSPAWN_KEEP_RECORD "PODCTL_KEEP_RECORD"
#define NSPAWN_KEEP_LOAD "PODCTL_KEEP_LOAD"

/* What PID 1 is to start (systemd(1), "Kernel Command Line"). Where filters are to be loaded, only what has loaded them
 * says so: without it PID 1 has nothing to start, and ends. */
#define NSPAWN_KEEP_TARGET "systemd.unit=pod.target"
