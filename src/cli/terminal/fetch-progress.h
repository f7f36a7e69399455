/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/source-options.h"

/* Shows a transfer on standard error: on a terminal a bar for each blob, removed when all is done; elsewhere a line for
 * each blob as it begins. */
typedef struct FetchProgress FetchProgress;

/* text is the user's name for what is fetched. */
int fetch_progress_new(const char *text, FetchProgress **ret);
FetchProgress *fetch_progress_free(FetchProgress *p);
DEFINE_TRIVIAL_CLEANUP_FUNC(FetchProgress *, fetch_progress_free);

/* From now on, lines on a terminal too: for a process beside which others write there. */
void fetch_progress_use_lines(void);

/* For the code that transfers; still belongs to the FetchProgress. */
const SourceProgress *fetch_progress_image(const FetchProgress *p);

/* One bar of that many columns, without a newline: "sha256:0123456789ab  [=====>    ]  12.3 MiB of 40.0 MiB". */
int fetch_progress_format(const char *blob, uint64_t done, uint64_t total, size_t columns, char **ret);
