/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "unit/transient-unit.h"
#include "unit/unit-property.h"

/* Doubles each "$", so that it stands for itself (systemd.service(5), "Command lines"). */
static int escape_arguments(char *const *argv, char ***ret)
{
        _cleanup_strv_free_ char **escaped = NULL;

        STRV_FOREACH(arg, argv) {
                char *copy = new_array(char, 2 * strlen(*arg) + 1), *out = copy;

                if (!copy)
                        return -ENOMEM;
                for (const char *p = *arg; *p; p++) {
                        if (*p == '$')
                                *out++ = '$';
                        *out++ = *p;
                }
                *out = 0;
                if (strv_consume(&escaped, copy) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(escaped);
        return 0;
}

/* Appends "(sv)" with one command: a(sasb), the program, its arguments, and whether its failure is ignored. Newer
 * properties, such as ExecStartEx=, need no escaping; but systemd 252 saves them under names that it does not recognize
 * when it reads them again, and so loses the stop commands at the next daemon-reload. */
static int append_command(sd_bus_message *m, const char *property, char *const *argv)
{
        _cleanup_strv_free_ char **escaped = NULL;
        int r;

        r = escape_arguments(argv, &escaped);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", property);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'v', "a(sasb)");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "(sasb)");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'r', "sasb");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", argv[0]);
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(m, escaped);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "b", false);
        if (r < 0)
                return r;
        for (int depth = 0; depth < 4; depth++) {
                r = sd_bus_message_close_container(m);
                if (r < 0)
                        return r;
        }
        return 0;
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

        r = append_command(m, "ExecStart", unit->start);
        if (r < 0)
                return r;
        if (unit->stop_post)
                r = append_command(m, "ExecStopPost", unit->stop_post);
        if (r < 0)
                return r;
        if (unit->stdio)
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
