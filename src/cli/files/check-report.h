/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/log.h"
#include "cli/context.h"
#include "shared/json-table.h"

/* What podctl check finds, for tools: objects with file, line, column, member, severity and message. Start with {}. */
typedef struct CheckReport {
        const char *path; /* of the file that is looked at */
        json_object *list;
        bool incomplete; /* memory ran out */
} CheckReport;

void check_report_done(CheckReport *report);
/* Like pod_check_file(), but nothing is logged: errors and warnings go into the report. */
int check_report_file(CheckReport *report, Context *c, const char *name, const char *path);
/* Prints it, and returns r. */
int check_report_print(CheckReport *report, const char *format, int r);

/* One message as an object. NULL: out of memory. */
json_object *check_report_item(const LogPlace *place, const char *severity, const char *message);
