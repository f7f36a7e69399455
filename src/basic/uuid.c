/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <sys/random.h>

#include "basic/string-util.h"
#include "basic/uuid.h"

int uuid_new(Uuid *ret)
{
        unsigned char b[16];

        if (getrandom(b, sizeof(b), 0) != sizeof(b))
                return -errno;

        b[6] = (unsigned char) ((b[6] & 0x0f) | 0x40);
        b[8] = (unsigned char) ((b[8] & 0x3f) | 0x80);
        (void) snprintf(ret->s, sizeof(ret->s),
                        "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
                        b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
        return 0;
}

int uuid_parse(const char *s, Uuid *ret)
{
        Uuid u = {};

        if (strlen(s) != UUID_STRING_MAX - 1)
                return -EINVAL;

        for (size_t i = 0; s[i]; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;

                if (dash ? s[i] != '-' : !isxdigit((unsigned char) s[i]))
                        return -EINVAL;
                u.s[i] = (char) tolower((unsigned char) s[i]);
        }

        *ret = u;
        return 0;
}

const char *uuid_format_plain(const Uuid *u, char buffer[static 33])
{
        char *p = buffer;

        for (const char *s = u->s; *s; s++)
                if (*s != '-')
                        *p++ = *s;
        *p = 0;
        return buffer;
}
