/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/verbs/verbs.h"
#include "network/network.h"
#include "pod/pod-etc.h"
#include "shared/explain.h"

/* Makes the pods' networks follow what others do to the host's: rules that were flushed come back, and pods that
 * resolve names as the host does get its current name servers. Runs after whatever nftables.service does (see
 * units/nftables.service.d), and when /etc/resolv.conf has changed (podctl-network.path). */

static int refresh_etc(Pod *pod, char **reterr_message)
{
        int r = pod_load(pod, reterr_message);

        return r < 0 ? r : pod_refresh_etc(pod);
}

static int refresh(Pod *pod)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (pod->state != POD_RUNNING)
                return 0;
        r = refresh_etc(pod, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot give pod %s the host's name servers: %s", pod->uuid.s,
                                       explained(message, r));
        if (r > 0)
                log_debug("Pod '%s' has the host's name servers as they are now", pod_display_name(pod));
        return 0;
}

static int refresh_all(Context *c)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        PodStore *pods;
        int r, k, worst = 0;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        r = pod_scan_new(pods, &scan);
        while (r >= 0) {
                _cleanup_(pod_freep) Pod *pod = NULL;

                r = pod_scan_next(scan, &pod);
                if (r == 0)
                        return worst;
                if (r > 0 && (k = refresh(pod)) < 0)
                        worst = k;
        }
        return log_error_errno(r, "Cannot list pods: %m");
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_free_ char *message = NULL;
        int r = network_reload(&message), k;

        if (r < 0)
                (void) log_error_errno(r, "Cannot restore the rules of networks: %s", explained(message, r));
        k = refresh_all(c);
        return r < 0 ? r : k;
}

const Verb verb_network_reload = {
        .name = "network reload",
        .summary = "Restore pods' networks after changes to the host's",
        .flags = VERB_ROOT,
        .max_words = 0,
        .run = run,
};
