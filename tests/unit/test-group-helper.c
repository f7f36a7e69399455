/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "cli/group/group-helper.h"

static void expect(const char *verb, const char *words, bool admin, bool fine)
{
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(strv_split(words, ' ', &list), 0);
        cr_expect_eq(group_helper_check(verb, list, admin, &message) >= 0, fine,
                     "%s %s: %s", verb, words, strempty(message));
        cr_expect_eq(message != NULL, !fine, "%s %s", verb, words);
}

Test(group_helper, allows)
{
        static const char *const cases[][2] = {
                { "list", "" },
                { "list", "--full --no-legend --format=json" },
                { "list", "--format json" },
                { "status", "web" },
                { "status", "--wait=5s --format=json-pretty web" },
                { "image list", "--fields=id,name --order=asc --sort=name" },
                { "image cat-manifest", "--pretty-print=false busybox" },
                { "fetch", "docker://registry.example.com/"
                           "web@sha256:41de8f400836ecbc9b6bee46b1059d7dcedcd86101d55aac4e4a1e6a9fde04e1" },
                { "fetch", "--full --pull-policy=new docker:busybox example.com/app:1.0 https://example.com/app.aci" },
                { "image fetch", "example.com/app" },
                { "stats", "--watch --interval=2s web" },
                { "events", "--follow --since=-1h" },
                { "system df", "--format=json" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect(cases[i][0], cases[i][1], false, true);
}

Test(group_helper, refuses)
{
        static const char *const cases[][2] = {
                { "run", "busybox" },
                { "image", "list" },
                { "li", "" },
                { "trust", "--root /x" },
                { "serve-group", "" },
                { "list", "--dir=/tmp" },
                { "list", "--dir /tmp" },
                { "list", "--" },
                { "list", "-h" },
                { "list", "--debug" },
                { "list", "--insecure-options=image" },
                { "list", "--local-config=/tmp" },
                { "status", "--uuid-file=/etc/shadow" },
                { "status", "--uuid-file /etc/shadow" },
                { "status", "--check-network web" },
                { "fetch", "--name=busybox docker://x/y" },
                { "fetch", "--signature=/etc/shadow https://x/y.aci" },
                { "fetch", "--insecure-options=image docker://x/y" },
                { "fetch", "/etc/passwd" },
                { "fetch", "./a.aci" },
                { "fetch", "../a.aci" },
                { "fetch", "file:///etc/passwd" },
                { "fetch", "cimd:aci-archive:v=0:file%3A%2F%2F%2Fetc%2Fpasswd" },
                { "fetch", "sha256:41de8f400836ecbc9b6bee46b1059d7dcedcd86101d55aac4e4a1e6a9fde04e1" },
                { "fetch", "docker://x/y /etc/passwd" },
                { "image fetch", "/etc/passwd" },
                { "system df", "--verbose" },
                { "system df", "-v" },
                { "status", "a\nb" },
                { "status", "a\x1b[31m" },
                { "status", "\xc3\xa9" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect(cases[i][0], cases[i][1], true, false);
}

/* What the apps wrote, and what interrupts them, is not for everybody who may look. */
Test(group_helper, admins)
{
        static const char *const cases[][2] = {
                { "logs", "--follow --lines=5 web" },
                { "logs", "--app app --grep=x web" },
                { "restart", "web" },
                { "restart", "--format=json web" },
                { "stop", "web --force" },
                { "stop", "--format=json web" },
                { "stop", "-t 5 web" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                expect(cases[i][0], cases[i][1], true, true);
                expect(cases[i][0], cases[i][1], false, false);
        }
        expect("stop", "--uuid-file=/etc/shadow", true, false);
        expect("restart", "--user-config=/tmp web", true, false);
}
