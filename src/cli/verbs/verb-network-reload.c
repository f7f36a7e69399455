/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "network/network.h"
#include "pod/pod-etc.h"
#include "shared/explain.h"

typedef struct NetworkReloadArgs {
        char *format;
} NetworkReloadArgs;

static const Option options[] = {
        RESULTS_OPTION(NetworkReloadArgs, format),
        {},
};

/* Makes the pods' networks follow what others do to the host's: rules that were flushed come back, and pods that
 * resolve names as the host does get its current name servers. Runs after whatever nftables.service does (see
 * units/nftables.service.d), and when /etc/resolv.conf has changed (podctl-network.path). */

static int refresh_etc(Pod *pod, char **reterr_message)
{
        int r = pod_load(pod, reterr_message);

        return r < 0 ? r : pod_refresh_etc(pod);
}

static int refresh(Pod *pod, const Results *results)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (pod->state != POD_RUNNING)
                return 0;
        r = refresh_etc(pod, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot give pod %s the host's name servers: %s", pod->uuid.s,
                                       explained(message, r));
        if (r == 0)
                return 0;
        log_debug("Pod '%s' has the host's name servers as they are now", pod_display_name(pod));
        (void) results_add(results, { "action", "name-servers" }, { "pod", pod_display_name(pod) },
                           { "uuid", pod->uuid.s });
        return 0;
}

static int refresh_all(Context *c, const Results *results)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;
        int r, worst = 0;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        r = pod_scan_new(pods, &scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0)
                worst = MIN(worst, refresh(pod, results));
        return r < 0 ? log_error_errno(r, "Cannot list pods: %m") : worst;
}

static int run(Context *c, void *userdata, char **words)
{
        const NetworkReloadArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_free_ char *message = NULL;
        int r = network_reload(&message), k;

        if (r < 0)
                (void) log_error_errno(r, "Cannot restore the rules of networks: %s", explained(message, r));
        else if (r > 0)
                (void) results_add(&results, { "action", "rules" });
        k = refresh_all(c, &results);
        results_print(&results);
        return MIN(r, k);
}

const Verb verb_network_reload = {
        .name = "network reload",
        .summary = "Restore pods' networks after changes to the host's",
        .options = options,
        .args_size = sizeof(NetworkReloadArgs),
        .flags = VERB_ROOT,
        .max_words = 0,
        .run = run,
};
