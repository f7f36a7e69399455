/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Scripts of commands of a build: bytes of each, and how many call one another. */
#define BUILD_SCRIPT_MAX (1024U * 1024)
#define BUILD_SCRIPTS_MAX 16U
