/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "cli/terminal/table.h"

/* What an update did, app by app. */

typedef enum UpdateState {
        UPDATE_IS_CURRENT,     /* there is no newer image */
        UPDATE_IS_NEWER,       /* there is one; nothing was done */
        UPDATE_IS_FETCHED,     /* it is in the store */
        UPDATE_IS_DONE,        /* the pod runs it */
        UPDATE_IS_WAITING,     /* the pod does not run; its next start uses it */
        UPDATE_IS_REJECTED,    /* it failed before and is not tried again */
        UPDATE_IS_ROLLED_BACK, /* the pod failed with it and runs the image before */
        UPDATE_IS_UNKNOWN,     /* only a fetch can show whether there is one */
        UPDATE_IS_FAILED,
        _UPDATE_STATE_MAX,
        _UPDATE_STATE_INVALID = -EINVAL,
} UpdateState;

const char *update_state_to_string(UpdateState s);
UpdateState update_state_from_string(const char *s);

typedef struct UpdateReport {
        struct json_object *list; /* NULL: the table is filled */
        Table table;
        size_t n; /* rows */
} UpdateReport;

/* format: that of --format=, or NULL for a table. -ENOMEM. */
int update_report_init(UpdateReport *r, const char *format);
void update_report_done(UpdateReport *r);

typedef struct UpdateRow {
        const char *pod, *app, *place;
        UpdateState state;
        const char *from, *to; /* image IDs, or NULL */
} UpdateRow;

int update_report_add(UpdateReport *r, const UpdateRow *row);
int update_report_print(const UpdateReport *r, const char *format);
