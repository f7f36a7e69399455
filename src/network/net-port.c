/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/lock.h"
#include "network/net-port.h"

const JsonField net_port_table[] = {
        { "name", &json_string, offsetof(NetPort, name) },
        { "protocol", &json_string, offsetof(NetPort, protocol), JSON_MANDATORY },
        { "hostIP", &json_string, offsetof(NetPort, host_ip) },
        { "hostPort", &json_uint32, offsetof(NetPort, host_port), JSON_MANDATORY },
        { "port", &json_uint32, offsetof(NetPort, port), JSON_MANDATORY },
        { "count", &json_uint32, offsetof(NetPort, count), JSON_MANDATORY },
        {},
};

const JsonType net_ports_type = JSON_ARRAY(NetPort, net_port_table, NULL);

static const JsonField claim_table[] = {
        { "uuid", &json_string, offsetof(NetClaim, uuid), JSON_MANDATORY },
        { "pod", &json_string, offsetof(NetClaim, pod), JSON_MANDATORY },
        { "address", &json_string, offsetof(NetClaim, address) },
        { "address6", &json_string, offsetof(NetClaim, address6) },
        { "ports", &net_ports_type, offsetof(NetClaim, ports) },
        {},
};

void net_ports_free(NetPort *ports, size_t n)
{
        for (size_t i = 0; ports && i < n; i++)
                json_table_free(net_port_table, &ports[i]);
        free(ports);
}

static bool is_any(const NetAddress *a)
{
        static const uint8_t zeros[16];

        return memcmp(a->bytes, zeros, sizeof(zeros)) == 0;
}

static bool addresses_overlap(const char *a, const char *b)
{
        NetAddress x, y;

        if (!a || !b || net_address_parse(a, &x) < 0 || net_address_parse(b, &y) < 0)
                return true;
        return x.family == y.family && (is_any(&x) || is_any(&y) || net_address_equal(&x, &y));
}

bool net_ports_overlap(const NetPort *a, const NetPort *b)
{
        return streq(a->protocol, b->protocol) && a->host_port < b->host_port + b->count &&
               b->host_port < a->host_port + a->count && addresses_overlap(a->host_ip, b->host_ip);
}

char *net_port_describe(const NetPort *p)
{
        const char *ip = strempty(p->host_ip);
        bool six = strchr(ip, ':');
        char last[16] = "";

        if (p->count > 1)
                (void) snprintf(last, sizeof(last), "-%u", p->host_port + p->count - 1);
        return strprintf("%s port%s %s%s%s%s%u%s", p->protocol, p->count > 1 ? "s" : "", six ? "[" : "", ip,
                         six ? "]" : "", *ip ? ":" : "", p->host_port, last);
}

void net_claim_done(NetClaim *c)
{
        json_table_free(claim_table, c);
}

int net_claim_read(int dir_fd, const char *uuid, NetClaim *ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_file_at(dir_fd, uuid, &o, NULL);
        if (r < 0)
                return r;
        r = json_table_read(claim_table, o, ret, NULL);
        if (r < 0)
                net_claim_done(ret);
        return r;
}

int net_claim_write(int fd, const NetClaim *c)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_table_write(claim_table, c, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        if (r < 0)
                return r;
        if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        return loop_write(fd, text, strlen(text));
}

int net_claim_lock(int dir_fd, const char *uuid)
{
        return lock_file_at(dir_fd, uuid, LOCK_EX | LOCK_NB);
}

bool net_claim_is_held(int dir_fd, const char *uuid)
{
        _cleanup_close_ int fd = openat(dir_fd, uuid, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        return fd >= 0 && fd_lock(fd, LOCK_EX | LOCK_NB) == -EAGAIN;
}
