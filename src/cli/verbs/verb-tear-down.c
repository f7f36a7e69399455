/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <systemd/sd-login.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/patience.h"
#include "basic/signal-util.h"
#include "basic/time-util.h"
#include "cli/start/pod-event.h"
#include "cli/verbs/verbs.h"
#include "config.h"
#include "network/network.h"
#include "pod/engine.h"
#include "pod/pod-ending.h"
#include "pod/pod-gc.h"
#include "shared/explain.h"
#include "unit/transient-unit.h"
#include "unit/unit-facts.h"
#include "unit/unit-wait.h"

/* Runs when a pod's unit has ended (ExecStopPost=): records how, and cleans up what is left of the pod outside its own
 * directory. By UUID, or with --unit every ended pod of that unit. systemd.exec(5) says what is in $EXIT_CODE and
 * $EXIT_STATUS. */

typedef struct TearDownArgs {
        char *unit;
        bool networks;
} TearDownArgs;

static const Option options[] = {
        { "unit", &option_string, offsetof(TearDownArgs, unit), "UNIT", "All pods of this unit" },
        { "networks", &option_bool, offsetof(TearDownArgs, networks), NULL, "Networks that no pod uses any more" },
        {},
};

/* Empty when systemd does not say, as when the pod never started. */
static char *exit_status_text(void)
{
        const char *code = getenv("EXIT_CODE"), *status = getenv("EXIT_STATUS"), *result = getenv("SERVICE_RESULT");
        uint32_t number;
        int signal;

        if (!code || !status)
                return NULL;
        /* A pod that systemd cut off did not end well (systemd.exec(5), $SERVICE_RESULT). */
        if (streq(code, "exited") && streq(status, "0") && result && !streq(result, "success"))
                return strprintf("%i\n", EXIT_PODCTL_FAILED);
        if (streq(code, "exited"))
                return parse_uint32(status, &number) >= 0 ? strjoin(status, "\n") : NULL;

        signal = signal_from_string(status);
        return signal < 0 ? NULL : strprintf("%i\n", 128 + signal);
}

/* Whether this process is one of the pod's unit, whose end the environment is about. */
static bool is_in_its_unit(const Pod *pod)
{
        _cleanup_free_ char *own = NULL;

        return sd_pid_get_unit(0, &own) >= 0 && streq_ptr(own, pod->settings->unit);
}

/* The end of a unit of somebody else, which has come before this process. */
static char *exit_status_of_unit(Context *c, Pod *pod)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        sd_bus *bus;

        if (!pod->settings->unit || context_bus(c, &bus) < 0 ||
            unit_get_status(bus, pod->settings->unit, &status) < 0 || status.exit_code == 0)
                return NULL;
        return strprintf("%i\n", status.exit_code == CLD_EXITED ? status.exit_status : 128 + status.exit_status);
}

/* To systemd, these are good ends of a service (systemd.service(5), SuccessExitStatus=). They are if it was to end:
 * while it does, the only job of its unit is that of its stop. After that, nothing tells the one from the other. */
static bool was_asked(Context *c, const Pod *pod, uint32_t status)
{
        static const int clean[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };
        sd_bus *bus;

        for (size_t i = 0; i < ELEMENTSOF(clean); i++)
                if (status == 128U + (uint32_t) clean[i])
                        return !is_in_its_unit(pod) ||
                               (context_bus(c, &bus) >= 0 && unit_has_job(bus, pod->settings->unit) > 0);
        return false;
}

/* Without an init in the pod, the end of the unit is that of its app, and nobody has recorded that yet. */
static char *record_app(Context *c, Pod *pod)
{
        _cleanup_free_ char *text = NULL;
        uint32_t status;
        bool asked;

        if (pod_load(pod, NULL) < 0 || pod->manifest->n_apps != 1)
                return NULL;
        text = is_in_its_unit(pod) ? exit_status_text() : exit_status_of_unit(c, pod);
        if (!text)
                return NULL;
        text[strcspn(text, "\n")] = 0;
        if (parse_uint32(text, &status) < 0)
                return NULL;
        asked = was_asked(c, pod, status);
        if (pod_record_app_exit(pod, pod->manifest->apps[0].name, (int) status, asked) < 0)
                log_warning("Pod '%s': cannot record the exit status of its app", pod_display_name(pod));
        return strprintf("%u\n", asked ? 0 : status);
}

/* If a pod ended at once, the process that started it may still hold its lock, until it learns that the lock was taken
 * over. */
static void wait_for_starter(Pod *pod)
{
        Patience patience = { .step_usec = 10000, .left_usec = USEC_PER_SEC };

        while (pod_state_is_alive(pod->state) && patience_wait(&patience, -EBADF))
                if (pod_refresh(pod) < 0)
                        return;
}

static int remove_idle_network(void)
{
        _cleanup_free_ char *message = NULL;
        int r = network_remove_idle(&message);

        return r < 0 ? log_error_errno(r, "Cannot clean up networks: %s", explained(message, r)) : 0;
}

/* In a unit that nothing waits for, if there can be one. */
static int remove_idle_network_later(Context *c, const Pod *pod)
{
        _cleanup_free_ char *name = strjoin("podctl-networks-", pod->uuid.s, ".service"), *job = NULL;
        char *const start[] = { (char *) BINDIR "/podctl", (char *) "tear-down", (char *) "--networks", NULL };
        char *const properties[] = { (char *) "Description=Clean up after the last pod", (char *) "Type=oneshot",
                                     (char *) "CollectMode=inactive-or-failed", NULL };
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *bus;
        int r;

        if (!name)
                return log_oom();
        r = context_bus(c, &bus);
        if (r < 0)
                return remove_idle_network();
        r = transient_unit_start(bus, &(TransientUnit) { .name = name, .properties = properties, .start = start }, &job,
                                 &error);
        return r < 0 ? remove_idle_network() : 0;
}

static void report(const PodCollect *c, Pod *pod, PodFate fate, PodState was, int error)
{
        if (fate == POD_FATE_STUCK)
                log_warning_errno(error, "Pod %s: cannot be collected: %m", pod->uuid.s);
}

/* Removes earlier pods of the same unit, except for the last few. What fails here is left to 'podctl gc'. */
static void keep_last(Context *c, Pod *pod)
{
        const HostConfig *config;
        PodKeep keep;

        if (pod_load(pod, NULL) < 0 || context_config(c, &config) < 0)
                return;
        keep = host_config_keep(config);
        (void) pod_store_keep_last(pod->store, pod, &keep, &(PodCollect) { .report = report });
}

static int clear_away(Context *c, Pod *pod)
{
        const bool has_init = pod_engine(pod)->has_init;
        _cleanup_free_ char *text = has_init ? exit_status_text() : NULL, *message = NULL;
        bool marked = pod_is_ending(&pod->uuid), recorded;
        int known, r;

        wait_for_starter(pod);
        /* A collection may have marked it before its unit came to this. */
        if (pod->state != POD_EXITED && pod->state != POD_EXITED_GARBAGE)
                return 0;
        if (!has_init)
                text = record_app(c, pod);
        /* 'podctl run' may have recorded it, and returned. */
        recorded = pod_exit_status(pod, &known) != -ENOENT;
        if (text && !recorded)
                (void) write_string_at(pod->fd, "exit", text, 0644);
        if (text && (!recorded || marked) && pod_exit_status(pod, &known) >= 0)
                pod_event_ended(pod, known);
        r = pod_tear_down(pod, &message);
        keep_last(c, pod);
        if (r > 0)
                return remove_idle_network_later(c, pod);
        return r < 0 ? log_error_errno(r, "Pod %s: %s", pod->uuid.s, message ?: "cannot take down its network") : 0;
}

/* Whoever waits for that may remove the pod at once, so nothing may be done with it afterwards. */
static int tear_down(Context *c, Pod *pod)
{
        int r = clear_away(c, pod);

        pod_ending_finish(&pod->uuid);
        return r;
}

static int tear_down_pods_of(Context *c, const char *unit)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r >= 0)
                r = pod_scan_new(pods, &scan);
        if (r < 0)
                return r;
        pod_scan_only(scan, pod_settings_have_unit, unit);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0)
                if (pod->directory == POD_DIR_RUN && pod_load(pod, NULL) >= 0 && streq_ptr(pod->settings->unit, unit))
                        r = tear_down(c, pod);
        return r;
}

static int tear_down_unit(Context *c, const char *unit)
{
        int r = tear_down_pods_of(c, unit);

        return r < 0 ? log_error_errno(r, "Cannot tear down the pods of %s: %m", unit) : 0;
}

static int run(Context *c, void *userdata, char **words)
{
        TearDownArgs *args = userdata;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;
        Uuid uuid;
        int r;

        if (args->networks)
                return remove_idle_network();
        if (args->unit)
                return tear_down_unit(c, args->unit);
        if (!words[0] || uuid_parse(words[0], &uuid) < 0)
                return log_error_errno(EINVAL, "'podctl tear-down' needs a UUID");

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        r = pod_open(pods, &uuid, &pod);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "Cannot tear down pod %s: %m", uuid.s);
        return tear_down(c, pod);
}

const Verb verb_tear_down = {
        .name = "tear-down",
        .usage = "UUID",
        .summary = "Clean up after an ended pod",
        .options = options,
        .args_size = sizeof(TearDownArgs),
        .flags = VERB_HIDDEN | VERB_ROOT,
        .max_words = 1,
        .run = run,
};
