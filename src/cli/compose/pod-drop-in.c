/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/pod-drop-in.h"
#include "pod/plan-stop.h"
#include "pod/pods-d.h"
#include "shared/explain.h"
#include "unit/unit-property.h"

/* Properties of the unit do not belong in the manifest; access to devices is one of them. */
static bool is_wanted(const RunArgs *args)
{
        bool devices = false;

        for (size_t i = 0; i < args->n_apps; i++)
                devices = devices || args->apps[i].devices;
        return devices || args->stop_seconds != 0 || args->properties || args->slice || args->unit_lines ||
               args->service_lines || args->install_lines;
}

static int add_properties(char *const *properties, bool of_unit, char ***lines)
{
        STRV_FOREACH(p, properties) {
                _cleanup_free_ char *line = NULL, *message = NULL;
                int r;

                if (unit_property_is_of_unit(*p) != of_unit)
                        continue;
                r = unit_property_line(*p, &line, &message);
                if (r < 0)
                        return log_explained(r, message, "Option --property");
                if (strv_extend(lines, line) < 0)
                        return log_oom();
        }
        return 0;
}

static int add_device(const char *device, char ***lines)
{
        _cleanup_free_ char *path = strndup(device, strcspn(device, ":")),
                            *assignment = path ? strjoin("DeviceAllow=\"", path, "\" rwm") : NULL, *line = NULL;

        if (!assignment)
                return log_oom();
        if (strpbrk(path, "\"\\"))
                return log_error_errno(EINVAL, "Option --device: '%s' has characters that a unit file cannot have",
                                       path);
        if (unit_property_line(assignment, &line, NULL) < 0)
                return log_error_errno(EINVAL, "Option --device: '%s' is not one line", path);
        return strv_extend(lines, line) < 0 ? log_oom() : 0;
}

/* Lines that come from a file as they are. None may become two, or take the next one in. */
static int add_lines(char *const *said, char ***lines)
{
        STRV_FOREACH(line, said) {
                if (!unit_line_is_complete(*line))
                        return log_error_errno(EINVAL, "'%s' cannot be a line of a unit file: it has a line break, or "
                                               "ends with a backslash", *line);
                if (strv_extend(lines, *line) < 0)
                        return log_oom();
        }
        return 0;
}

static bool says_stop_timeout(char *const *lines)
{
        STRV_FOREACH(line, lines)
                if (startswith(*line, "TimeoutStopSec=") || startswith(*line, "TimeoutSec="))
                        return true;
        return false;
}

/* As podctl run has it for its units; the time of pod@.service would end apps early. */
static int add_stop_timeout(const RunArgs *args, char ***lines)
{
        _cleanup_free_ char *line = NULL;

        if (says_stop_timeout(args->properties) || says_stop_timeout(args->service_lines))
                return 0;
        if (plan_stop_format(args->stop_seconds, &line) < 0)
                return log_oom();
        return line && strv_extend(lines, line) < 0 ? log_oom() : 0;
}

static int add_service(const RunArgs *args, char ***lines)
{
        _cleanup_free_ char *slice = args->slice ? strjoin("Slice=", args->slice) : NULL;
        char *const slices[] = { slice, NULL };
        int r;

        if (args->slice && !slice)
                return log_oom();
        r = add_properties(args->properties, false, lines);
        if (r >= 0)
                r = add_lines(args->service_lines, lines);
        if (r >= 0)
                r = add_lines(slices, lines);
        if (r >= 0)
                r = add_stop_timeout(args, lines);
        for (size_t i = 0; r >= 0 && i < args->n_apps; i++)
                STRV_FOREACH(device, args->apps[i].devices) {
                        r = add_device(*device, lines);
                        if (r < 0)
                                return r;
                }
        return r;
}

int pod_drop_in_format(const RunArgs *args, char **ret)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r;

        *ret = NULL;
        if (!is_wanted(args))
                return 0;
        if (strv_extend(&lines, PODS_D_DROP_IN_HEADER "[Unit]") < 0)
                return log_oom();
        r = add_properties(args->properties, true, &lines);
        if (r >= 0)
                r = add_lines(args->unit_lines, &lines);
        if (r >= 0 && strv_extend(&lines, "[Service]") < 0)
                return log_oom();
        if (r >= 0)
                r = add_service(args, &lines);
        if (r >= 0 && args->install_lines && strv_extend(&lines, "[Install]\nWantedBy=") < 0)
                return log_oom();
        if (r >= 0)
                r = add_lines(args->install_lines, &lines);
        if (r < 0)
                return r;
        if (strv_extend(&lines, "") < 0)
                return log_oom();
        *ret = strv_join(lines, "\n");
        return *ret ? 0 : log_oom();
}
