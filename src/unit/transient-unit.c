/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "unit/transient-unit.h"
#include "unit/unit-property.h"

/* "(sv)" with one command: a(sasas), the program, its arguments, and flags; ours keeps systemd from replacing
 * variables in them. */
static int append_command(sd_bus_message *m, const char *property, char *const *argv)
{
        int r;

        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", property);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'v', "a(sasas)");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "(sasas)");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'r', "sasas");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", argv[0]);
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(m, (char **) argv);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "as", 1, "no-env-expand");

        for (int depth = 0; r >= 0 && depth < 4; depth++)
                r = sd_bus_message_close_container(m);
        return r;
}

static int append_properties(sd_bus_message *m, const TransientUnit *unit)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r < 0)
                return r;

        STRV_FOREACH(p, unit->properties) {
                r = unit_property_append(m, *p);
                if (r < 0)
                        return r;
        }

        r = append_command(m, "ExecStartEx", unit->start);
        if (r >= 0 && unit->stop_post)
                r = append_command(m, "ExecStopPostEx", unit->stop_post);
        if (r >= 0 && unit->stdio)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)", "StandardInputFileDescriptor", "h", unit->stdio[0],
                                          "StandardOutputFileDescriptor", "h", unit->stdio[1],
                                          "StandardErrorFileDescriptor", "h", unit->stdio[2]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int transient_unit_start(sd_bus *bus, const TransientUnit *unit, char **ret_job, sd_bus_error *reterr_error)
{
        _cleanup_bus_message_ sd_bus_message *m = NULL, *reply = NULL;
        const char *job;
        int r;

        r = bus_message_new(bus, &bus_systemd_manager, "StartTransientUnit", &m);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", unit->name, "fail");
        if (r < 0)
                return r;
        r = append_properties(m, unit);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "a(sa(sv))", 0);
        if (r < 0)
                return r;

        r = sd_bus_call(bus, m, 0, reterr_error, &reply);
        if (r < 0)
                return sd_bus_error_has_name(reterr_error, "org.freedesktop.systemd1.UnitExists") ? -EEXIST : r;

        r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return r;
        *ret_job = strdup(job);
        return *ret_job ? 0 : -ENOMEM;
}
