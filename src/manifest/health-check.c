/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>

#include "basic/parse.h"
#include "basic/time-util.h"
#include "manifest/health-check.h"

#define DEFAULT_INTERVAL_USEC (30 * USEC_PER_SEC)
#define DEFAULT_TIMEOUT_USEC (30 * USEC_PER_SEC)
#define DEFAULT_START_INTERVAL_USEC (5 * USEC_PER_SEC)
#define DEFAULT_RETRIES 3
/* Docker's own limit. */
#define SHORTEST_NSEC 1000000
#define SERVICE_MAX 1024        /* PROBE_GRPC_SERVICE_MAX of inside/probe-grpc.h */

static const JsonField health_check_table[] = {
        { "Test",          &json_strv,  offsetof(HealthCheck, test)           },
        { "Interval",      &json_int64, offsetof(HealthCheck, interval)       },
        { "Timeout",       &json_int64, offsetof(HealthCheck, timeout)        },
        { "StartPeriod",   &json_int64, offsetof(HealthCheck, start_period)   },
        { "StartInterval", &json_int64, offsetof(HealthCheck, start_interval) },
        { "Retries",       &json_int64, offsetof(HealthCheck, retries)        },
        { "InitialDelay",  &json_int64, offsetof(HealthCheck, initial_delay)  },
        { "Successes",     &json_int64, offsetof(HealthCheck, successes)      },
        {}
};

static bool is_plain(const char *text)
{
        for (; *text; text++)
                if ((unsigned char) *text < ' ' || *text == 127)
                        return false;
        return true;
}

/* It becomes lines of a request. */
static int check_request(const HealthCheck *h, const char *member, JsonError *e)
{
        STRV_FOREACH(header, h->test + 4)
                if (!strchr(*header, ':') || !is_plain(*header))
                        return json_error_add(e, -EINVAL, member, "'%s' is not a valid header", *header);
        return h->test[3][0] == '/' && is_plain(h->test[3]) && !strchr(h->test[3], ' ')
                       ? 0
                       : json_error_add(e, -EINVAL, member, "'%s' is not a valid path of HTTP", h->test[3]);
}

static int check_service(const HealthCheck *h, const char *member, JsonError *e)
{
        return !h->test[3] || (strlen(h->test[3]) <= SERVICE_MAX && is_plain(h->test[3]))
                       ? 0
                       : json_error_add(e, -EINVAL, member, "'%s' is not a valid service of gRPC", h->test[3]);
}

/* The kinds that connect. */
static const struct Connection {
        const char *name;
        size_t least, most;     /* words, without the name */
        const char *further;
        int (*check)(const HealthCheck *h, const char *member, JsonError *e);
} connections[] = {
        { "TCP", 2, 2, "", NULL },
        { "HTTP", 3, SIZE_MAX, ", and a path", check_request },
        { "HTTPS", 3, SIZE_MAX, ", and a path", check_request },
        { "GRPC", 2, 3, ", and perhaps a service", check_service },
};

static const struct Connection *find_connection(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(connections); i++)
                if (streq(connections[i].name, name))
                        return &connections[i];
        return NULL;
}

static int check_connection(const HealthCheck *h, size_t n, const char *member, JsonError *e)
{
        const struct Connection *c = find_connection(h->test[0]);
        struct in6_addr address;
        uint32_t port;

        if (n - 1 < c->least || n - 1 > c->most)
                return json_error_add(e, -EINVAL, member, "\"%s\" needs an address, a port%s", c->name, c->further);
        if (inet_pton(AF_INET, h->test[1], &address) != 1 && inet_pton(AF_INET6, h->test[1], &address) != 1)
                return json_error_add(e, -EINVAL, member, "'%s' is not a valid address", h->test[1]);
        if (parse_uint32(h->test[2], &port) < 0 || port < 1 || port > UINT16_MAX)
                return json_error_add(e, -EINVAL, member, "'%s' is not a valid port", h->test[2]);
        return c->check ? c->check(h, member, e) : 0;
}

int health_check_test(const HealthCheck *h, const char *member, JsonError *e)
{
        size_t n = strv_length(h->test);

        if (n == 0 || (streq(h->test[0], "NONE") && n == 1))
                return 0;
        if (streq(h->test[0], "NONE"))
                return json_error_add(e, -EINVAL, member, "nothing can follow \"NONE\"");
        if (streq(h->test[0], "CMD"))
                return n > 1 && !isempty(h->test[1]) ? 0
                                                     : json_error_add(e, -EINVAL, member, "\"CMD\" needs a program");
        if (streq(h->test[0], "CMD-SHELL"))
                return n == 2 ? 0 : json_error_add(e, -EINVAL, member, "\"CMD-SHELL\" needs exactly one text");
        if (health_check_connects(h))
                return check_connection(h, n, member, e);
        return json_error_add(e, -EINVAL, member, "expected \"NONE\", \"CMD\", \"CMD-SHELL\", \"TCP\", \"HTTP\", "
                              "\"HTTPS\" or \"GRPC\", not '%s'", h->test[0]);
}

static const struct {
        const char *member;
        size_t offset;
        int64_t least;          /* other than 0 */
        const char *wanted;
} numbers[] = {
        { "Interval",      offsetof(HealthCheck, interval),       SHORTEST_NSEC, "0 or at least 1000000 nanoseconds" },
        { "Timeout",       offsetof(HealthCheck, timeout),        SHORTEST_NSEC, "0 or at least 1000000 nanoseconds" },
        { "StartPeriod",   offsetof(HealthCheck, start_period),   SHORTEST_NSEC, "0 or at least 1000000 nanoseconds" },
        { "StartInterval", offsetof(HealthCheck, start_interval), SHORTEST_NSEC, "0 or at least 1000000 nanoseconds" },
        { "Retries",       offsetof(HealthCheck, retries),        1,             "0 or more" },
        { "InitialDelay",  offsetof(HealthCheck, initial_delay),  SHORTEST_NSEC, "0 or at least 1000000 nanoseconds" },
        { "Successes",     offsetof(HealthCheck, successes),      1,             "0 or more" },
};

static int64_t *number_of(const HealthCheck *h, size_t i)
{
        return (int64_t *) ((char *) h + numbers[i].offset);
}

static int check_number(const HealthCheck *h, size_t i, JsonError *e)
{
        int64_t value = *number_of(h, i);

        return value == 0 || value >= numbers[i].least
                       ? 0
                       : json_error_add(e, -EINVAL, numbers[i].member, "must be %s, not %" PRId64, numbers[i].wanted,
                                        value);
}

static int health_check_check(void *p, json_object *o, JsonError *e)
{
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                r = MIN(r, check_number(p, i, e));
        return MIN(r, health_check_test(p, "Test", e));
}

const JsonType json_health_check = JSON_POINTER(HealthCheck, health_check_table, health_check_check);
const JsonType json_image_health_check = JSON_POINTER(HealthCheck, health_check_table, NULL);

int health_check_faults(const HealthCheck *h, char ***lines)
{
        int r = 0;

        if (!h)
                return 0;
        for (size_t i = 0; r >= 0 && i <= ELEMENTSOF(numbers); i++) {
                _cleanup_json_error_ JsonError e = {};

                r = i < ELEMENTSOF(numbers) ? check_number(h, i, &e) : health_check_test(h, "Test", &e);
                if (r < 0 && e.message)
                        r = strv_extend(lines, e.message);
        }
        return r;
}

bool health_check_wanted(const HealthCheck *h)
{
        return h && strv_length(h->test) > 0 && !streq(h->test[0], "NONE");
}

bool health_check_connects(const HealthCheck *h)
{
        return health_check_wanted(h) && find_connection(h->test[0]);
}

int health_check_command(const HealthCheck *h, char *const *shell, char ***ret)
{
        static char *const usual[] = { (char *) "/bin/sh", (char *) "-c", NULL };
        _cleanup_strv_free_ char **command = NULL;
        int r = 0;

        if (streq(h->test[0], "CMD-SHELL"))
                r = strv_extend_strv(&command, strv_length(shell) > 0 ? shell : usual);
        if (r < 0)
                return r;
        r = strv_extend_strv(&command, h->test + 1);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(command);
        return 0;
}

static uint64_t usec_or(int64_t nsec, uint64_t otherwise)
{
        return nsec > 0 ? (uint64_t) nsec / NSEC_PER_USEC : otherwise;
}

HealthTimes health_check_times(const HealthCheck *h)
{
        return (HealthTimes) {
                .interval_usec = usec_or(h->interval, DEFAULT_INTERVAL_USEC),
                .timeout_usec = usec_or(h->timeout, DEFAULT_TIMEOUT_USEC),
                .start_period_usec = usec_or(h->start_period, 0),
                .start_interval_usec = usec_or(h->start_interval, DEFAULT_START_INTERVAL_USEC),
                .retries = h->retries > 0 ? (uint64_t) h->retries : DEFAULT_RETRIES,
                .initial_delay_usec = usec_or(h->initial_delay, 0),
                .successes = h->successes > 0 ? (uint64_t) h->successes : 1,
        };
}

int health_check_resolve(const HealthCheck *h, char *const *shell, HealthCheck **ret)
{
        _cleanup_(health_check_freep) HealthCheck *copy = NULL;
        _cleanup_strv_free_ char **command = NULL, **test = NULL;
        int r;

        *ret = NULL;
        /* An image knows nothing of the others. */
        if (!health_check_wanted(h) || health_check_connects(h) || health_check_test(h, NULL, NULL) < 0)
                return 0;
        r = health_check_command(h, shell, &command);
        if (r < 0)
                return r;
        r = strv_extend(&test, "CMD");
        if (r < 0)
                return r;
        r = strv_extend_strv(&test, command);
        if (r < 0)
                return r;
        copy = new0(HealthCheck, 1);
        if (!copy)
                return -ENOMEM;
        *copy = *h;
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (check_number(h, i, NULL) < 0)
                        *number_of(copy, i) = 0;
        copy->test = TAKE_PTR(test);
        *ret = TAKE_PTR(copy);
        return 0;
}

int health_check_copy(const HealthCheck *h, HealthCheck **ret)
{
        _cleanup_(health_check_freep) HealthCheck *copy = new0(HealthCheck, 1);
        int r = copy ? json_table_copy(&json_health_check, h, copy) : -ENOMEM;

        if (r >= 0)
                *ret = TAKE_PTR(copy);
        return r;
}

HealthCheck *health_check_free(HealthCheck *h)
{
        if (!h)
                return NULL;
        json_table_free(health_check_table, h);
        return mfree(h);
}
