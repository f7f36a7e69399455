/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-id128.h>

#include "basic/string-util.h"
#include "basic/uuid.h"

int uuid_new(Uuid *ret)
{
        sd_id128_t id;
        int r;

        r = sd_id128_randomize(&id);
        if (r < 0)
                return r;
        (void) sd_id128_to_uuid_string(id, ret->s);
        return 0;
}

int uuid_parse(const char *s, Uuid *ret)
{
        sd_id128_t id;

        /* Otherwise the parser would also accept it without dashes. */
        if (strlen(s) != UUID_STRING_MAX - 1 || sd_id128_from_string(s, &id) < 0)
                return -EINVAL;
        (void) sd_id128_to_uuid_string(id, ret->s);
        return 0;
}

const char *uuid_format_plain(const Uuid *u, char buffer[static 33])
{
        sd_id128_t id = SD_ID128_NULL;

        (void) sd_id128_from_string(u->s, &id);
        return sd_id128_to_string(id, buffer);
}
