/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>

#include "basic/parse.h"
#include "basic/string-util.h"
#include "foreign/draft/foreign-name.h"
#include "manifest/ac-types.h"
#include "manifest/appc-pod.h"
#include "manifest/pod-name.h"

#define HOST_NAME_LENGTH 253

/* They are names of files in net.d, too. */
static bool network_name_is_valid(const char *name)
{
        return !isempty(name) && !strchr("-.", *name) &&
               string_in_charset(name, LOWERCASE UPPERCASE DIGITS "-_.");
}

static bool alias_is_valid(const char *name)
{
        return !isempty(name) && strlen(name) <= HOST_NAME_LENGTH && !strchr("-.", *name) &&
               string_in_charset(name, LOWERCASE UPPERCASE DIGITS "-._");
}

/* By its number, its name in the image, or the path of a file with that owner. */
static bool user_is_valid(const char *user)
{
        uint32_t uid;

        if (*user == '/')
                return true;
        if (isempty(user) || *user == '-' || strchr(user, ':'))
                return false;
        for (const char *p = user; *p; p++)
                if ((unsigned char) *p <= ' ' || *p == 0x7f)
                        return false;
        return !string_in_charset(user, DIGITS) || (parse_uint32(user, &uid) >= 0 && uid != UINT32_MAX);
}

#define HOST_RULE "letters, digits, '-' and '.', at most 64"
#define APP_RULE "lower-case letters, digits and '-' between them"

static const struct {
        const char *kind, *rule;
        bool (*is_valid)(const char *name);
} rows[_FOREIGN_NAME_MAX] = {
        [FOREIGN_ALIAS] = { "host", "letters, digits, '-', '.' and '_'", alias_is_valid },
        [FOREIGN_APP] = { "app", APP_RULE, ac_name_is_valid },
        [FOREIGN_CREDENTIAL] = { "credential", "letters, digits, '.', '_' and '-'", credential_name_is_valid },
        [FOREIGN_HOST] = { "host", HOST_RULE, pod_name_is_valid },
        [FOREIGN_NETWORK] = { "network", "letters, digits, '-', '_' and '.'", network_name_is_valid },
        [FOREIGN_POD] = { "pod", HOST_RULE, pod_name_is_valid },
        [FOREIGN_USER] = { "user", "a name, a number below 4294967295, or the path of a file with that owner",
                           user_is_valid },
        [FOREIGN_VOLUME] = { "volume", APP_RULE ", at most 249", volume_name_is_valid },
};

bool foreign_name_is_valid(ForeignName kind, const char *name)
{
        return rows[kind].is_valid(name);
}

const char *foreign_name_kind(ForeignName kind)
{
        return rows[kind].kind;
}

const char *foreign_name_rule(ForeignName kind)
{
        return rows[kind].rule;
}

bool foreign_address_is_valid(const char *address)
{
        struct in6_addr binary;

        return inet_pton(AF_INET, address, &binary) == 1 || inet_pton(AF_INET6, address, &binary) == 1;
}
