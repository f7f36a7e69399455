/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "foreign/kube/kube-address.h"

static const struct {
        const char *field, *word;
} rows[] = {
        { "status.podIP", "pod-ip" },
        { "status.podIPs", "pod-ips" },
        { "status.hostIP", "host-ip" },
        { "status.hostIPs", "host-ips" },
};

const char *kube_address_of_field(const char *field)
{
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (streq_ptr(rows[i].field, field))
                        return rows[i].word;
        return NULL;
}

const char *kube_field_of_address(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (streq_ptr(rows[i].word, word))
                        return rows[i].field;
        return NULL;
}
