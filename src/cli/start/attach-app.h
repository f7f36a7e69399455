/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "cli/terminal/attachment.h"

/* Attaching to an app of a running pod. Both log their errors. */

/* app: NULL if the pod has only one. Returns an exit status, when the app has ended or the user has detached. */
int attach_app(Context *c, const char *pod, const char *app, const AttachmentOptions *options);

/* Prints what the app has, as rkt did: JSON with the name and address of each (its Documentation/subcommands/attach.md,
 * "--mode list"). */
int attach_list(Context *c, const char *pod, const char *app);

/* The end of an attachment as an exit status, with a word to the user where it needs one. had: what the app has. */
int attach_report_end(AttachmentEnd end, uint8_t had, const char *app);
