/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/verb.h"
#include "network/network.h"

/* Puts back what others took from the pods' networks. Runs behind whatever nftables.service does, see
 * units/nftables.service.d. */

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_free_ char *message = NULL;
        int r = network_reload(&message);

        return r < 0 ? log_error_errno(r, "Cannot bring back the rules of networks: %s", message ?: strerror(-r)) : 0;
}

const Verb verb_network_reload = {
        .name = "network reload",
        .summary = "Bring back rules of pods' networks that were flushed",
        .flags = VERB_ROOT,
        .max_words = 0,
        .run = run,
};
