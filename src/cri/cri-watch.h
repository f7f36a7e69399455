/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "cri/cri-find.h"

/* Notices that something may have changed about a sandbox: its files, those of its apps, or that its supervisor is
 * gone. What happens in a moment is told at once, and what has changed is for the owner to find out. */

typedef struct CriWatch CriWatch;

/* Called for each sandbox there is, and again after changes. s: as it is now; NULL: it is gone. userdata is the
 * owner's, *state what it keeps about the sandbox, NULL at first; it frees that when the sandbox is gone. A negative
 * error ends the watch. */
typedef int (*CriWatchFunction)(const Uuid *uuid, CriSandbox *s, void **state, void *userdata);

/* Looks at all sandboxes there are. The context outlives the watch. */
int cri_watch_new(Context *c, CriWatchFunction function, void *userdata, CriWatch **ret);
/* Does not return before an error. */
int cri_watch_run(CriWatch *watch);
CriWatch *cri_watch_free(CriWatch *watch);
DEFINE_TRIVIAL_CLEANUP_FUNC(CriWatch *, cri_watch_free);
