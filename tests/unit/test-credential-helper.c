/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "image/transport/credential-helper.h"
#include "lib/test-cases.h"

Test(credential_helper, names)
{
        static const struct {
                const char *name;
                bool valid;
        } cases[] = {
                { "pass", true },  { "ecr-login", true }, { "acr.env_2", true }, { "0", true },     { "Win", true },
                { "", false },     { NULL, false },       { "-pass", false },    { ".", false },    { "..", false },
                { "a/b", false },  { "../pass", false },  { "a b", false },      { "a@b", false },  { "a%i", false },
                { "a\nb", false }, { "\xc3\xa4", false }, { "a:b", false },      { "_a", false },   { "a\\x2d", false },
                { "a234567890123456789012345678901234567890123456789012345678901234", true },
                { "a2345678901234567890123456789012345678901234567890123456789012345", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(credential_helper_name_is_valid(cases[i].name), cases[i].valid, "%s", cases[i].name);
}

Test(credential_helper, missing)
{
        _cleanup_free_ char *path = NULL, *message = NULL;
        Credential c = {};

        cr_expect_eq(credential_helper_find("no-such-one", &path, &message), -ENOENT);
        cr_expect(strstr(message, "there is no docker-credential-no-such-one in /usr/local"), "%s", message);
        /* Before anything is started. */
        cr_expect_eq(credential_helper_get("no-such-one", "a.test", &c, &message), -EPROTO);
        cr_expect(startswith(message, "credential helper 'no-such-one' for a.test: there is no "), "%s", message);
}
