/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "basic/log.h"
#include "cli/verb.h"
#include "unit/unit-wait.h"

typedef struct StopArgs {
        bool force;
        char *uuid_file;
} StopArgs;

static const Option options[] = {
        { "force", &option_bool, offsetof(StopArgs, force), NULL, "Kill the pod instead of asking it" },
        { "uuid-file", &option_string, offsetof(StopArgs, uuid_file), "FILE", "Take the UUID from FILE" },
        {},
};

static int kill_unit(sd_bus *bus, const char *unit)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_call(bus, &bus_systemd_manager, "KillUnit", &error, NULL, "ssi", unit, "all", SIGKILL);
        return r < 0 ? log_error_errno(r, "Cannot kill unit %s: %s", unit, bus_error_text(&error, r)) : 0;
}

/* Stopping the unit is stopping the pod; the job is done when its last process is gone. */
static int stop_unit(sd_bus *bus, const char *unit)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_bus_message_ sd_bus_message *reply = NULL;
        _cleanup_(unit_wait_freep) UnitWait *wait = NULL;
        _cleanup_event_ sd_event *event = NULL;
        const char *job, *result;
        int r;

        r = sd_event_new(&event);
        if (r >= 0)
                r = unit_wait_new(bus, event, unit, &wait);
        if (r < 0)
                return log_error_errno(r, "Cannot watch unit %s: %m", unit);

        r = bus_call(bus, &bus_systemd_manager, "StopUnit", &error, &reply, "ss", unit, "replace");
        /* It may have ended on its own by now. */
        if (sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
                return 0;
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &job);
        if (r >= 0)
                r = unit_wait_started(wait, job, &result);
        return r < 0 ? log_error_errno(r, "Cannot stop unit %s: %s", unit, bus_error_text(&error, r)) : 0;
}

static int stop_pod(Context *c, Pod *pod, bool force)
{
        _cleanup_free_ char *message = NULL;
        sd_bus *bus;
        int r;

        if (pod->state != POD_RUNNING) {
                log_info("Pod %s is not running, but %s", pod->uuid.s, pod_state_to_string(pod->state));
                return 0;
        }

        r = pod_load(pod, &message);
        if (r < 0)
                return log_error_errno(r, "%s", strempty(message));
        r = context_bus(c, &bus);
        if (r >= 0 && force)
                r = kill_unit(bus, pod->settings->unit);
        if (r >= 0)
                r = stop_unit(bus, pod->settings->unit);
        if (r >= 0)
                (void) printf("\"%s\"\n", pod->uuid.s);
        return r;
}

static int run(Context *c, void *userdata, char **words)
{
        StopArgs *args = userdata;
        _cleanup_(pod_freep) Pod *by_file = NULL;
        int r, result = 0;

        if (!words[0] && !args->uuid_file)
                return log_error_errno(EINVAL, "'podctl stop' needs a pod, or --uuid-file");
        if (args->uuid_file) {
                r = context_find_pod_by_file(c, args->uuid_file, &by_file);
                result = r < 0 ? r : stop_pod(c, by_file, args->force);
        }

        /* What is wrong with one pod does not keep the others running. */
        STRV_FOREACH(word, words) {
                _cleanup_(pod_freep) Pod *pod = NULL;

                r = context_find_pod(c, *word, &pod);
                if (r >= 0)
                        r = stop_pod(c, pod, args->force);
                if (r < 0)
                        result = r;
        }
        return result;
}

const Verb verb_stop = {
        .name = "stop",
        .usage = "POD…",
        .summary = "Stop pods",
        .options = options,
        .args_size = sizeof(StopArgs),
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
