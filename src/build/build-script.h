/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

/* Scripts of commands of a build: bytes of each, and how many call one another. */
#define BUILD_SCRIPT_MAX (1024U * 1024)
#define BUILD_SCRIPTS_MAX 16U

/* Some editors begin a text with a mark of its encoding. */
static inline char *build_script_behind_mark(char *text)
{
        static const char mark[] = "\xef\xbb\xbf";

        return strncmp(text, mark, strlen(mark)) == 0 ? text + strlen(mark) : text;
}
