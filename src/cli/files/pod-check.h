/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "foreign/draft/finding.h"

/* Looks for mistakes in a file of pods.d, of any form, as a start would find them. Name: the pod's; NULL: it is a file
 * like any other. Documents: further files that belong to it. Logs the mistakes, with their places. 1: good, as far as
 * can be seen before its images are fetched. Remarks: members of extensions, which are passed over; also if there are
 * mistakes. */
int pod_check_file(Context *c, const char *name, const char *path, char *const *documents, Findings *ret_remarks);
