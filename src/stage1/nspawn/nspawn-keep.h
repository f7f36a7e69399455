/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Variables that control nspawn-keep.so. */
#define NSPAWN_KEEP_LOW_PORTS "PODCTL_KEEP_LOW_PORTS"
