/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "network/net-memory.h"

typedef struct Record {
        char *subnet;
        char *subnet6;
} Record;

static const JsonField record_table[] = {
        { "subnet", &json_string, offsetof(Record, subnet) },
        { "subnet6", &json_string, offsetof(Record, subnet6) },
        {},
};

static void record_done(Record *r)
{
        json_table_free(record_table, r);
}

void net_memory_done(NetMemory *m)
{
        free(m->others);
        *m = (NetMemory) {};
}

/* Only what may have been chosen: a damaged file must not give a network all addresses. */
static void read_prefix(const char *text, int family, unsigned length, NetPrefix *ret)
{
        NetPrefix p;

        if (text && net_prefix_parse(text, &p) >= 0 && p.address.family == family && p.length == length)
                *ret = p;
}

static int read_record(int dir_fd, const char *network, NetPrefix *ret, NetPrefix *ret6)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_(record_done) Record record = {};
        int r;

        r = json_parse_file_at(dir_fd, network, &o, NULL);
        if (r >= 0)
                r = json_table_read(record_table, o, &record, NULL);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        read_prefix(record.subnet, AF_INET, 16, ret);
        read_prefix(record.subnet6, AF_INET6, 64, ret6);
        return 0;
}

static int add_other(NetMemory *m, const NetPrefix *p)
{
        NetPrefix *grown;

        if (!net_address_is_set(&p->address))
                return 0;
        grown = reallocarray(m->others, m->n_others + 1, sizeof(NetPrefix));
        if (!grown)
                return -ENOMEM;
        m->others = grown;
        grown[m->n_others++] = *p;
        return 0;
}

static int read_other(int dir_fd, const char *network, NetMemory *m)
{
        NetPrefix subnet = {}, subnet6 = {};
        int r = read_record(dir_fd, network, &subnet, &subnet6);

        if (r < 0)
                return r;
        r = add_other(m, &subnet);
        return r < 0 ? r : add_other(m, &subnet6);
}

int net_memory_read(int dir_fd, const char *network, NetMemory *ret)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (dir_fd < 0)
                return 0;
        r = list_directory_at(dir_fd, ".", &names);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        STRV_FOREACH(name, names) {
                r = streq(*name, network) ? read_record(dir_fd, network, &ret->subnet, &ret->subnet6)
                                          : read_other(dir_fd, *name, ret);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool same(const NetPrefix *a, const NetPrefix *b)
{
        return a->length == b->length && net_address_equal(&a->address, &b->address);
}

int net_memory_write(int dir_fd, const char *network, const NetNative *conf, const NetMemory *old, const NetSubnet *s)
{
        NetPrefix subnet = conf->subnet_text ? (NetPrefix) {} : s->subnet, subnet6 = s->subnet6;
        _cleanup_(record_done) Record record = {};
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        /* A host or network without IPv6 may have it again. */
        if (conf->subnet6_text)
                subnet6 = (NetPrefix) {};
        else if (!net_address_is_set(&subnet6.address))
                subnet6 = old->subnet6;
        if (same(&subnet, &old->subnet) && same(&subnet6, &old->subnet6))
                return 0;
        if (net_address_is_set(&subnet.address) && !(record.subnet = strdup(NET_PREFIX(&subnet))))
                return -ENOMEM;
        if (net_address_is_set(&subnet6.address) && !(record.subnet6 = strdup(NET_PREFIX(&subnet6))))
                return -ENOMEM;
        r = json_table_write(record_table, &record, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        return r < 0 ? r : write_file_at(dir_fd, network, text, strlen(text), 0644);
}
