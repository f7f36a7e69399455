/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "cli/start/late-devices.h"
#include "unit/unit-devices.h"
#include "unit/unit-wait.h"

/* In the pod's directory: what its unit allows without any late app. */
#define BASE_FILE "devices"
#define LIST_MAX 65536

static char *file_of(const char *app)
{
        return strjoin("apps/", app, "/" BASE_FILE);
}

/* -ENOENT: there is none. */
static int read_list(const Pod *pod, const char *path, char ***list)
{
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(pod->fd, path, LIST_MAX, &text, NULL);

        if (r >= 0)
                r = strv_split(text, '\n', &lines);
        STRV_FOREACH(line, lines)
                if (r >= 0 && **line)
                        r = device_list_add(list, *line);
        return r;
}

static int write_list(const Pod *pod, const char *path, char *const *list)
{
        _cleanup_free_ char *text = strv_join(list, "\n");

        return text ? write_string_at(pod->fd, path, text, 0644) : -ENOMEM;
}

/* The base, and what all late apps need but the one that goes. */
static int collect(const Pod *pod, const char *without, char ***ret)
{
        _cleanup_strv_free_ char **apps = NULL;
        int r = read_list(pod, BASE_FILE, ret);

        if (r >= 0)
                r = list_directory_at(pod->fd, "apps", &apps);
        STRV_FOREACH(app, apps) {
                _cleanup_free_ char *path = file_of(*app);

                if (r < 0 || streq_ptr(*app, without))
                        continue;
                r = path ? read_list(pod, path, ret) : -ENOMEM;
                r = r == -ENOENT ? 0 : r;
        }
        return r;
}

static int set(Context *c, const Pod *pod, const char *without)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_strv_free_ char **list = new0(char *, 1);
        const char *unit = pod->settings->unit;
        sd_bus *bus;
        int r = list ? collect(pod, without, &list) : -ENOMEM;

        if (r < 0)
                return log_error_errno(r, "Cannot read pod %s: %m", pod->uuid.s);
        r = context_bus(c, &bus);
        if (r < 0)
                return r;
        r = unit_devices_set(bus, unit, list, &error);
        return r < 0 ? log_error_errno(r, "Cannot set the devices of unit %s: %s", unit, bus_error_text(&error, r)) : 0;
}

/* 0: the unit allows all that there is. */
static int find_base(Context *c, const Pod *pod, char ***ret)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *unit = pod->settings->unit;
        sd_bus *bus;
        int r = read_list(pod, BASE_FILE, ret);

        if (r != -ENOENT)
                return r < 0 ? log_error_errno(r, "Cannot read pod %s: %m", pod->uuid.s) : 1;
        r = context_bus(c, &bus);
        if (r < 0)
                return r;
        r = unit_devices_get(bus, unit, ret, &error);
        return r < 0 ? log_error_errno(r, "Cannot read the devices of unit %s: %s", unit, bus_error_text(&error, r))
                     : r;
}

static int check_unit(Context *c, const Pod *pod, const PlanApp *app, const char *line)
{
        const char *unit = pod->settings->unit;
        int transient = 0, r;
        sd_bus *bus;

        r = context_bus(c, &bus);
        if (r < 0)
                return r;
        r = unit_is_transient(bus, unit, &transient);
        if (r < 0)
                return log_error_errno(r, "Cannot ask systemd about unit %s: %m", unit);
        return transient ? 0
                         : log_error_errno(EPERM, "App '%s': unit %s does not let the pod use the device; give it "
                                           "DeviceAllow=%s and restart the pod", app->app->name, unit, line);
}

static int needed(const PlanApp *app, char *const *base, char ***ret)
{
        int r = 0;

        STRV_FOREACH(line, app->devices) {
                const char *value = startswith(*line, "DeviceAllow=");

                if (r >= 0 && value && !device_list_has(base, value))
                        r = device_list_add(ret, value);
        }
        return r;
}

int late_devices_allow(Context *c, const Pod *pod, const PlanApp *app)
{
        _cleanup_strv_free_ char **base = NULL, **lines = NULL;
        _cleanup_free_ char *path = file_of(app->app->name);
        int r;

        if (strv_length(app->devices) == 0 || !pod->settings->unit)
                return 0;
        r = find_base(c, pod, &base);
        if (r <= 0)
                return r;
        r = path ? needed(app, base, &lines) : -ENOMEM;
        if (r < 0)
                return log_oom();
        if (strv_length(lines) == 0)
                return 0;
        r = check_unit(c, pod, app, lines[0]);
        if (r < 0)
                return r;
        r = write_list(pod, BASE_FILE, base);
        if (r >= 0)
                r = write_list(pod, path, lines);
        return r < 0 ? log_error_errno(r, "Cannot write pod %s: %m", pod->uuid.s) : set(c, pod, NULL);
}

int late_devices_forget(Context *c, const Pod *pod, const char *app)
{
        _cleanup_free_ char *path = file_of(app);

        if (!path)
                return log_oom();
        return faccessat(pod->fd, path, F_OK, 0) < 0 ? 0 : set(c, pod, app);
}
