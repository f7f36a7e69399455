/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>

#include "basic/fd.h"
#include "network/net-address.h"
#include "network/net-config.h"
#include "network/net-state.h"
#include "pod/pod-addresses.h"
#include "shared/explain.h"

typedef struct Addresses {
        char **pod;
        char **host;
} Addresses;

static void addresses_done(Addresses *a)
{
        strv_free(a->pod);
        strv_free(a->host);
}

bool pod_addresses_are_wanted(const PodPlan *plan)
{
        for (size_t i = 0; i < plan->n_apps; i++)
                if (plan->apps[i].app->address_variables)
                        return true;
        return false;
}

/* The kernel chooses the address when a datagram socket is connected; nothing is sent. The destinations are reserved
 * for documentation (RFC 5737, RFC 3849), so that only a default route leads there. */
static int source_towards(const char *destination, char **ret)
{
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
        } address = {};
        _cleanup_close_ int fd = -EBADF;
        NetAddress to, from = {};
        int r = net_address_parse(destination, &to);

        if (r < 0)
                return r;
        fd = socket(to.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        address.any.sa_family = (sa_family_t) to.family;
        address.in.sin_port = htons(9);
        memcpy(to.family == AF_INET ? (void *) &address.in.sin_addr : &address.in6.sin6_addr, to.bytes,
               net_address_bits(&to) / 8);
        if (fd < 0 || connect(fd, &address.any, sizeof(address)) < 0 ||
            getsockname(fd, &address.any, &(socklen_t) { sizeof(address) }) < 0)
                return -errno;
        from.family = to.family;
        memcpy(from.bytes, to.family == AF_INET ? (void *) &address.in.sin_addr : &address.in6.sin6_addr,
               net_address_bits(&to) / 8);
        *ret = strdup(NET_ADDRESS(&from));
        return *ret ? 0 : -ENOMEM;
}

int pod_addresses_of_host(char ***ret)
{
        static const char *const outside[] = { "192.0.2.1", "2001:db8::1" };
        _cleanup_strv_free_ char **found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(outside); i++) {
                char *address = NULL;
                int r = source_towards(outside[i], &address);

                if (r >= 0)
                        r = strv_consume(&found, address);
                if (r == -ENOMEM)
                        return r;
        }
        *ret = TAKE_PTR(found);
        return 0;
}

static int add_joins(Addresses *a, const NetState *state, char *const *host)
{
        static const int families[] = { AF_INET, AF_INET6 };
        int r = 0;

        for (size_t f = 0; r >= 0 && f < ELEMENTSOF(families); f++)
                for (size_t i = 0; r >= 0 && i < state->n_joins; i++) {
                        char *address = net_state_address(&state->joins[i], families[f]);

                        r = address ? strv_consume(&a->pod, address) : 0;
                }
        for (size_t i = 0; r >= 0 && !host && i < state->n_joins; i++)
                r = strv_extend_strv(&a->host, state->joins[i].gateways);
        return r;
}

static int find_addresses(const Pod *pod, char *const *host, Addresses *a)
{
        static const char *const loopback[] = { "127.0.0.1", NULL };
        _cleanup_(net_state_done) NetState state = {};
        const bool is_host = net_is_host(pod->settings->net);
        int r;

        if (is_host && !host)
                host = (char *const *) loopback;
        r = strv_extend_strv(&a->host, host);
        if (r >= 0 && is_host)
                return strv_extend_strv(&a->pod, host);
        if (r >= 0)
                r = net_state_read(pod->fd, &state);
        return r == -ENOENT ? 0 : r < 0 ? r : add_joins(a, &state, host);
}

/* The first address, or all. */
static char *choose(const Addresses *a, const char *word)
{
        char **of = startswith(word, "pod") ? a->pod : a->host;

        return !of || !of[0] ? strdup("") : endswith(word, "s") ? strv_join(of, ",") : strdup(of[0]);
}

static int set_variable(PlanApp *app, const Addresses *a, const char *variable, char **reterr_message)
{
        size_t n = strcspn(variable, "=");
        _cleanup_free_ char *name = strndup(variable, n), *value = choose(a, variable + n + 1);
        int r;

        if (!name || !value)
                return -ENOMEM;
        if (!*value)
                return explain(reterr_message, -EADDRNOTAVAIL, "app '%s': variable '%s' is an address, and the %s has "
                               "none; see --net of podctl-run(1)", app->app->name, name,
                               startswith(variable + n + 1, "pod") ? "pod" : "host");
        r = strv_env_set(&app->addresses, name, value);
        return r < 0 ? r : strv_env_set(&app->environment, name, value);
}

/* Variables of the app may refer to them. */
static int expand_variables(PlanApp *app)
{
        for (char **variable = app->environment; variable && *variable; variable++) {
                char *expanded;
                int r = pod_addresses_expand(app->addresses, *variable, &expanded);

                if (r < 0)
                        return r;
                free(*variable);
                *variable = expanded;
        }
        return 0;
}

int pod_addresses_set(const Pod *pod, PodPlan *plan, char *const *host, char **reterr_message)
{
        _cleanup_(addresses_done) Addresses a = {};
        int r = pod_addresses_are_wanted(plan) ? find_addresses(pod, host, &a) : 0;

        for (size_t i = 0; r >= 0 && i < plan->n_apps; i++) {
                PlanApp *app = &plan->apps[i];

                STRV_FOREACH(variable, app->app->address_variables)
                        if (r >= 0)
                                r = set_variable(app, &a, *variable, reterr_message);
                if (r >= 0 && app->addresses)
                        r = expand_variables(app);
        }
        return r;
}

static const char *find_reference(char *const *addresses, const char *from, size_t *ret_n)
{
        STRV_FOREACH(address, addresses) {
                size_t n = strcspn(*address, "=");

                if (startswith(from, "$(") && strncmp(from + 2, *address, n) == 0 && from[n + 2] == ')') {
                        *ret_n = n + 3;
                        return *address + n + 1;
                }
        }
        return NULL;
}

int pod_addresses_expand(char *const *addresses, const char *word, char **ret)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        while (*word) {
                size_t n = 1;
                const char *value = find_reference(addresses, word, &n);

                (void) (value ? fputs(value, f) : fputc(*word, f));
                word += n;
        }
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}
