/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "basic/string-table.h"
#include "cli/images/fetch-image.h"
#include "cli/start/pod-json.h"
#include "cli/update/update-report.h"

static const char *const update_state_table[_UPDATE_STATE_MAX] = {
        [UPDATE_IS_CURRENT] = "current",
        [UPDATE_IS_NEWER] = "newer",
        [UPDATE_IS_FETCHED] = "fetched",
        [UPDATE_IS_DONE] = "updated",
        [UPDATE_IS_WAITING] = "at next start",
        [UPDATE_IS_REJECTED] = "failed before",
        [UPDATE_IS_ROLLED_BACK] = "rolled back",
        [UPDATE_IS_UNKNOWN] = "unknown",
        [UPDATE_IS_FAILED] = "failed",
};
DEFINE_STRING_TABLE(update_state, UpdateState);

static const char *const colors[_UPDATE_STATE_MAX] = {
        [UPDATE_IS_NEWER] = "yellow",       [UPDATE_IS_DONE] = "green", [UPDATE_IS_REJECTED] = "yellow",
        [UPDATE_IS_ROLLED_BACK] = "red",    [UPDATE_IS_FAILED] = "red",
};

enum { COLUMN_POD, COLUMN_APP, COLUMN_IMAGE, COLUMN_STATE, COLUMN_ID, N_COLUMNS };

int update_report_init(UpdateReport *r, const char *format)
{
        static const char *const legend[N_COLUMNS] = { "POD", "APP", "IMAGE", "STATE", "ID" };

        *r = (UpdateReport) {
                .table = { .n_columns = N_COLUMNS, .flexible = TABLE_COLUMN(COLUMN_IMAGE) | TABLE_COLUMN(COLUMN_ID) },
        };
        if (!format)
                return table_add_legend(&r->table, legend);
        r->list = json_object_new_array();
        return r->list ? 0 : -ENOMEM;
}

void update_report_done(UpdateReport *r)
{
        table_done(&r->table);
        json_object_put(r->list);
}

static int add_object(UpdateReport *r, const UpdateRow *row)
{
        const struct {
                const char *name, *value;
        } members[] = {
                { "pod", row->pod },   { "app", row->app }, { "image", row->place },
                { "state", update_state_to_string(row->state) },
                { "from", row->from }, { "to", row->to },
        };
        json_object *o = json_object_new_object();

        if (!o || json_object_array_add(r->list, o) < 0) {
                json_object_put(o);
                return -ENOMEM;
        }
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                json_object_object_add(o, members[i].name,
                                       members[i].value ? json_object_new_string(members[i].value) : NULL);
        return 0;
}

int update_report_add(UpdateReport *r, const UpdateRow *row)
{
        const char *id = row->to ?: row->from;
        _cleanup_free_ char *shown = id ? format_image_id(id, false) : NULL;
        int k;

        r->n++;
        if (r->list)
                return add_object(r, row);
        if (id && !shown)
                return -ENOMEM;
        k = table_add_row(&r->table, (const char *[]) {
                row->pod, row->app, row->place, update_state_to_string(row->state), shown,
        });
        if (k < 0 || !colors[row->state])
                return k;
        return table_color(&r->table, COLUMN_STATE, colors[row->state]);
}

int update_report_print(const UpdateReport *r, const char *format)
{
        if (!r->list)
                return table_print(&r->table, stdout);
        (void) print_json(r->list, format);
        return 0;
}
