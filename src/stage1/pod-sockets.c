/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "basic/fd.h"
#include "shared/explain.h"
#include "stage1/pod-sockets.h"

typedef union Address {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
} Address;

typedef struct Passed {
        const char *name; /* LISTEN_FDNAMES */
        int type;         /* SOCK_STREAM… */
        int family;
        uint16_t port;    /* of AF_INET and AF_INET6 */
        char *text;       /* as ListenStream= and its like have it */
} Passed;

void pod_sockets_done(PodSockets *s)
{
        for (size_t i = 0; i < s->n; i++)
                strv_free(s->items[i].listens);
        s->items = mfree(s->items);
        s->n = 0;
}

static char *unix_text(const struct sockaddr_un *a, socklen_t n)
{
        size_t length = n > offsetof(struct sockaddr_un, sun_path) ? n - offsetof(struct sockaddr_un, sun_path) : 0;
        char *text = string_from_bytes(a->sun_path, length);

        /* An abstract one begins with a NUL. */
        if (text && length > 0 && !text[0])
                text[0] = '@';
        return text;
}

static int address_text(const Address *a, socklen_t n, Passed *ret)
{
        char buffer[INET6_ADDRSTRLEN];

        ret->family = a->any.sa_family;
        switch (ret->family) {
        case AF_INET:
                ret->port = ntohs(a->in.sin_port);
                (void) inet_ntop(AF_INET, &a->in.sin_addr, buffer, sizeof(buffer));
                ret->text = strprintf("%s:%u", buffer, ret->port);
                break;
        case AF_INET6:
                ret->port = ntohs(a->in6.sin6_port);
                (void) inet_ntop(AF_INET6, &a->in6.sin6_addr, buffer, sizeof(buffer));
                ret->text = strprintf("[%s]:%u", buffer, ret->port);
                break;
        case AF_UNIX:
                ret->text = unix_text(&a->un, n);
                break;
        default:
                return -EAFNOSUPPORT;
        }
        return ret->text ? 0 : -ENOMEM;
}

/* -EAFNOSUPPORT: not a socket that an app could have by its port. */
static int look_at(int fd, Passed *ret)
{
        socklen_t n = sizeof(int);
        Address address = {};
        int listens = 0;

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &ret->type, &n) < 0)
                return -EAFNOSUPPORT;
        n = sizeof(listens);
        if (ret->type != SOCK_DGRAM && (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) < 0 || !listens))
                return -EAFNOSUPPORT;
        n = sizeof(address);
        if (getsockname(fd, &address.any, &n) < 0)
                return -errno;
        return address_text(&address, n, ret);
}

/* The host's port that leads to the app's: the passed socket has that. */
static uint32_t expected_port(const PodPlan *plan, const AppPort *port)
{
        for (size_t i = 0; i < plan->manifest->n_ports; i++)
                if (!plan->manifest->ports[i].pod_port && streq(plan->manifest->ports[i].name, port->name))
                        return plan->manifest->ports[i].host_port;
        return port->port;
}

static bool fits_by_number(const PodPlan *plan, const PodSocket *s, const Passed *p)
{
        uint32_t first = expected_port(plan, s->port);

        return (p->family == AF_INET || p->family == AF_INET6) && p->port >= first &&
               p->port - first < s->port->count && streq(s->port->protocol, p->type == SOCK_DGRAM ? "udp" : "tcp");
}

static PodSocket *find_socket(const PodPlan *plan, const PodSockets *s, const Passed *p)
{
        PodSocket *named = NULL;
        size_t n_named = 0;

        for (size_t i = 0; i < s->n; i++)
                if (streq(s->items[i].port->name, p->name)) {
                        named = &s->items[i];
                        n_named++;
                }
        if (n_named == 1)
                return named;
        for (size_t i = 0; i < s->n; i++)
                if (fits_by_number(plan, &s->items[i], p))
                        return &s->items[i];
        return NULL;
}

static const char *listen_key(int type)
{
        return type == SOCK_STREAM ? "ListenStream" : type == SOCK_DGRAM ? "ListenDatagram" : "ListenSequentialPacket";
}

/* Written into a unit as it is: a path could have anything in it. */
static bool is_plain(const char *text)
{
        return text[0] && string_in_charset(text, LOWERCASE UPPERCASE DIGITS "/._-@:[]+=,~");
}

static void passed_done(Passed *p)
{
        free(p->text);
}

static int assign(const PodPlan *plan, PodSockets *s, int fd, const char *name, char **reterr_message)
{
        _cleanup_(passed_done) Passed p = { .name = name };
        PodSocket *found;
        int r;

        r = look_at(fd, &p);
        if (r == -EAFNOSUPPORT)
                return explain(reterr_message, EINVAL, "what the unit was given as '%s' is not a listening socket",
                               name);
        if (r < 0)
                return r;
        found = find_socket(plan, s, &p);
        if (!found)
                return explain(reterr_message, EINVAL, "no app has a socketActivated port for socket '%s', %s", name,
                               p.text);
        if (!is_plain(p.text))
                return explain(reterr_message, EINVAL, "socket '%s' has an address that cannot be passed on: '%s'",
                               name, p.text);
        r = strv_extendf(&found->listens, "%s=%s", listen_key(p.type), p.text);
        if (r < 0)
                return r;
        found->passed = true;
        return 0;
}

/* The pod listens itself for ports whose sockets were not passed. */
static int add_own_listens(PodSocket *s, char **reterr_message)
{
        bool udp = streq(s->port->protocol, "udp");
        int r = 0;

        if (s->passed)
                return 0;
        if (!udp && !streq(s->port->protocol, "tcp"))
                return explain(reterr_message, EINVAL,
                               "app '%s': port '%s' is socketActivated, which protocol '%s' cannot be",
                               s->app->app->name, s->port->name, s->port->protocol);
        for (uint32_t i = 0; i < s->port->count; i++) {
                r = strv_extendf(&s->listens, "%s=%u", listen_key(udp ? SOCK_DGRAM : SOCK_STREAM), s->port->port + i);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_ports_of_app(const PlanApp *app, PodSockets *s)
{
        for (size_t i = 0; i < app->app->app->n_ports; i++) {
                const AppPort *port = &app->app->app->ports[i];
                PodSocket *grown;

                if (!port->socket_activated)
                        continue;
                grown = reallocarray(s->items, s->n + 1, sizeof(PodSocket));
                if (!grown)
                        return -ENOMEM;
                s->items = grown;
                s->items[s->n++] = (PodSocket) { .app = app, .port = port };
        }
        return 0;
}

static int add_ports(const PodPlan *plan, PodSockets *s)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_apps; i++)
                r = add_ports_of_app(&plan->apps[i], s);
        return r;
}

static int add_all_own_listens(PodSockets *s, char **reterr_message)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->n; i++)
                r = add_own_listens(&s->items[i], reterr_message);
        return r;
}

int pod_sockets_take(const PodPlan *plan, PodSockets *ret, char **reterr_message)
{
        _cleanup_strv_free_ char **names = NULL;
        int n = sd_listen_fds_with_names(false, &names), r;

        if (n < 0)
                return n;
        ret->n_fds = n;
        r = add_ports(plan, ret);
        if (r < 0)
                return r;
        for (int i = 0; i < n; i++) {
                r = assign(plan, ret, SD_LISTEN_FDS_START + i, names ? names[i] : "unknown", reterr_message);
                if (r < 0)
                        return r;
        }
        return add_all_own_listens(ret, reterr_message);
}

int pod_sockets_of_late(const PodPlan *plan, const PlanApp *app, PodSockets *ret, char **reterr_message)
{
        int r = add_ports_of_app(app, ret);

        return r < 0 ? r : add_all_own_listens(ret, reterr_message);
}

int pod_sockets_keep(const PodSockets *s)
{
        for (int i = 0; i < s->n_fds; i++) {
                int r = fd_set_cloexec(SD_LISTEN_FDS_START + i, false);

                if (r < 0)
                        return r;
        }
        return 0;
}

int pod_sockets_forwards(const PodPlan *plan, const PodSockets *s, NetPort **ret, size_t *ret_n)
{
        NetPort *ports = new0(NetPort, plan->n_ports + 1);
        size_t n = 0;

        if (!ports)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_ports; i++) {
                bool passed = false;

                for (size_t j = 0; j < s->n; j++)
                        passed = passed || (s->items[j].passed && streq(s->items[j].port->name, plan->ports[i].name));
                if (!passed)
                        ports[n++] = plan->ports[i];
        }
        *ret = ports;
        *ret_n = n;
        return 0;
}

char *pod_socket_unit_name(const PodSocket *s)
{
        return strprintf(POD_SOCKET_UNIT, s->app->app->name, s->port->name);
}

int pod_socket_format(const PodSocket *s, char **ret)
{
        static const char head[] = "DefaultDependencies=no\nConflicts=shutdown.target\nBefore=shutdown.target\n\n"
                                   "[Socket]\n";
        _cleanup_free_ char *listens = strv_join(s->listens, "\n");

        if (!listens)
                return -ENOMEM;
        *ret = strprintf("[Unit]\nDescription=Port %s of app %s\n%s%s\nService=%s.service\nFileDescriptorName=%s\n",
                         s->port->name, s->app->app->name, head, listens, s->app->app->name, s->port->name);
        return *ret ? 0 : -ENOMEM;
}

int pod_sockets_format_service(const PodSockets *s, const PlanApp *app, char **ret)
{
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *joined = NULL;

        *ret = NULL;
        for (size_t i = 0; i < s->n; i++)
                if (s->items[i].app == app && strv_consume(&names, pod_socket_unit_name(&s->items[i])) < 0)
                        return -ENOMEM;
        if (!names)
                return 0;
        joined = strv_join(names, " ");
        if (!joined)
                return -ENOMEM;
        *ret = strprintf("[Unit]\nRequires=%s\nAfter=%s\n\n[Service]\nSockets=%s\n", joined, joined, joined);
        return *ret ? 0 : -ENOMEM;
}
