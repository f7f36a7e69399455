/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "network/net-port-owner.h"
#include "network/network-attach.h"
#include "shared/explain.h"

/* Ports of the host that lead into a pod belong to the pod: the rules would silently take them from a program of the
 * host that listens there. So the ports are bound, and the process that becomes the pod holds the sockets, like its
 * locks. No process listens on them: if the rules are flushed, connections are refused. */

static int set_option(int fd, int level, int option, int value)
{
        return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* Allows addresses that the host does not have yet (FREEBIND), and connections of an earlier program that are still
 * closing (REUSEADDR; a program that listens there is still a conflict). For datagrams REUSEADDR would share the port;
 * instead they get a filter that drops packets that arrive while the rules are flushed, so that these are not
 * queued. */
static int prepare(int fd, int family, bool udp, bool both)
{
        struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
        struct sock_fprog filter = { 1, &nothing };
        int r = family == AF_INET ? set_option(fd, SOL_IP, IP_FREEBIND, 1)
                                  : set_option(fd, SOL_IPV6, IPV6_FREEBIND, 1);

        if (r < 0)
                return r;
        if (family == AF_INET6)
                r = set_option(fd, SOL_IPV6, IPV6_V6ONLY, !both);
        if (r < 0)
                return r;
        if (!udp)
                r = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        if (r < 0)
                return r;
        if (udp && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
                r = -errno;
        return r;
}

static int bind_address(int fd, const NetAddress *address, uint32_t port)
{
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t) port) };
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t) port) };
        int r;

        memcpy(&in.sin_addr, address->bytes, sizeof(in.sin_addr));
        memcpy(&in6.sin6_addr, address->bytes, sizeof(in6.sin6_addr));
        r = address->family == AF_INET ? bind(fd, (struct sockaddr *) &in, sizeof(in))
                                       : bind(fd, (struct sockaddr *) &in6, sizeof(in6));
        return r < 0 ? -errno : 0;
}

static int bind_port(const NetAddress *address, bool both, bool udp, uint32_t port)
{
        _cleanup_close_ int fd = socket(address->family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
        int r;

        if (fd < 0)
                return -errno;
        r = prepare(fd, address->family, udp, both);
        if (r >= 0)
                r = bind_address(fd, address, port);
        if (r < 0)
                return r;
        /* From here on the port is not shared: a program that binds it in order to listen is refused. */
        r = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 0);
        return r < 0 ? r : TAKE_FD(fd);
}

/* Without FREEBIND the kernel says whether it is there. It may still come, and is most likely a slip of the pen. */
static void warn_of_address(const NetPort *p)
{
        _cleanup_close_ int fd = -EBADF;
        NetAddress address;

        if (!p->host_ip || net_address_parse(p->host_ip, &address) < 0)
                return;
        fd = socket(address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && bind_address(fd, &address, 0) == -EADDRNOTAVAIL)
                log_warning("Port %" PRIu32 ": this host does not have the address %s at present", p->host_port,
                            p->host_ip);
}

/* Without an address, binds all addresses of both families with one socket. */
static int bind_one(const NetPort *p, uint32_t i)
{
        NetAddress address = { .family = AF_INET6 };
        bool udp = streq(p->protocol, "udp");
        int fd;

        if (p->host_ip && net_address_parse(p->host_ip, &address) < 0)
                return -EINVAL;
        fd = bind_port(&address, !p->host_ip, udp, p->host_port + i);
        if (fd == -EAFNOSUPPORT && !p->host_ip)
                fd = bind_port(&(NetAddress) { .family = AF_INET }, false, udp, p->host_port + i);
        return fd;
}

static int explain_taken(const NetPort *p, uint32_t i, char **reterr_message)
{
        NetPort one = { .protocol = p->protocol, .host_ip = p->host_ip, .host_port = p->host_port + i, .count = 1 };
        _cleanup_free_ char *text = net_port_describe(&one), *pid = NULL, *name = NULL;

        if (net_port_find_owner(&one, &pid, &name) < 0)
                return explain(reterr_message, EADDRINUSE, "%s of the host is taken by another program",
                               strempty(text));
        return explain(reterr_message, EADDRINUSE, "%s of the host is taken by process '%s' (PID %s)", strempty(text),
                       name, pid);
}

static int hold_port(NetHold *hold, const NetPort *p, char **reterr_message)
{
        warn_of_address(p);
        for (uint32_t i = 0; i < p->count; i++) {
                int fd = bind_one(p, i), r;

                if (fd == -EADDRINUSE)
                        return explain_taken(p, i, reterr_message);
                /* This host does not have the address family, or the address is valid only with a link. */
                if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL || fd == -EINVAL)
                        continue;
                if (fd < 0)
                        return explain(reterr_message, fd, "cannot take %s port %u of the host: %s", p->protocol,
                                       p->host_port + i, strerror(-fd));
                r = net_hold_lock(hold, fd);
                if (r < 0)
                        return r;
        }
        return 0;
}

int network_ports_hold(Attach *a, char **reterr_message)
{
        size_t n = 0;
        int r;

        for (size_t i = 0; i < a->pod->n_ports; i++)
                n += a->pod->ports[i].count;
        r = fd_make_room(n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < a->pod->n_ports; i++) {
                /* Binding an SCTP port would load the protocol into the kernel. */
                if (streq(a->pod->ports[i].protocol, "sctp"))
                        continue;
                r = hold_port(a->hold, &a->pod->ports[i], reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}
