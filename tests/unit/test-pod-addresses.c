/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "pod/pod-addresses.h"

Test(pod_addresses, expand)
{
        static const char *const addresses[] = { "IP=10.0.0.2", "IPS=10.0.0.2,fd00::2", NULL };
        static const struct {
                const char *word, *expanded;
        } cases[] = {
                { "", "" },
                { "--bind=$(IP):80", "--bind=10.0.0.2:80" },
                { "$(IPS)$(IP)", "10.0.0.2,fd00::210.0.0.2" },
                { "$(OTHER) $IP ${IP} $(IP", "$(OTHER) $IP ${IP} $(IP" },
                { "$$(IP) $(", "$10.0.0.2 $(" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *expanded = NULL;

                cr_assert_eq(pod_addresses_expand((char *const *) addresses, cases[i].word, &expanded), 0);
                cr_expect_str_eq(expanded, cases[i].expanded);
        }
}
