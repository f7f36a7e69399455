/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "network/net-host-names.h"

Test(net_host_names, who_knows_pods)
{
        static const struct {
                const char *nsswitch;
                bool known;
        } cases[] = {
                { "hosts: files mymachines dns\n", true },
                { "passwd: files\nhosts:\tfiles\tresolve [!UNAVAIL=return] dns", true },
                { "hosts: files dns\n", false },
                { "hosts: files dns # mymachines\n", false },
                { "passwd: mymachines\nhosts: files\n", false },
                { "hosts: files mymachines2\n", false },
                { "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(net_host_names_are_known(cases[i].nsswitch), cases[i].known, "%s", cases[i].nsswitch);
}

#define L(...) ((char *[]) { __VA_ARGS__, NULL })

static void expect_edit(const char *hosts, char **addresses, char **names, const char *expected)
{
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(net_host_names_edit(hosts, addresses, names, &text), 0);
        cr_expect_str_eq(text, expected);
}

Test(net_host_names, lines_come_and_go)
{
        char **both = L((char *) "10.1.0.2", (char *) "fd00::2");
        const char *with = "127.0.0.1 localhost\n10.1.0.2 web host # podctl\nfd00::2 web host # podctl\n";

        expect_edit("127.0.0.1 localhost\n", both, L((char *) "web", (char *) "host"), with);
        expect_edit(with, both, NULL, "127.0.0.1 localhost\n");
        /* An address that another pod has now. */
        expect_edit(with, L((char *) "10.1.0.2"), L((char *) "db"),
                    "127.0.0.1 localhost\nfd00::2 web host # podctl\n10.1.0.2 db # podctl\n");
}

Test(net_host_names, others_lines_stay)
{
        char **one = L((char *) "10.1.0.2");

        expect_edit("10.1.0.2 mine\n10.1.0.22 web # podctl\n# podctl", one, NULL,
                    "10.1.0.2 mine\n10.1.0.22 web # podctl\n# podctl\n");
        expect_edit("no newline", one, L((char *) "web"), "no newline\n10.1.0.2 web # podctl\n");
        expect_edit("", one, L((char *) "web"), "10.1.0.2 web # podctl\n");
}
