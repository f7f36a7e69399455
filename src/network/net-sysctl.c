/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/strv.h"
#include "network/net-sysctl.h"

#define SYS_NET "/proc/sys/net/"

static void set(const char *path, const char *value)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd >= 0)
                (void) loop_write(fd, value, strlen(value));
}

static bool is(const char *path, const char *value)
{
        _cleanup_free_ char *text = NULL;

        return read_file_at(AT_FDCWD, path, 64, &text, NULL) >= 0 && startswith(text, value);
}

void net_sysctl_of_pod(gid_t first_gid, gid_t last_gid)
{
        char groups[32];

        (void) snprintf(groups, sizeof(groups), "%u %u", first_gid, last_gid);
        set(SYS_NET "ipv4/ip_unprivileged_port_start", "0");
        set(SYS_NET "ipv4/ping_group_range", groups);
        set(SYS_NET "ipv4/conf/all/accept_redirects", "0");
        set(SYS_NET "ipv4/conf/default/accept_redirects", "0");
        set(SYS_NET "ipv6/conf/default/accept_ra", "0");
        set(SYS_NET "ipv6/conf/default/accept_redirects", "0");
}

/* The switch of all links counts in addition to that of each link, which a new link inherits from "default". */
bool net_sysctl_has_ipv6(void)
{
        return access(SYS_NET "ipv6", F_OK) >= 0 && !is(SYS_NET "ipv6/conf/all/disable_ipv6", "1") &&
               !is(SYS_NET "ipv6/conf/default/disable_ipv6", "1");
}

/* A host that forwards ignores router advertisements, unless accept_ra is 2: a host that has its default route from one
 * would lose it. */
static void keep_router_advertisements(void)
{
        _cleanup_strv_free_ char **interfaces = NULL;

        (void) list_directory_at(AT_FDCWD, SYS_NET "ipv6/conf", &interfaces);
        STRV_FOREACH(name, interfaces) {
                _cleanup_free_ char *path = strjoin(SYS_NET "ipv6/conf/", *name, "/accept_ra");

                if (path && !streq(*name, "all") && !streq(*name, "default") && is(path, "1"))
                        set(path, "2");
        }
}

void net_sysctl_forward(void)
{
        if (!is(SYS_NET "ipv4/ip_forward", "1"))
                set(SYS_NET "ipv4/ip_forward", "1");
        if (access(SYS_NET "ipv6", F_OK) < 0 || is(SYS_NET "ipv6/conf/all/forwarding", "1"))
                return;
        keep_router_advertisements();
        set(SYS_NET "ipv6/conf/all/forwarding", "1");
}

bool net_sysctl_route_localnet(const char *interface, bool on)
{
        _cleanup_free_ char *path = interface ? strjoin(SYS_NET "ipv4/conf/", interface, "/route_localnet") : NULL;
        bool was = path && is(path, "1");

        if (path && was != on)
                set(path, on ? "1" : "0");
        return was;
}

void net_sysctl_of_link(const char *interface)
{
        static const char *const names[][2] = {
                { SYS_NET "ipv4/conf/", "/accept_redirects" },
                { SYS_NET "ipv6/conf/", "/accept_redirects" },
                { SYS_NET "ipv6/conf/", "/accept_ra" },
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = strjoin(names[i][0], interface, names[i][1]);

                if (path)
                        set(path, "0");
        }
}
