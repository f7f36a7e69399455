/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/draft/pod-draft.h"

/* Calls tell for each app that would wait for itself, with the app that it waits for and that waits for it in turn.
 * Waiting is what the words --after= and --requires= say. Returns what tell returns if that is negative. */
int pod_draft_check_order(const PodDraft *pod,
                          int (*tell)(void *userdata, const AppDraft *app, const AppDraft *other), void *userdata);
