/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "basic/log.h"
#include "cli/terminal/results.h"
#include "shared/json-table.h"

bool print_json(json_object *o, const char *format)
{
        _cleanup_free_ char *text = NULL;

        if (!format)
                return false;
        if ((streq(format, "json-pretty") ? json_format_pretty(o, &text) : json_format_compact(o, &text)) < 0)
                (void) log_oom();
        else
                (void) printf("%s%s", text, endswith(text, "\n") ? "" : "\n");
        return true;
}

Results results_new(const char *format)
{
        return (Results) { .format = format, .list = format ? json_object_new_array() : NULL };
}

void results_done(Results *r)
{
        (void) json_object_put(r->list);
}

bool results_add_members(const Results *r, const ResultMember *members)
{
        json_object *o;

        if (!r->format)
                return false;
        o = json_object_new_object();
        for (const ResultMember *m = members; m->name; m++)
                if (m->text)
                        (void) json_object_object_add(o, m->name, json_object_new_string(m->text));
        return results_add_object(r, o);
}

bool results_add_object(const Results *r, json_object *o)
{
        if (!r->format)
                return false;
        (void) json_object_array_add(r->list, o);
        return true;
}

void results_print(const Results *r)
{
        (void) print_json(r->list, r->format);
}
