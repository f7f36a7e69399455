/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/patience.h"
#include "basic/time-util.h"
#include "cli/persona.h"
#include "cli/start/pod-json.h"
#include "cli/start/pod-networks.h"
#include "cli/start/pod-ports.h"
#include "cli/start/pod-trust.h"
#include "cli/verbs/verbs.h"
#include "network/network.h"
#include "shared/explain.h"
#include "unit/unit-wait.h"

typedef struct StatusArgs {
        char *wait;
        char *wait_ready;
        char *format;
        char *uuid_file;
        bool check_network;
} StatusArgs;

/* --wait, --wait=true, --wait=30s */
static int parse_wait(const Option *option, const char *value, void *field)
{
        uint64_t usec;

        if (value && parse_boolean(value) < 0 && *value != '-' && parse_duration(value, &usec) < 0)
                return log_error_errno(EINVAL, "Option --%s takes true, false or a duration, not '%s'", option->name,
                                       value);
        return free_and_strdup(field, value ?: "true") < 0 ? log_oom() : 0;
}

static void free_wait(void *field)
{
        char **text = field;

        *text = mfree(*text);
}

static const OptionType option_wait = { parse_wait, free_wait, OPTION_VALUE_OPTIONAL };

static const Option options[] = {
        { "check-network", &option_bool, offsetof(StatusArgs, check_network), NULL,
          "Fail if its network is not as it was made" },
        { "format", &option_choice, offsetof(StatusArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "uuid-file", &option_string, offsetof(StatusArgs, uuid_file), "FILE", "Take the UUID from FILE" },
        { "wait", &option_wait, offsetof(StatusArgs, wait), "TIME", "Wait until the pod has exited, TIME at most" },
        { "wait-ready", &option_wait, offsetof(StatusArgs, wait_ready), "TIME", "Wait until the pod is ready" },
        {},
};

/* Microseconds to wait: UINT64_MAX without a bound, 0 not at all. */
static uint64_t wait_usec(const char *text)
{
        uint64_t usec = 0;
        int b;

        if (!text)
                return 0;
        b = parse_boolean(text);
        if (b >= 0)
                return b ? UINT64_MAX : 0;
        if (*text == '-')
                return UINT64_MAX;
        (void) parse_duration(text, &usec);
        return usec;
}

static bool is_ready(Context *c, Pod *pod)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        sd_bus *bus;

        if (pod->state != POD_RUNNING || pod_load(pod, NULL) < 0 || !pod->settings->unit)
                return false;
        return context_bus(c, &bus) >= 0 && unit_get_status(bus, pod->settings->unit, &status) >= 0 && status.running;
}

static bool has_ended(Context *c, Pod *pod)
{
        return pod_state_is_over(pod->state);
}

static bool is_ready_or_over(Context *c, Pod *pod)
{
        return has_ended(c, pod) || is_ready(c, pod);
}

/* Looks again when the pod's process has ended, and every 100 ms, as rkt does: a pod that is still being made has no
 * process, and its unit's bus may be there or not. Running out of time is not an error: the caller reads the state. */
static int wait_until(Context *c, Pod *pod, uint64_t usec, bool (*done)(Context *c, Pod *pod))
{
        Patience patience = { .step_usec = 100000, .left_usec = usec };

        while (patience.left_usec > 0 && !done(c, pod)) {
                _cleanup_close_ int pidfd = pod_supervisor_pidfd(pod);
                int r;

                (void) patience_wait(&patience, pidfd);
                r = pod_refresh(pod);
                if (r < 0)
                        return log_error_errno(r, "Pod %s went away: %m", pod->uuid.s);
        }
        return 0;
}

static void print_trust(Context *c, const Pod *pod)
{
        for (size_t i = 0; pod->manifest && i < pod->manifest->n_apps; i++) {
                _cleanup_free_ char *trust = pod_app_trust_text(c, &pod->manifest->apps[i]);

                if (trust)
                        (void) printf("trust-%s=%s\n", pod->manifest->apps[i].name, trust);
        }
}

/* The lines, each with the function that makes its value; no line if that returns NULL. */

static char *say_state(const Pod *pod)
{
        return strdup(pod_state_to_string(pod->state));
}

static char *say_time(uint64_t nsec)
{
        char buffer[TIME_STRING_MAX];

        return nsec > 0 ? strdup(format_time_full(nsec, buffer)) : NULL;
}

static char *say_created(const Pod *pod)
{
        return say_time(pod_created_time(pod));
}

static char *say_started(const Pod *pod)
{
        return say_time(pod_started_time(pod));
}

static char *say_networks(const Pod *pod)
{
        return pod_state_has_run(pod->state) ? pod_networks_text(pod) : NULL;
}

static char *say_addresses(const Pod *pod)
{
        _cleanup_free_ char *addresses = pod_state_has_run(pod->state) ? pod_addresses_text(pod) : NULL;

        return isempty(addresses) ? NULL : TAKE_PTR(addresses);
}

static char *say_ports(const Pod *pod)
{
        _cleanup_free_ char *ports = pod_ports_text(pod);

        return isempty(ports) ? NULL : TAKE_PTR(ports);
}

static char *say_pid(const Pod *pod)
{
        pid_t pid;

        return pod_leader_pid(pod, &pid) >= 0 ? strprintf("%i", pid) : NULL;
}

static char *say_exited(const Pod *pod)
{
        return strdup(pod_state_is_over(pod->state) ? "true" : "false");
}

static char *say_name(const Pod *pod)
{
        return pod->settings ? strdup(pod->settings->name) : NULL;
}

static char *say_unit(const Pod *pod)
{
        return pod->settings && pod->settings->unit ? strdup(pod->settings->unit) : NULL;
}

static const struct {
        const char *key;
        char *(*say)(const Pod *pod);
        bool ours;      /* rkt had no such line */
} lines[] = {
        { "state", say_state, false },
        { "created", say_created, false },
        { "started", say_started, false },
        { "networks", say_networks, false },
        { "addresses", say_addresses, true },
        { "ports", say_ports, true },
        { "pid", say_pid, false },
        { "exited", say_exited, false },
        { "name", say_name, true },
        { "unit", say_unit, true },
};

static void print_plain(const Pod *pod)
{
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_free_ char *value = lines[i].ours && persona_is_rkt() ? NULL : lines[i].say(pod);

                if (value)
                        (void) printf("%s=%s\n", lines[i].key, value);
        }
        for (size_t i = 0; pod->manifest && pod->state != POD_RUNNING && i < pod->manifest->n_apps; i++) {
                int status;

                if (pod_app_exit_status(pod, pod->manifest->apps[i].name, &status, NULL) >= 0)
                        (void) printf("app-%s=%i\n", pod->manifest->apps[i].name, status);
        }
}

static void print_health(const Pod *pod)
{
        for (size_t i = 0; pod->manifest && i < pod->manifest->n_apps; i++) {
                PodHealth health;

                if (pod_app_is_checked(pod, &pod->manifest->apps[i], &health))
                        (void) printf("health-%s=%s\n", pod->manifest->apps[i].name,
                                      pod_health_word(&health));
        }
}

/* Checks the interfaces in there, and has CNI plugins check theirs. */
static int check_network(Pod *pod)
{
        _cleanup_free_ char *netns = NULL, *message = NULL;
        pid_t pid;
        int r;

        /* The path that the plugins got when they added it. */
        if (pod_supervisor_pid(pod, &pid) < 0 || pod->state != POD_RUNNING)
                return log_error_errno(ESRCH, "Pod %s is not running", pod->uuid.s);
        netns = strprintf("/proc/%i/ns/net", pid);
        if (!netns)
                return log_oom();
        r = network_check(pod->fd, pod->uuid.s, netns, &message);
        return r < 0 ? log_error_errno(r, "Pod %s: %s", pod->uuid.s, message ?: "cannot check its network") : 0;
}

static int run(Context *c, void *userdata, char **words)
{
        StatusArgs *args = userdata;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        if (!words[0] == !args->uuid_file)
                return log_error_errno(EINVAL, "'podctl status' needs one pod, or --uuid-file");
        r = args->uuid_file ? context_find_pod_by_file(c, args->uuid_file, &pod) : context_find_pod(c, words[0], &pod);
        if (r < 0)
                return r;

        /* So that there is something to report when it has ended. A pod that is being made cannot be held yet, nor
         * collected. */
        if (args->wait || args->wait_ready)
                (void) pod_hold(pod);
        r = wait_until(c, pod, wait_usec(args->wait), has_ended);
        if (r < 0)
                return r;
        r = wait_until(c, pod, wait_usec(args->wait_ready), is_ready_or_over);
        if (r < 0)
                return r;

        if (args->check_network) {
                r = check_network(pod);
                if (r < 0)
                        return r;
        }
        if (args->format) {
                o = pod_to_json(pod);
                pod_add_trust(c, pod, o);
                (void) print_json(o, args->format);
                return 0;
        }
        r = pod_load(pod, &message);
        if (r < 0)
                log_warning("%s", explained(message, r));
        print_plain(pod);
        print_health(pod);
        if (!persona_is_rkt())
                print_trust(c, pod);
        return 0;
}

const Verb verb_status = {
        .name = "status",
        .usage = "POD",
        .summary = "Show the state of a pod, or wait for it",
        .options = options,
        .args_size = sizeof(StatusArgs),
        .flags = VERB_GROUP | VERB_AFTER_ENDINGS,
        .max_words = 1,
        .completes = "POD",
        .run = run,
};
