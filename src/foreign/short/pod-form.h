/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The kinds of files that describe pods. */
typedef enum PodForm {
        POD_FORM_APPC,
        POD_FORM_KUBE,
        POD_FORM_SHORT,
} PodForm;

/* By what the top level has, "acKind" or "acVersion", "apiVersion" or "kind"; without them it is the short form. A text
 * that cannot be read is taken for the short form, whose reader says why, and JSON for appc's. */
PodForm pod_form_of(const char *text, size_t n, bool yaml);
