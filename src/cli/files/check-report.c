/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/terminal/results.h"
#include "cli/files/check-report.h"
#include "cli/files/pod-check.h"
#include "shared/json-locate.h"

/* Members are paths without spaces: "apps[0].image". */
#define MEMBER_END ": "

void check_report_done(CheckReport *report)
{
        (void) json_object_put(report->list);
}

/* Takes ":LINE:COLUMN" off the front, or what there is of it. */
static JsonPlace take_place(const char **message)
{
        JsonPlace place = {};
        size_t *const numbers[] = { &place.line, &place.column };
        const char *p = *message;

        for (size_t i = 0; i < ELEMENTSOF(numbers) && p[0] == ':' && strchr("123456789", p[1]) && p[1]; i++) {
                char *end;

                *numbers[i] = strtoul(p + 1, &end, 10);
                p = end;
        }
        *message = p;
        return place;
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

json_object *check_report_item(const char *path, const char *severity, const char *message)
{
        const char *rest = startswith(message, path), *end;
        JsonPlace place = rest ? take_place(&rest) : (JsonPlace) {};
        json_object *o = json_object_new_object();

        rest = rest && startswith(rest, MEMBER_END) ? rest + strlen(MEMBER_END) : message;
        end = strstr(rest, MEMBER_END);
        if (!end || place.line == 0 || (size_t) (end - rest) != strcspn(rest, " :"))
                end = NULL;
        if (place.line == 0)
                place = find_place(rest);
        (void) json_object_object_add(o, "file", json_object_new_string(path));
        add_number(o, "line", place.line);
        add_number(o, "column", place.column);
        (void) json_object_object_add(o, "member", end ? json_object_new_string_len(rest, (int) (end - rest)) : NULL);
        (void) json_object_object_add(o, "severity", json_object_new_string(severity));
        (void) json_object_object_add(o, "message", json_object_new_string(end ? end + strlen(MEMBER_END) : rest));
        return o;
}

static void add(CheckReport *report, const char *severity, const char *message)
{
        json_object *o = check_report_item(report->path, severity, message);

        if (!report->list)
                report->list = json_object_new_array();
        if (!o || !report->list || json_object_array_add(report->list, o) < 0) {
                (void) json_object_put(o);
                report->incomplete = true;
        }
}

static void hear(int level, const char *line, void *userdata)
{
        add(userdata, level <= LOG_ERR ? "error" : "warning", line);
}

int check_report_file(CheckReport *report, Context *c, const char *name, const char *path)
{
        _cleanup_strv_free_ char **remarks = NULL;
        int r;

        report->path = path;
        log_set_listener(hear, report);
        r = pod_check_file(c, name, path, &remarks);
        log_set_listener(NULL, NULL);
        STRV_FOREACH(remark, remarks) {
                _cleanup_free_ char *message = strjoin(*remark, ": ignored (extension)");

                add(report, "note", strempty(message));
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
