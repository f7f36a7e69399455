/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Has systemd read its units again, after units and drop-ins of pods were written or removed. A failure is a
 * warning. */
void reload_units(Context *c);
