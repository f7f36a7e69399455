/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/strv.h"
#include "network/net-rules.h"
#include "network/network-attach.h"
#include "shared/explain.h"

int network_claims_run(const NetEngine *engine, int (*format)(const NetClaim *c, char **ret), const NetClaim *claim,
                           char **reterr_message)
{
        _cleanup_free_ char *rules = NULL;
        int r = format(claim, &rules);

        return r < 0 ? r : engine->run_rules(rules, reterr_message);
}

/* Removes the claim of a pod that is gone. */
static void drop_claim(const NetEngine *engine, int dir_fd, const NetClaim *claim)
{
        if (claim->address && engine->table_exists())
                (void) network_claims_run(engine, net_rules_remove_claim, claim, NULL);
        (void) unlinkat(dir_fd, claim->uuid, 0);
}

static const NetPort *find_conflict(const NetPod *pod, const NetClaim *claim)
{
        for (size_t i = 0; i < pod->n_ports; i++)
                for (size_t k = 0; k < claim->n_ports; k++)
                        if (net_ports_overlap(&pod->ports[i], &claim->ports[k]))
                                return &pod->ports[i];
        return NULL;
}

static int check_claims(Attach *a, int dir_fd, char **reterr_message)
{
        _cleanup_strv_free_ char **uuids = NULL;
        int r;

        r = list_directory_at(dir_fd, ".", &uuids);
        STRV_FOREACH(uuid, uuids) {
                _cleanup_(net_claim_done) NetClaim claim = {};
                _cleanup_free_ char *text = NULL;
                const NetPort *port;

                if (r < 0 || net_claim_read(dir_fd, *uuid, &claim) < 0)
                        continue;
                port = find_conflict(a->pod, &claim);
                if (!port)
                        continue;
                if (!net_claim_is_held(dir_fd, *uuid)) {
                        drop_claim(a->engine, dir_fd, &claim);
                        continue;
                }
                text = net_port_describe(port);
                r = explain(reterr_message, EADDRINUSE, "%s of the host is taken by pod '%s' (%s)", strempty(text),
                            claim.pod, claim.uuid);
        }
        return r;
}

int network_claims_write(const Attach *a, const char *address, const char *address6)
{
        NetClaim claim = {
                .uuid = (char *) a->pod->uuid, .pod = (char *) a->pod->name,
                .address = (char *) address, .address6 = (char *) address6,
                .ports = (NetPort *) a->pod->ports, .n_ports = a->pod->n_ports,
        };

        return net_claim_write(a->claim_fd, &claim);
}

int network_claims_take(Attach *a, char **reterr_message)
{
        _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
        int r;

        if (a->pod->n_ports == 0)
                return 0;
        dir_fd = net_open_claims();
        if (dir_fd < 0)
                return dir_fd;
        r = check_claims(a, dir_fd, reterr_message);
        if (r < 0)
                return r;
        r = network_ports_hold(a, reterr_message);
        if (r < 0)
                return r;
        fd = net_claim_lock(dir_fd, a->pod->uuid);
        if (fd < 0)
                return fd;
        a->claim_fd = fd;
        r = net_hold_lock(a->hold, TAKE_FD(fd));
        return r < 0 ? r : network_claims_write(a, NULL, NULL);
}

void network_claims_release(const NetEngine *engine, const char *uuid)
{
        _cleanup_close_ int dir_fd = net_open_claims();
        _cleanup_(net_claim_done) NetClaim claim = {};

        if (dir_fd < 0 || net_claim_read(dir_fd, uuid, &claim) < 0)
                return;
        if (!net_claim_is_held(dir_fd, uuid))
                drop_claim(engine, dir_fd, &claim);
}

void network_claims_sweep(void)
{
        _cleanup_close_ int dir_fd = net_open_claims();
        _cleanup_strv_free_ char **uuids = NULL;

        if (dir_fd < 0 || list_directory_at(dir_fd, ".", &uuids) < 0)
                return;
        STRV_FOREACH(uuid, uuids)
                if (!net_claim_is_held(dir_fd, *uuid))
                        (void) unlinkat(dir_fd, *uuid, 0);
}
