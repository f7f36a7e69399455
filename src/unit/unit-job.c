/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

static int request(sd_bus *bus, const char *member, const char *unit, UnitWait *wait, const char **ret_result,
                   sd_bus_error *reterr_error)
{
        _cleanup_bus_message_ sd_bus_message *reply = NULL;
        const char *job;
        int r;

        r = bus_call(bus, &bus_systemd_manager, member, reterr_error, &reply, "ss", unit, "replace");
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &job);
        return r < 0 ? r : unit_wait_started(wait, job, ret_result);
}

int unit_job_run(sd_bus *bus, const char *member, const char *unit, char **ret_result, sd_bus_error *reterr_error)
{
        _cleanup_(unit_wait_freep) UnitWait *wait = NULL;
        _cleanup_event_ sd_event *event = NULL;
        const char *result;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = unit_wait_new(bus, event, unit, &wait);
        if (r < 0)
                return r;
        r = request(bus, member, unit, wait, &result, reterr_error);
        if (r < 0)
                return r;
        *ret_result = strdup(result);
        return *ret_result ? 0 : -ENOMEM;
}
