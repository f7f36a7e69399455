/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared/json-table.h"
#include "unit/unit-facts.h"
#include "unit/unit-properties.h"

/* Properties that are there unless they have the value that stands for "not set"; of numbers it is UINT64_MAX, of texts
 * the empty one. */
static const struct {
        const char *name;
        bool zero_is_unset;
} facts[] = {
        { "ActiveState", false },
        { "SubState", false },
        { "Result", false },
        { "StatusText", false },
        { "UnitFileState", false },
        { "FragmentPath", false },
        { "Slice", false },
        { "ControlGroup", false },
        { "Restart", false },
        { "NRestarts", false },
        { "MainPID", true },
        { "ExecMainStatus", false },
        { "CPUQuotaPerSecUSec", false },
        { "CPUWeight", false },
        { "StartupCPUWeight", false },
        { "IOWeight", false },
        { "StartupIOWeight", false },
        { "MemoryMin", true },
        { "MemoryLow", true },
        { "MemoryHigh", false },
        { "MemoryMax", false },
        { "MemorySwapMax", false },
        { "TasksMax", false },
        { "RuntimeMaxUSec", false },
};

static int read_number(sd_bus_message *m, char type, bool zero_is_unset, json_object *o, const char *name)
{
        uint64_t wide = 0;
        uint32_t narrow = 0;
        int32_t number = 0;
        int r;

        if (type == 't')
                r = sd_bus_message_read(m, "t", &wide);
        else if (type == 'u')
                r = sd_bus_message_read(m, "u", &narrow);
        else
                r = sd_bus_message_read(m, "i", &number);
        if (r < 0 || wide == UINT64_MAX || (zero_is_unset && wide == 0 && narrow == 0 && number == 0))
                return r;
        return json_object_object_add(o, name, type == 'i' ? json_object_new_int(number)
                                                           : json_object_new_uint64(wide + narrow));
}

static int read_text(sd_bus_message *m, json_object *o, const char *name)
{
        const char *text;
        int r = sd_bus_message_read(m, "s", &text);

        if (r < 0 || !*text)
                return r;
        return json_object_object_add(o, name, json_object_new_string(text));
}

static int read_value(sd_bus_message *m, size_t fact, json_object *o)
{
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (strlen(contents) != 1 || !strchr("stui", *contents))
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        r = *contents == 's' ? read_text(m, o, facts[fact].name)
                             : read_number(m, *contents, facts[fact].zero_is_unset, o, facts[fact].name);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_fact(sd_bus_message *m, const char *name, void *userdata)
{
        for (size_t i = 0; i < ELEMENTSOF(facts); i++)
                if (streq(facts[i].name, name))
                        return read_value(m, i, userdata);
        return sd_bus_message_skip(m, "v");
}

int unit_facts(sd_bus *bus, const char *unit, json_object **ret)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        int r = unit_properties_of(bus, unit, read_fact, o);

        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return 0;
}

int unit_has_job(sd_bus *bus, const char *unit)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_bus_message_ sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        uint32_t job = 0;
        int r;

        r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
        if (r < 0)
                return r;
        r = sd_bus_get_property(bus, bus_systemd_manager.destination, path, "org.freedesktop.systemd1.Unit", "Job",
                                &error, &m, "(uo)");
        if (r >= 0)
                r = sd_bus_message_read(m, "(uo)", &job, NULL);
        return r < 0 ? r : job > 0;
}
