/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <net/if.h>
#include <sched.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "network/net-cni.h"
#include "network/net-lease.h"
#include "network/net-sysctl.h"
#include "network/net-view.h"
#include "network/network-attach.h"
#include "network/network.h"
#include "shared/explain.h"

/* First step, under the lock: allocates addresses and ports, which no other pod may have. */
static int allocate_locked(Attach *a, char **reterr_message)
{
        int r;

        for (size_t i = 0; i < a->pod->n_joins; i++) {
                if (!net_join_is_native(&a->pod->joins[i]))
                        continue;
                r = network_native_allocate(a, i, reterr_message);
                if (r < 0)
                        return r;
        }
        return network_claims_take(a, reterr_message);
}

static int allocate_all(Attach *a, char **reterr_message)
{
        _cleanup_close_ int lock = net_state_lock();
        int r, k;

        r = lock < 0 ? lock : allocate_locked(a, reterr_message);
        /* Even after a failure: everything that was allocated by then has to be released. */
        k = net_state_write(a->pod->dir_fd, &a->state);
        r = r < 0 ? r : k;
        return r < 0 ? r : network_names_publish(a, reterr_message);
}

/* Second step: the namespace and its links */

static int make_namespace(Attach *a, char **reterr_message)
{
        a->hold->host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (a->hold->host_ns < 0)
                return -errno;
        if (unshare(CLONE_NEWNET) < 0)
                return explain(reterr_message, errno, "cannot make a network namespace: %s", strerror(errno));
        a->pod_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (a->pod_ns < 0)
                return -errno;
        net_sysctl_of_pod(a->pod->first_gid, a->pod->last_gid);
        return a->engine->raise_loopback(reterr_message);
}

static int add_native_link(Attach *a, size_t i, char **reterr_message)
{
        _cleanup_(net_link_done) NetLink link = {};
        int r;

        r = network_native_plan_link(a, i, !a->has_gateway, &link);
        a->has_gateway |= link.default_route;
        if (r < 0)
                return r;
        return a->engine->add_link(&link, a->hold->host_ns, a->pod_ns, reterr_message);
}

static int join_native(Attach *a, size_t i, char **reterr_message)
{
        int r = add_native_link(a, i, reterr_message);

        return r < 0 ? explain_context(reterr_message, r, "network '%s'", a->pod->joins[i].name) : 0;
}

static int join_cni(Attach *a, size_t i, char **reterr_message)
{
        _cleanup_free_ char *netns = strprintf("/proc/%i/ns/net", getpid());
        CniPod pod = { a->pod->uuid, netns, false, a->hold->host_ns, a->pod->ports, a->pod->n_ports };
        int r;

        if (!netns)
                return -ENOMEM;
        r = cni_add(&pod, &a->state.joins[i], reterr_message);
        a->has_gateway |= a->state.joins[i].gateways != NULL;
        return r < 0 ? r : net_state_write(a->pod->dir_fd, &a->state);
}

static int join_all(Attach *a, char **reterr_message)
{
        int r = make_namespace(a, reterr_message);

        if (r < 0)
                return r;
        for (size_t i = 0; i < a->pod->n_joins; i++) {
                r = net_join_is_native(&a->pod->joins[i]) ? join_native(a, i, reterr_message)
                                                          : join_cni(a, i, reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool plugins_forward(const NetPod *pod)
{
        for (size_t i = 0; i < pod->n_joins; i++)
                if (cni_forwards_ports(pod->joins[i].conf))
                        return true;
        return false;
}

static int add_all_rules(Attach *a, char **reterr_message)
{
        bool forwards = a->pod->n_ports > 0 && !plugins_forward(a->pod), native = false, routed = forwards;
        _cleanup_close_ int lock = -EBADF;
        int r;

        for (size_t i = 0; i < a->pod->n_joins; i++) {
                native |= a->state.joins[i].native;
                routed |= a->state.joins[i].native && !a->natives[i].subnet.restricted;
        }
        if (!native && !forwards)
                return 0;
        if (setns(a->hold->host_ns, CLONE_NEWNET) < 0)
                return -errno;
        lock = net_state_lock();
        if (lock < 0)
                return lock;
        if (routed)
                net_sysctl_forward();
        r = network_table_add(a, forwards, reterr_message);
        return r < 0 ? r : network_localhost_open(a, forwards, reterr_message);
}

static int copy_ports(const NetPod *pod, NetState *state)
{
        static const JsonField table[] = { { "ports", &net_ports_type, offsetof(NetState, ports) }, {} };
        static const JsonType type = JSON_STRUCT(NetState, table, NULL);

        return json_table_copy(&type, &(NetState) { .ports = (NetPort *) pod->ports, .n_ports = pod->n_ports }, state);
}

static int attach_new(const NetPod *pod, NetHold *hold, Attach *a)
{
        *a = (Attach) { .pod = pod, .hold = hold, .pod_ns = -EBADF, .claim_fd = -EBADF };
        a->state.joins = new0(NetStateJoin, pod->n_joins);
        a->natives = new0(Native, pod->n_joins);
        if (!a->state.joins || !a->natives)
                return -ENOMEM;

        a->state.n_joins = pod->n_joins;
        for (size_t i = 0; i < pod->n_joins; i++) {
                const NetJoin *j = &pod->joins[i];
                NetStateJoin *s = &a->state.joins[i];

                s->name = strdup(j->name);
                s->interface = strdup(j->interface);
                s->conf = net_join_is_native(j) ? NULL : json_object_get(j->conf);
                if (!s->name || !s->interface || strv_extend_strv(&s->arguments, j->arguments) < 0 ||
                    strv_extend_strv(&s->plugin_path, j->plugin_path) < 0)
                        return -ENOMEM;
        }
        return copy_ports(pod, &a->state);
}

static void attach_done(Attach *a)
{
        for (size_t i = 0; a->natives && i < a->state.n_joins; i++) {
                net_native_done(&a->natives[i].conf);
                net_subnet_done(&a->natives[i].subnet);
        }
        free(a->natives);
        net_state_done(&a->state);
        safe_close(a->pod_ns);
}

static int attach(Attach *a, const NetPod *pod, NetHold *hold, char **reterr_message)
{
        int r;

        r = attach_new(pod, hold, a);
        if (r < 0)
                return r;
        r = net_engine_load(&a->engine, reterr_message);
        if (r < 0)
                return r;
        r = allocate_all(a, reterr_message);
        if (r < 0)
                return r;
        r = join_all(a, reterr_message);
        if (r < 0)
                return r;
        r = add_all_rules(a, reterr_message);
        if (r < 0)
                return r;
        return setns(a->pod_ns, CLONE_NEWNET) < 0 ? -errno : 0;
}

int network_attach(const NetPod *pod, NetHold *hold, char **reterr_message)
{
        _cleanup_(attach_done) Attach a = {};
        int r;

        *hold = (NetHold) { .host_ns = -EBADF };
        r = attach(&a, pod, hold, reterr_message);
        if (r >= 0)
                return 0;

        (void) explain_unless_told(reterr_message, r, "cannot set up the network");
        net_hold_done(hold);
        if (network_detach(pod->dir_fd, pod->uuid, true, NULL) > 0)
                (void) network_remove_idle(NULL);
        return r;
}

/* Networks that this was the last pod of: what they are may be configured again before the next one comes. */
static void drop_networks(const NetState *s)
{
        const NetEngine *engine;

        for (size_t i = 0; i < s->n_joins; i++) {
                _cleanup_close_ int fd = s->joins[i].native ? net_open_network(s->joins[i].name) : -EBADF;

                if (fd >= 0 && !net_leases_held(fd) && net_engine_load(&engine, NULL) >= 0)
                        network_table_drop(engine, s->joins[i].name);
        }
}

static int release_all(const NetState *s, const char *uuid, char **reterr_message)
{
        _cleanup_close_ int lock = net_state_lock();
        const NetEngine *engine;
        int r;

        if (lock < 0)
                return lock;
        /* Only claims on ports need the engine. */
        if (s->n_ports > 0) {
                r = net_engine_load(&engine, reterr_message);
                if (r < 0)
                        return r;
                network_claims_release(engine, uuid);
        }
        net_view_remove(uuid);
        for (size_t i = 0; i < s->n_joins; i++)
                if (s->joins[i].native)
                        network_native_release(&s->joins[i], uuid);
        if (!network_table_is_used())
                return 1;
        drop_networks(s);
        return 0;
}

static int parse_length(const char *text, NetAddress *address, unsigned *length)
{
        _cleanup_free_ char *first = NULL, *second = NULL;
        int r;

        r = split_pair(text, '/', &first, &second);
        if (r < 0)
                return r;
        if (!second)
                return -EINVAL;
        r = net_address_parse(first, address);
        if (r < 0)
                return r;
        return parse_uint32(second, length);
}

static int add_stand_in(const NetStateJoin *j, char **reterr_message)
{
        size_t n = strv_length(j->addresses);
        _cleanup_free_ NetAddress *addresses = new0(NetAddress, n + 1);
        _cleanup_free_ unsigned *lengths = new0(unsigned, n + 1);
        const NetEngine *engine;
        int r;

        if (!addresses || !lengths)
                return -ENOMEM;
        r = net_engine_load(&engine, reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                r = parse_length(j->addresses[i], &addresses[i], &lengths[i]);
                if (r < 0)
                        return r;
        }
        return engine->add_stand_in(j->interface, addresses, lengths, n, reterr_message);
}

static int delete_beside(const CniPod *stand_in, const NetStateJoin *j, char **reterr_message)
{
        int r = add_stand_in(j, reterr_message);

        return r < 0 ? r : cni_delete(stand_in, j, reterr_message);
}

/* Deletes a network in a namespace that resembles the pod's. The pod's own is gone with the pod: when a pod is killed,
 * there is no time to run plugins before that. The addresses that they look for in the namespace are known. */
static int delete_in_stand_in(CniPod *pod, const NetStateJoin *j, char **reterr_message)
{
        _cleanup_close_ int host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *netns = strprintf("/proc/%i/ns/net", getpid());
        CniPod in = *pod;
        int r;

        if (!netns)
                return -ENOMEM;
        if (host_ns < 0 || unshare(CLONE_NEWNET) < 0)
                return -errno;
        in.netns = netns;
        in.stand_in = true;
        in.host_ns = host_ns;
        r = delete_beside(&in, j, reterr_message);
        return setns(host_ns, CLONE_NEWNET) < 0 ? -errno : r;
}

static int delete_cni(CniPod *pod, const NetStateJoin *j, char **reterr_message)
{
        if (j->native || !j->conf)
                return 0;
        if (j->addresses && cni_masquerades(j->conf) && delete_in_stand_in(pod, j, NULL) >= 0)
                return 0;
        return cni_delete(pod, j, reterr_message);
}

static int detach_cni(const NetState *s, const char *uuid, char **reterr_message)
{
        CniPod pod = { .uuid = uuid, .host_ns = -EBADF, .ports = s->ports, .n_ports = s->n_ports };
        int first = 0;

        for (size_t i = s->n_joins; i-- > 0;) {
                _cleanup_free_ char *message = NULL;
                int r = delete_cni(&pod, &s->joins[i], &message);

                if (r < 0 && first >= 0)
                        first = explain(reterr_message, r, "%s", strempty(message));
        }
        return first;
}

static void remove_links(const NetState *s)
{
        const NetEngine *engine;

        for (size_t i = 0; i < s->n_joins; i++)
                if (s->joins[i].native && s->joins[i].host_interface &&
                    if_nametoindex(s->joins[i].host_interface) > 0 && net_engine_load(&engine, NULL) >= 0)
                        (void) engine->remove_link(s->joins[i].host_interface, NULL);
}

int network_detach(int pod_fd, const char *uuid, bool final, char **reterr_message)
{
        _cleanup_(net_state_done) NetState s = {};
        int r, k;

        r = net_state_read(pod_fd, &s);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (final)
                remove_links(&s);
        if (s.ended)
                return 0;
        r = detach_cni(&s, uuid, reterr_message);
        k = release_all(&s, uuid, r < 0 ? NULL : reterr_message);
        if (r < 0)
                return r;
        if (k < 0)
                return k;
        net_state_end(pod_fd);
        return k;
}

static int check_join(const NetState *s, size_t i, const char *uuid, const char *netns, char **reterr_message)
{
        CniPod pod = { uuid, netns, false, -EBADF, s->ports, s->n_ports };
        const NetStateJoin *j = &s->joins[i];

        if (!j->native)
                return cni_check(&pod, j, reterr_message);
        if (if_nametoindex(strempty(j->host_interface)) == 0)
                return explain(reterr_message, ENODEV, "network '%s': link %s is gone", j->name, j->host_interface);
        return 0;
}

int network_check(int pod_fd, const char *uuid, const char *netns, char **reterr_message)
{
        _cleanup_(net_state_done) NetState s = {};
        int r = net_state_read(pod_fd, &s);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        for (size_t i = 0; i < s.n_joins; i++) {
                r = check_join(&s, i, uuid, netns, reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}
