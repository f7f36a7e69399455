/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "cli/compose/pod-timer.h"
#include "pod/pods-d.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

#define ZONES "/usr/share/zoneinfo/"
#define MAX_SIZE (1024U * 1024)

/* The unit, and whether podctl wrote the one that is there. */
typedef struct TimerFile {
        char *unit, *path;
        char *text;     /* NULL: there is none */
        bool ours;
} TimerFile;

static void timer_file_done(TimerFile *f)
{
        free(f->unit);
        free(f->path);
        free(f->text);
}

static int timer_file_find(const char *name, TimerFile *f)
{
        int r;

        f->unit = strjoin("pod@", name, ".timer");
        f->path = f->unit ? strjoin(PODS_D_UNIT_DIRECTORY "/", f->unit) : NULL;
        if (!f->path)
                return log_oom();
        r = read_file_at(AT_FDCWD, f->path, MAX_SIZE, &f->text, NULL);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Cannot read %s: %m", f->path);
        f->ours = f->text && startswith(f->text, PODS_D_DROP_IN_HEADER);
        return 0;
}

/* The text */

static int check_zone(const char *path, const KubeTimer *timer)
{
        _cleanup_free_ char *file = timer->zone ? strjoin(ZONES, timer->zone) : NULL;
        struct stat st;

        if (!timer->zone)
                return 0;
        if (!file)
                return log_oom();
        if (stat(file, &st) >= 0 && S_ISREG(st.st_mode))
                return 0;
        return log_error_errno(EINVAL, "%s:%zu:%zu: spec.timeZone: there is no time zone '%s': see 'timedatectl "
                               "list-timezones'", path, timer->zone_place.line, timer->zone_place.column, timer->zone);
}

int pod_timer_format(const char *path, const char *name, const KubeTimer *timer, char **ret)
{
        _cleanup_free_ char *calendars = NULL, *unit = NULL;
        int r;

        *ret = NULL;
        if (!timer)
                return 0;
        r = check_zone(path, timer);
        if (r < 0 || timer->suspended)
                return r;
        calendars = strv_join(timer->calendars, "\nOnCalendar=");
        unit = strjoin("Unit=podctl-", timer->limited ? "scheduled" : "replace", "@", name, ".service\n");
        if (!calendars || !unit)
                return log_oom();
        *ret = strprintf(PODS_D_DROP_IN_HEADER
                         "[Unit]\n"
                         "Description=Schedule of Pod %s\n"
                         "Documentation=man:podctl-kube(5)\n"
                         "[Timer]\n"
                         "OnCalendar=%s\n"
                         "AccuracySec=1s\n"
                         "Persistent=yes\n"
                         "%s"
                         "[Install]\n"
                         "WantedBy=timers.target\n",
                         name, calendars, timer->replace || timer->limited ? unit : "");
        return *ret ? 0 : log_oom();
}

/* The unit */

static int stop(sd_bus *bus, const char *unit)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(unit_status_done) UnitStatus status = {};
        _cleanup_free_ char *result = NULL;
        int r = unit_get_status(bus, unit, &status);

        if (r == -ENOENT || (r >= 0 && !status.active))
                return 0;
        if (r >= 0)
                r = unit_job_run(bus, "StopUnit", unit, &result, &error);
        if (r < 0)
                return log_error_errno(r, "Cannot stop unit %s: %s", unit, bus_error_text(&error, r));
        return streq(result, "done") ? 0 : log_error_errno(EBUSY, "Cannot stop unit %s: %s", unit, result);
}

static int remove_file(const TimerFile *f)
{
        return unlink(f->path) >= 0 || errno == ENOENT ? 0
                                                       : log_error_errno(errno, "Cannot remove %s: %m", f->path);
}

/* What enabled it stays: it is enabled still when it is there again. */
static int take_away(Context *c, const TimerFile *f, bool *changed)
{
        sd_bus *bus;
        int r;

        if (!f->ours)
                return 0;
        r = context_bus(c, &bus);
        if (r >= 0)
                r = stop(bus, f->unit);
        if (r < 0)
                return r;
        *changed = true;
        return remove_file(f);
}

int pod_timer_put(Context *c, const char *name, const char *text, bool *changed)
{
        _cleanup_(timer_file_done) TimerFile f = {};
        int r = timer_file_find(name, &f);

        if (r < 0 || streq_ptr(f.text, text))
                return r;
        if (!text)
                return take_away(c, &f, changed);
        if (f.text && !f.ours)
                return log_error_errno(EEXIST, "There is a timer %s that podctl did not write; remove it, since the "
                                       "file of the pod has a schedule", f.path);
        r = write_file_at(AT_FDCWD, f.path, text, strlen(text), 0644);
        if (r >= 0 && chmod(f.path, 0644) < 0)
                r = -errno;
        *changed = true;
        return r < 0 ? log_error_errno(r, "Cannot write %s: %m", f.path) : 0;
}

/* A pod of that name that comes later would be started at once, to make up for what it missed. */
static void forget_last(sd_bus *bus, const char *unit)
{
        (void) bus_call(bus, &bus_systemd_manager, "CleanUnit", NULL, NULL, "sas", unit, 1, "state");
}

int pod_timer_remove(sd_bus *bus, const char *name)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(timer_file_done) TimerFile f = {};
        int r = timer_file_find(name, &f);

        if (r < 0 || !f.ours)
                return r;
        r = stop(bus, f.unit);
        if (r < 0)
                return r;
        forget_last(bus, f.unit);
        r = bus_call(bus, &bus_systemd_manager, "DisableUnitFiles", &error, NULL, "asb", 1, f.unit, 0);
        if (r < 0)
                return log_error_errno(r, "Cannot disable unit %s: %s", f.unit, bus_error_text(&error, r));
        return remove_file(&f);
}

void pod_timer_warn_if_missing(const char *path, const char *name, bool of_pods_d)
{
        _cleanup_(timer_file_done) TimerFile f = {};

        if (timer_file_find(name, &f) >= 0 && !f.text)
                log_warning("%s: spec.schedule has no effect: there is no pod@%s.timer, which 'podctl create %s%s %s' "
                            "writes", path, name, of_pods_d ? "--replace " : "", name, path);
}
