/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/terminal/results.h"
#include "cli/files/check-report.h"
#include "cli/files/pod-check.h"
#include "shared/json-locate.h"

void check_report_done(CheckReport *report)
{
        (void) json_object_put(report->list);
}

/* The place that a message about a text that is no JSON or YAML has itself. */
static JsonPlace find_place(const char *message)
{
        const char *at = startswith(message, "not valid ") ? strstr(message, " at line ") : NULL;
        JsonPlace place = {};

        return at && sscanf(at, " at line %zu, column %zu", &place.line, &place.column) == 2 ? place : (JsonPlace) {};
}

/* Null where it is not known. */
static void add_number(json_object *o, const char *name, size_t n)
{
        (void) json_object_object_add(o, name, n > 0 ? json_object_new_int64((int64_t) n) : NULL);
}

json_object *check_report_item(const LogPlace *place, const char *severity, const char *message)
{
        json_object *o = json_object_new_object();
        JsonPlace at = { place->line, place->column };

        if (!o)
                return NULL;
        if (at.line == 0)
                at = find_place(message);
        (void) json_object_object_add(o, "file", json_object_new_string(place->file));
        add_number(o, "line", at.line);
        add_number(o, "column", at.column);
        (void) json_object_object_add(o, "member", place->member ? json_object_new_string(place->member) : NULL);
        (void) json_object_object_add(o, "severity", json_object_new_string(severity));
        (void) json_object_object_add(o, "message", json_object_new_string(message));
        return o;
}

static void add(CheckReport *report, const LogPlace *place, const char *severity, const char *message)
{
        json_object *o = check_report_item(place, severity, message);

        if (!report->list)
                report->list = json_object_new_array();
        if (!o || !report->list || json_object_array_add(report->list, o) < 0) {
                (void) json_object_put(o);
                report->incomplete = true;
        }
}

/* What has no place of its own is about the file, whose path it may begin with. */
static void hear(int level, const LogPlace *place, const char *line, void *userdata)
{
        CheckReport *report = userdata;
        const LogPlace whole = { .file = report->path };
        const char *rest = place ? NULL : startswith(line, report->path);

        if (rest)
                line = startswith(rest, ": ") ?: line;
        add(report, place ?: &whole, level <= LOG_ERR ? "error" : "warning", line);
}

int check_report_file(CheckReport *report, Context *c, const char *name, const char *path)
{
        _cleanup_(findings_done) Findings remarks = {};
        int r;

        report->path = path;
        log_set_listener(hear, report);
        r = pod_check_file(c, name, path, NULL, &remarks);
        log_set_listener(NULL, NULL);
        for (size_t i = 0; r >= 0 && i < remarks.n; i++) {
                const Finding *f = &remarks.items[i];

                add(report, &(LogPlace) { path, f->line, f->column, f->member }, "note", f->text);
        }
        return MIN(r, 0);
}

int check_report_print(CheckReport *report, const char *format, int r)
{
        if (!report->list)
                report->list = json_object_new_array();
        if (report->incomplete || !report->list)
                return log_oom();
        (void) print_json(report->list, format);
        return r;
}
