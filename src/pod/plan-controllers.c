/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "pod/plan-controllers.h"

#define CONTROLLERS "/sys/fs/cgroup/cgroup.controllers"

/* What the properties of each begin with. Every pod has a limit of its tasks, which nobody asked for. */
static const struct {
        const char *controller, *prefix;
} rows[] = {
        { "cpu", "CPU" },
        { "io", "IO" },
        { "memory", "Memory" },
        { "pids", NULL },
};

int controllers_missing(char ***ret)
{
        _cleanup_strv_free_ char **there = NULL, **missing = new0(char *, 1);
        _cleanup_free_ char *text = NULL;

        if (!missing)
                return -ENOMEM;
        if (read_file_at(AT_FDCWD, CONTROLLERS, 4096, &text, NULL) >= 0) {
                text[strcspn(text, "\n")] = 0;
                if (strv_split(text, ' ', &there) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (!strv_contains(there, rows[i].controller) && strv_extend(&missing, rows[i].controller) < 0)
                        return -ENOMEM;
        *ret = TAKE_PTR(missing);
        return 0;
}

static const char *first_with(char *const *properties, const char *prefix)
{
        STRV_FOREACH(p, properties)
                if (startswith(*p, prefix))
                        return *p;
        return NULL;
}

static const char *first_limit(const PodPlan *plan, const char *prefix)
{
        const char *found;

        if (!prefix)
                return NULL;
        found = first_with(plan->unit_properties, prefix);
        for (size_t i = 0; !found && i < plan->n_apps; i++)
                found = first_with(plan->apps[i].limits, prefix);
        return found ?: first_with(plan->limits, prefix);
}

static int add_line(const char *limit, const char *controller, char ***lines)
{
        return limit ? strv_extendf(lines, "%s has no effect: this host has no cgroup controller '%s'", limit,
                                    controller)
                     : 0;
}

int plan_without_controllers(const PodPlan *plan, char *const *missing, char ***lines)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                if (strv_contains(missing, rows[i].controller))
                        r = add_line(first_limit(plan, rows[i].prefix), rows[i].controller, lines);
        return r;
}

int app_without_controllers(const PlanApp *app, char *const *missing, char ***lines)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                if (rows[i].prefix && strv_contains(missing, rows[i].controller))
                        r = add_line(first_with(app->limits, rows[i].prefix), rows[i].controller, lines);
        return r;
}
