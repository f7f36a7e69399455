/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "network/net-files.h"
#include "network/net-host-names.h"
#include "network/net-names.h"
#include "network/net-view.h"
#include "network/network-attach.h"
#include "network/network.h"

/* The names of a pod in its native networks. */

/* Where a network has them: its own file, and the views of pods that are in other networks too. */
typedef int (*ChangeNames)(int dir_fd, char *const *addresses, const void *names);

static int change_everywhere(const char *network, int dir_fd, ChangeNames change, char *const *addresses,
                             const void *names)
{
        _cleanup_strv_free_ char **views = NULL;
        int r = change(dir_fd, addresses, names);

        if (r >= 0)
                r = net_view_list(network, &views);
        STRV_FOREACH(view, views) {
                _cleanup_close_ int fd = open_directory_at(AT_FDCWD, *view);

                r = r < 0 ? r : fd < 0 ? fd : change(fd, addresses, names);
        }
        return r;
}

static int add(int dir_fd, char *const *addresses, const void *names)
{
        return net_names_add(dir_fd, addresses, names);
}

static int add_app(int dir_fd, char *const *addresses, const void *name)
{
        return net_names_add_app(dir_fd, addresses, name);
}

static int remove_app(int dir_fd, char *const *addresses, const void *name)
{
        return net_names_remove_app(dir_fd, addresses, name);
}

static int list_addresses(const NetStateJoin *s, char ***ret)
{
        static const int families[] = { AF_INET, AF_INET6 };

        for (size_t f = 0; f < ELEMENTSOF(families); f++) {
                char *address = net_state_address(s, families[f]);
                int r = address ? strv_consume(ret, address) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Its host name is no more its own than an alias is: any number of pods may have the same one. */
static int list_names(const NetPod *pod, char ***ret_apps, char ***ret_aliases)
{
        int r = strv_extend_strv(ret_aliases, pod->aliases);

        if (r >= 0 && pod->hostname)
                r = strv_extend(ret_aliases, pod->hostname);
        STRV_FOREACH(app, pod->apps)
                if (r >= 0)
                        r = strv_extendf(ret_apps, "%s.%s", *app, pod->name);
        return r;
}

void network_names_remove(const char *network, int dir_fd, char *const *addresses)
{
        _cleanup_strv_free_ char **views = NULL;

        net_names_remove(dir_fd, addresses);
        if (net_view_list(network, &views) < 0)
                return;
        STRV_FOREACH(view, views) {
                _cleanup_close_ int fd = open_directory_at(AT_FDCWD, *view);

                if (fd >= 0)
                        net_names_remove(fd, addresses);
        }
}

static int add_names(const Attach *a, int dir_fd, const NetStateJoin *s)
{
        _cleanup_strv_free_ char **addresses = NULL, **apps = NULL, **aliases = NULL, **of_host = NULL;
        const NetPod *pod = a->pod;
        int r;

        r = list_addresses(s, &addresses);
        if (r < 0)
                return r;
        r = list_names(pod, &apps, &aliases);
        if (r < 0)
                return r;
        r = change_everywhere(s->name, dir_fd, add, addresses, &(NetNames) { pod->name, apps, aliases });
        if (r < 0)
                return r;
        r = strv_extend(&of_host, pod->name);
        if (r >= 0 && pod->hostname && !streq(pod->hostname, pod->name))
                r = strv_extend(&of_host, pod->hostname);
        if (r >= 0)
                net_host_names_add(addresses, of_host);
        return r;
}

int network_names_publish(const Attach *a, char **reterr_message)
{
        _cleanup_strv_free_ char **networks = NULL, **entries = NULL;
        int r;

        for (size_t i = 0; i < a->pod->n_joins; i++) {
                const NetJoin *j = &a->pod->joins[i];
                _cleanup_close_ int dir_fd = -EBADF;

                if (!net_join_is_native(j))
                        continue;
                dir_fd = net_open_network(j->name);
                r = dir_fd < 0 ? dir_fd : add_names(a, dir_fd, &a->state.joins[i]);
                if (r < 0)
                        return r;
                if (strv_extend(&networks, j->name) < 0)
                        return -ENOMEM;
        }
        if (!net_view_wanted(strv_length(networks), a->pod->entries))
                return 0;
        r = net_hosts_settle(a->pod->entries, net_state_host(&a->state), &entries, reterr_message);
        return r < 0 ? r : net_view_make(a->pod->uuid, networks, entries);
}

static int change_app(int pod_fd, const char *pod, const char *app, ChangeNames change)
{
        _cleanup_(net_state_done) NetState state = {};
        _cleanup_free_ char *name = strjoin(app, ".", pod);
        _cleanup_close_ int lock = -EBADF;
        int r = name ? net_state_read(pod_fd, &state) : -ENOMEM;

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        lock = net_state_lock();
        r = MIN(lock, 0);
        for (size_t i = 0; r >= 0 && i < state.n_joins; i++) {
                const NetStateJoin *join = &state.joins[i];
                _cleanup_strv_free_ char **addresses = NULL;
                _cleanup_close_ int dir_fd = join->native ? net_open_network(join->name) : -EBADF;

                if (!join->native)
                        continue;
                r = dir_fd < 0 ? dir_fd : list_addresses(join, &addresses);
                if (r >= 0)
                        r = change_everywhere(join->name, dir_fd, change, addresses, name);
        }
        return r;
}

int network_app_comes(int pod_fd, const char *pod, const char *app)
{
        return change_app(pod_fd, pod, app, add_app);
}

int network_app_goes(int pod_fd, const char *pod, const char *app)
{
        return change_app(pod_fd, pod, app, remove_app);
}
