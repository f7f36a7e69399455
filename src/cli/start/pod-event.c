/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <systemd/sd-journal.h>
#include <systemd/sd-login.h>

#include "basic/log.h"
#include "cli/start/pod-event.h"
#include "inside/event-ids.h"
#include "pod/engine.h"

static const char *name_of(const Pod *pod)
{
        return pod->settings && pod->settings->name ? pod->settings->name : pod->uuid.s;
}

static const char *unit_of(const Pod *pod)
{
        return strempty(pod->settings ? pod->settings->unit : NULL);
}

void pod_event_starts(const Pod *pod)
{
        (void) sd_journal_send("MESSAGE_ID=" EVENT_POD_STARTS, "PRIORITY=%i", LOG_INFO,
                               "MESSAGE=Pod %s starts.", name_of(pod),
                               "PODCTL_POD_NAME=%s", name_of(pod), "PODCTL_POD_UUID=%s", pod->uuid.s,
                               "PODCTL_UNIT=%s", unit_of(pod), NULL);
}

void pod_event_failed_to_start(const char *name, const Pod *pod)
{
        static bool told = false;
        const char *error = log_last_error() ?: "unknown error";
        _cleanup_free_ char *own = NULL;

        if (told)
                return;
        told = true;
        (void) sd_pid_get_unit(0, &own);
        (void) sd_journal_send("MESSAGE_ID=" EVENT_POD_FAILED_TO_START, "PRIORITY=%i", LOG_ERR,
                               "MESSAGE=Pod %s could not be started: %s", name ?: name_of(pod), error,
                               "PODCTL_POD_NAME=%s", name ?: name_of(pod), "PODCTL_ERROR=%s", error,
                               "PODCTL_UNIT=%s", pod ? unit_of(pod) : "",
                               /* This process ends now: journald may not see any more which unit it was in. */
                               "OBJECT_SYSTEMD_UNIT=%s", strempty(own),
                               "PODCTL_POD_UUID=%s", pod ? pod->uuid.s : "", NULL);
}

/* The app that decided the pod's exit status: of those that ended with it, the first. */
static const char *failed_app(const Pod *pod, int pod_status)
{
        const char *app = "";
        uint64_t first = UINT64_MAX;

        for (size_t i = 0; pod->manifest && i < pod->manifest->n_apps; i++) {
                uint64_t finished;
                int status;

                if (pod_app_exit_status(pod, pod->manifest->apps[i].name, &status, &finished) >= 0 && status != 0 &&
                    status == pod_status && finished < first) {
                        app = pod->manifest->apps[i].name;
                        first = finished;
                }
        }
        return app;
}

/* Whose status it is; a shell's way to say that a signal ended a program is its number plus 128. */
static char *whose_status(const Pod *pod, const char *app, int status)
{
        const char *signal = status > 128 ? sigabbrev_np(status - 128) : NULL;

        /* A pod that was stopped has ended well, whatever its apps did. */
        if (!*app && status > 0 && status == engine_of(pod->settings)->success_status)
                return strdup(", because it was told to reboot");
        if (!*app || status == 0)
                return strdup("");
        return signal ? strprintf(", that of app '%s' (SIG%s)", app, signal) : strprintf(", that of app '%s'", app);
}

void pod_event_ended(Pod *pod, int status)
{
        _cleanup_free_ char *whose = NULL;
        const char *app = "";

        /* A damaged pod has ended as well. */
        if (pod_load(pod, NULL) >= 0)
                app = failed_app(pod, status);
        whose = status != 0 && pod_reached_deadline(pod) ? strdup(", since its time was over")
                                                         : whose_status(pod, app, status);
        (void) sd_journal_send("MESSAGE_ID=%s", status == 0 ? EVENT_POD_ENDED : EVENT_POD_FAILED,
                               "PRIORITY=%i", status == 0 ? LOG_INFO : LOG_WARNING,
                               "MESSAGE=Pod %s ended with exit status %i%s.", name_of(pod), status,
                               strempty(whose),
                               "PODCTL_POD_NAME=%s", name_of(pod), "PODCTL_POD_UUID=%s", pod->uuid.s,
                               "PODCTL_UNIT=%s", unit_of(pod), "PODCTL_EXIT_STATUS=%i", status,
                               "PODCTL_APP=%s", app, NULL);
}

void pod_event_updated(const char *name, const char *unit)
{
        (void) sd_journal_send("MESSAGE_ID=" EVENT_POD_UPDATED, "PRIORITY=%i", LOG_NOTICE,
                               "MESSAGE=Pod %s was updated.", name,
                               "PODCTL_POD_NAME=%s", name, "PODCTL_UNIT=%s", unit, NULL);
}

void pod_event_rolled_back(const char *name, const char *unit, bool asked, bool runs)
{
        (void) sd_journal_send("MESSAGE_ID=" EVENT_POD_ROLLED_BACK, "PRIORITY=%i", asked ? LOG_NOTICE : LOG_ERR,
                               "MESSAGE=Pod %s %s and %s.", name,
                               asked ? "was told to go back" : "failed after its update",
                               runs ? "runs the image before again" : "does not start with the image before either",
                               "PODCTL_POD_NAME=%s", name, "PODCTL_UNIT=%s", unit, NULL);
}
