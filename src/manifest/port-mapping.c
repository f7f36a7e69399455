/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "manifest/port-mapping.h"

#define FORM "[IP:]PORT[-PORT]:PORT[-PORT][/PROTOCOL]"

typedef struct PortRange {
        uint32_t first, count;
} PortRange;

bool port_is_mapping(const char *s)
{
        size_t n = strspn(s, "0123456789-");

        return s[0] == '[' || (n > 0 && s[0] != '-' && (s[n] == ':' || s[n] == 0)) || memchr(s, '.', strcspn(s, ":"));
}

static int parse_number(const char *s, uint32_t *ret, JsonError *e)
{
        if (parse_uint32(s, ret) < 0 || *ret < 1 || *ret > UINT16_MAX)
                return json_error_set(e, -EINVAL, NULL, "'%s' is not a port number, 1 to 65535", s);
        return 0;
}

static int parse_range(const char *s, PortRange *ret, JsonError *e)
{
        _cleanup_free_ char *first = NULL, *last = NULL;
        uint32_t end;
        int r;

        r = split_pair(s, '-', &first, &last);
        if (r < 0)
                return r;
        r = parse_number(first, &ret->first, e);
        if (r < 0)
                return r;
        end = ret->first;
        r = last ? parse_number(last, &end, e) : 0;
        if (r < 0)
                return r;
        if (end < ret->first)
                return json_error_set(e, -EINVAL, NULL, "the range '%s' ends before it begins", s);
        ret->count = end - ret->first + 1;
        return 0;
}

/* Splits off what comes before the last colon; NULL: there is none. */
static int cut_left(const char *s, char **ret_left, const char **ret_right)
{
        const char *colon = strrchr(s, ':');

        *ret_left = colon ? strndup(s, (size_t) (colon - s)) : NULL;
        *ret_right = colon ? colon + 1 : s;
        return colon && !*ret_left ? -ENOMEM : 0;
}

/* "[::1]" without its brackets. */
static int parse_ip(const char *s, char **ret, JsonError *e)
{
        size_t n = strlen(s);
        bool six = n > 2 && s[0] == '[' && s[n - 1] == ']';

        if (n == 0)
                return json_error_set(e, -EINVAL, NULL, "the address before ':' is empty");
        if (!six && strchr(s, ':'))
                return json_error_set(e, -EINVAL, NULL, "an IPv6 address needs brackets around it");
        *ret = six ? strndup(s + 1, n - 2) : strdup(s);
        return *ret ? 0 : -ENOMEM;
}

static int parse_host(const char *s, char **ret_ip, PortRange *ret, JsonError *e)
{
        _cleanup_free_ char *ip = NULL;
        const char *ports;
        int r;

        r = cut_left(s, &ip, &ports);
        if (r < 0)
                return r;
        r = ip ? parse_ip(ip, ret_ip, e) : 0;
        return r < 0 ? r : parse_range(ports, ret, e);
}

/* The object of a manifest that it abbreviates, so that the same rules hold for both. */
static int read_mapping(const char *name, const char *ip, PortRange host, PortRange inner, const char *protocol,
                        PodPort *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        json_object *port = json_object_new_object();

        if (!o || !name || !port || json_object_object_add(o, "podPort", port) < 0 ||
            json_object_object_add(o, "name", json_object_new_string(name)) < 0 ||
            json_object_object_add(o, "hostPort", json_object_new_uint64(host.first)) < 0 ||
            (ip && json_object_object_add(o, "hostIP", json_object_new_string(ip)) < 0) ||
            json_object_object_add(port, "name", json_object_new_string(name)) < 0 ||
            json_object_object_add(port, "protocol", json_object_new_string(protocol)) < 0 ||
            json_object_object_add(port, "port", json_object_new_uint64(inner.first)) < 0 ||
            json_object_object_add(port, "count", json_object_new_uint64(inner.count)) < 0)
                return -ENOMEM;
        return pod_port_read(o, ret, e);
}

static bool is_protocol(const char *word)
{
        return streq(word, "tcp") || streq(word, "udp") || streq(word, "sctp");
}

int pod_port_from_mapping(const char *s, PodPort *ret, JsonError *e)
{
        _cleanup_free_ char *ports = strndup(s, strcspn(s, "/")), *host = NULL, *ip = NULL, *name = NULL;
        const char *slash = strchr(s, '/'), *protocol = slash ? slash + 1 : "tcp", *right;
        PortRange outer, inner;
        int r;

        if (!ports)
                return -ENOMEM;
        if (!is_protocol(protocol))
                return json_error_set(e, -EINVAL, NULL, "'%s' is not tcp, udp or sctp", protocol);
        r = cut_left(ports, &host, &right);
        if (r < 0)
                return r;
        if (!host)
                return json_error_set(e, -EINVAL, NULL, "expected " FORM ", not '%s'", s);
        r = parse_host(host, &ip, &outer, e);
        if (r < 0)
                return r;
        r = parse_range(right, &inner, e);
        if (r < 0)
                return r;
        if (outer.count != inner.count)
                return json_error_set(e, -EINVAL, NULL, "'%s': the ranges have %u and %u ports", s, outer.count,
                                      inner.count);
        name = strprintf("%u-%s", inner.first, protocol);
        return read_mapping(name, ip, outer, inner, protocol, ret, e);
}

bool port_is_full(const char *s)
{
        _cleanup_strv_free_ char **words = NULL;

        return strv_split(s, ':', &words) >= 0 && strv_length(words) >= 4 && is_protocol(words[1]);
}

int pod_port_from_full(const char *s, PodPort *ret, JsonError *e)
{
        _cleanup_free_ char *copy = strdup(s), *ip = NULL;
        char *protocol, *port, *host;
        PortRange outer, inner;
        int r;

        if (!copy)
                return -ENOMEM;
        protocol = strchr(copy, ':');
        port = protocol ? strchr(protocol + 1, ':') : NULL;
        host = port ? strchr(port + 1, ':') : NULL;
        if (!host)
                return json_error_set(e, -EINVAL, NULL, "expected NAME:PROTOCOL:PODPORT:HOSTIP:HOSTPORT, not '%s'", s);
        *protocol++ = *port++ = *host++ = 0;
        r = parse_range(port, &inner, e);
        if (r >= 0)
                r = parse_host(host, &ip, &outer, e);
        return r < 0 ? r : read_mapping(copy, ip, outer, inner, protocol, ret, e);
}
