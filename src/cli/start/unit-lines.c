/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "cli/start/reload-units.h"
#include "cli/start/unit-lines.h"
#include "pod/engine.h"
#include "pod/pod-plan.h"
#include "shared/explain.h"
#include "unit/unit-property.h"

#define UNITS "/run/systemd/system/"
#define FILE_NAME "/00-podctl-engine.conf"

static int add_line(const char *assignment, char ***lines)
{
        _cleanup_free_ char *line = NULL;
        int r = unit_property_line(assignment, &line, NULL);

        return r < 0 ? r : strv_extend(lines, line);
}

static int format(const PodPlan *plan, char **ret)
{
        const Engine *engine = engine_of(plan->settings);
        _cleanup_strv_free_ char **properties = NULL, **lines = NULL;
        int r;

        if (engine->has_init)
                return 0;
        r = plan_app_properties(plan, &properties);
        if (r >= 0)
                r = strv_extendf(&lines, "[Service]\nSuccessExitStatus=\nRestartForceExitStatus=\nKillMode=%s",
                                 engine->kill_mode);
        STRV_FOREACH(property, properties)
                if (r >= 0)
                        r = add_line(*property, &lines);
        STRV_FOREACH(limit, plan->limits)
                if (r >= 0)
                        r = add_line(*limit, &lines);
        if (r >= 0)
                r = strv_extend(&lines, "");
        if (r < 0)
                return r;
        *ret = strv_join(lines, "\n");
        return *ret ? 0 : -ENOMEM;
}

/* 1: the file is another one now. Without a text, it goes. */
static int replace(const char *directory, const char *path, const char *text)
{
        _cleanup_free_ char *old = NULL;
        int r = read_file_at(AT_FDCWD, path, 1024 * 1024, &old, NULL);

        if (r < 0 && r != -ENOENT)
                return r;
        if (!text)
                return r == -ENOENT ? 0 : unlink(path) < 0 ? -errno : 1;
        if (streq_ptr(old, text))
                return 0;
        r = mkdir_p_at(AT_FDCWD, directory, 0755);
        if (r >= 0)
                r = write_string_at(AT_FDCWD, path, text, 0644);
        return r < 0 ? r : 1;
}

int unit_lines_apply(Context *c, const PodPlan *plan)
{
        _cleanup_free_ char *directory = strjoin(UNITS, plan->settings->unit, ".d"),
                            *path = directory ? strjoin(directory, FILE_NAME) : NULL, *text = NULL;
        int r;

        if (!path)
                return log_oom();
        r = format(plan, &text);
        if (r >= 0)
                r = replace(directory, path, text);
        if (r < 0)
                return log_error_errno(r, "Cannot write %s: %m", path);
        if (r > 0)
                reload_units(c);
        return 0;
}
