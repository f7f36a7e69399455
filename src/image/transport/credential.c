/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "image/transport/credential.h"

void credential_done(Credential *c)
{
        free(c->user);
        free(c->password);
        free(c->identity_token);
        free(c->bearer);
        free(c->aws_region);
        *c = (Credential) {};
}

int credential_copy(const Credential *from, Credential *to)
{
        const struct {
                const char *from;
                char **to;
        } members[] = {
                { from->user, &to->user },
                { from->password, &to->password },
                { from->identity_token, &to->identity_token },
                { from->bearer, &to->bearer },
                { from->aws_region, &to->aws_region },
        };

        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                if (isempty(members[i].from))
                        continue;
                *members[i].to = strdup(members[i].from);
                if (!*members[i].to)
                        return -ENOMEM;
        }
        return 0;
}
