/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What a server wants from us: the members that are set belong together. */
typedef struct Credential {
        char *user, *password;
        char *identity_token;   /* OAuth2 refresh token */
        char *bearer;           /* access token */
        char *aws_region;       /* user and password are an access key of this region */
} Credential;

void credential_done(Credential *c);

/* Into a zeroed one. An empty value counts as missing. */
int credential_copy(const Credential *from, Credential *to);
