/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "basic/string-util.h"
#include "unit/unit-devices.h"

typedef struct Device {
        mode_t kind; /* 0: not known */
        dev_t number;
} Device;

/* "/dev/char/1:3" need not exist. */
static Device parse_number(const char *node)
{
        const char *text = startswith(node, "/dev/char/") ?: startswith(node, "/dev/block/");
        unsigned major, minor;
        char rest;

        if (!text || sscanf(text, "%u:%u%c", &major, &minor, &rest) != 2)
                return (Device) {};
        return (Device) { startswith(node, "/dev/char/") ? S_IFCHR : S_IFBLK, makedev(major, minor) };
}

static Device identify(const char *node)
{
        Device d = parse_number(node);
        struct stat st;

        if (d.kind != 0 || node[0] != '/' || stat(node, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
                return d;
        return (Device) { st.st_mode & S_IFMT, st.st_rdev };
}

/* systemd's default is all permissions. */
static int split_line(const char *line, char **ret_node, char **ret_permissions)
{
        int r = split_pair(line, ' ', ret_node, ret_permissions);

        if (r < 0 || *ret_permissions)
                return r;
        *ret_permissions = strdup("rwm");
        return *ret_permissions ? 0 : -ENOMEM;
}

static bool is_same(const char *a, const char *b)
{
        const Device x = identify(a), y = identify(b);

        return streq(a, b) || (x.kind != 0 && x.kind == y.kind && x.number == y.number);
}

static bool line_has(const char *line, const char *node, const char *permissions)
{
        _cleanup_free_ char *own = NULL, *given = NULL;

        return split_line(line, &own, &given) >= 0 && is_same(own, node) && string_in_charset(permissions, given);
}

bool device_list_has(char *const *list, const char *line)
{
        _cleanup_free_ char *node = NULL, *permissions = NULL;

        if (split_line(line, &node, &permissions) < 0)
                return false;
        STRV_FOREACH(other, list)
                if (line_has(*other, node, permissions))
                        return true;
        return false;
}

/* NULL: they are two devices, or names. */
static char *join_lines(const char *a, const char *b)
{
        _cleanup_free_ char *node = NULL, *other = NULL, *first = NULL, *second = NULL;
        char all[4] = "";
        size_t n = 0;

        if (split_line(a, &node, &first) < 0 || split_line(b, &other, &second) < 0 || !streq(node, other))
                return NULL;
        for (const char *p = "rwm"; *p; p++)
                if (strchr(first, *p) || strchr(second, *p))
                        all[n++] = *p;
        return strjoin(node, " ", all);
}

int device_list_add(char ***list, const char *line)
{
        for (char **other = *list; other && *other; other++) {
                char *joined = join_lines(*other, line);

                if (joined) {
                        free(*other);
                        *other = joined;
                        return 0;
                }
        }
        return strv_extend(list, line);
}

/* The bus */

static int read_devices(sd_bus_message *m, char ***ret)
{
        const char *node, *permissions;
        int r = sd_bus_message_enter_container(m, 'a', "(ss)");

        while (r >= 0 && (r = sd_bus_message_read(m, "(ss)", &node, &permissions)) > 0)
                r = strv_extendf(ret, "%s %s", node, permissions);
        return r;
}

int unit_devices_get(sd_bus *bus, const char *unit, char ***ret, sd_bus_error *reterr_error)
{
        static const char interface[] = "org.freedesktop.systemd1.Service";
        _cleanup_free_ char *path = NULL, *policy = NULL;
        _cleanup_bus_message_ sd_bus_message *m = NULL;
        _cleanup_strv_free_ char **list = new0(char *, 1);
        int r = list ? sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) : -ENOMEM;

        if (r >= 0)
                r = sd_bus_get_property_string(bus, bus_systemd_manager.destination, path, interface, "DevicePolicy",
                                               reterr_error, &policy);
        if (r >= 0)
                r = sd_bus_get_property(bus, bus_systemd_manager.destination, path, interface, "DeviceAllow",
                                        reterr_error, &m, "a(ss)");
        if (r >= 0)
                r = read_devices(m, &list);
        if (r < 0)
                return r;
        r = strv_length(list) > 0 || !streq(policy, "auto");
        *ret = TAKE_PTR(list);
        return r;
}

static int append_devices(sd_bus_message *m, char *const *list)
{
        int r = sd_bus_message_open_container(m, 'r', "sv") ?: sd_bus_message_append(m, "s", "DeviceAllow");

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(ss)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(ss)");
        STRV_FOREACH(line, list) {
                _cleanup_free_ char *node = NULL, *permissions = NULL;

                if (r >= 0)
                        r = split_line(*line, &node, &permissions);
                if (r >= 0)
                        r = sd_bus_message_append(m, "(ss)", node, permissions);
        }
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

/* An empty list clears what there is; another is added to that. */
int unit_devices_set(sd_bus *bus, const char *unit, char *const *list, sd_bus_error *reterr_error)
{
        _cleanup_bus_message_ sd_bus_message *m = NULL;
        int r = bus_message_new(bus, &bus_systemd_manager, "SetUnitProperties", &m);

        if (r >= 0)
                r = sd_bus_message_append(m, "sb", unit, true);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = append_devices(m, NULL);
        if (r >= 0)
                r = append_devices(m, list);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_call(bus, m, 0, reterr_error, NULL);
}
