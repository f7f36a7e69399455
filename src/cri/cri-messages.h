/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The messages of runtime.proto, as protobuf-c makes them: those that were read are freed whole, and those that are
 * made point to whatever lives long enough. A field is called "linux", which compilers predefine in GNU modes. */
#undef linux
#include "cri/runtime.pb-c.h"
