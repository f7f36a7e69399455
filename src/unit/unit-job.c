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

int unit_jobs_watch(sd_bus *bus, sd_bus_message_handler_t on_job, void *userdata, sd_bus_slot **ret)
{
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        int r = sd_bus_match_signal(bus, &slot, bus_systemd_manager.destination, bus_systemd_manager.path,
                                    bus_systemd_manager.interface, "JobNew", on_job, userdata);

        if (r < 0)
                return r;
        /* Which fails if the connection has subscribed before; systemd handles it before the next call. */
        r = sd_bus_call_method_async(bus, NULL, bus_systemd_manager.destination, bus_systemd_manager.path,
                                     bus_systemd_manager.interface, "Subscribe", NULL, NULL, NULL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(slot);
        return 0;
}
