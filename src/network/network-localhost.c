/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "network/net-resolv.h"
#include "network/net-rules.h"
#include "network/net-sysctl.h"
#include "network/network-attach.h"

/* Forwarded ports also answer at the host's loopback addresses, and a name server at one of these answers pods. For
 * this the kernel has to let packets with such a source out through the link that leads to the pod (route_localnet). It
 * then lets them in as well, so this is switched on only while the table of rules is there to drop those. Links of
 * native networks disappear with their pods. Other links, such as a bridge that a plugin made and leaves behind, are
 * noted when they are changed, and restored before the table is removed. */

#define NOTES NET_RUN_DIRECTORY "/localnet"

static void note(const char *interface)
{
        _cleanup_close_ int dir_fd = mkdir_open_at(AT_FDCWD, NOTES, 0755);

        if (dir_fd >= 0)
                (void) write_string_at(dir_fd, interface, "", 0644);
}

void network_localhost_close(void)
{
        _cleanup_strv_free_ char **interfaces = NULL;
        _cleanup_close_ int dir_fd = open_directory_at(AT_FDCWD, NOTES);

        if (dir_fd < 0 || list_directory_at(dir_fd, ".", &interfaces) < 0)
                return;
        STRV_FOREACH(name, interfaces) {
                (void) net_sysctl_route_localnet(*name, false);
                (void) unlinkat(dir_fd, *name, 0);
        }
}

/* The link that a plugin reports is not reliable: old results have none, and for macvlan it is the host's own. */
static const char *find_link(const Attach *a, const NetStateJoin *j, char buffer[static IF_NAMESIZE])
{
        static const int families[] = { AF_INET, AF_INET6 };

        if (j->native)
                return j->host_interface;
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                _cleanup_free_ char *text = net_state_address(j, families[i]);
                NetAddress address;

                if (text && net_address_parse(text, &address) >= 0 && a->engine->link_towards(&address, buffer) >= 0)
                        return buffer;
        }
        return NULL;
}

static bool has_resolver(void)
{
        _cleanup_free_ char *resolver = NULL;

        return net_resolv_loopback(&resolver) >= 0 && resolver;
}

void network_localhost_for_resolver(void)
{
        _cleanup_strv_free_ char **interfaces = NULL;

        if (!has_resolver() || list_directory_at(AT_FDCWD, "/sys/class/net", &interfaces) < 0)
                return;
        STRV_FOREACH(name, interfaces)
                if (startswith(*name, NET_LINK_PREFIX))
                        (void) net_sysctl_route_localnet(*name, true);
}

int network_localhost_open(const Attach *a, bool forwards, char **reterr_message)
{
        const bool resolver = has_resolver();
        int r;

        for (size_t i = 0; i < a->pod->n_joins; i++) {
                const NetStateJoin *j = &a->state.joins[i];
                _cleanup_free_ char *address6 = net_state_address(j, AF_INET6);
                char buffer[IF_NAMESIZE];
                const char *link = find_link(a, j, buffer);

                bool wanted = forwards || (resolver && j->native);

                if (link && wanted && !net_sysctl_route_localnet(link, true) && !j->native)
                        note(link);
                if (!link || !address6 || !forwards)
                        continue;
                r = a->engine->route_localhost6(link, reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}
