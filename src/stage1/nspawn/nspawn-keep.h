/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Variables by which nspawn-keep.so is told what to do. */
#define NSPAWN_KEEP_LOW_PORTS "PODCTL_KEEP_LOW_PORTS"
