/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/strv.h"
#include "cri/cri-answer.h"
#include "lib/test-kept.h"

Test(cri_answer, maps)
{
        char *const pairs[] = { (char *) "a=1", (char *) "b=x=y", (char *) "empty=", NULL };
        _cleanup_strv_free_ char **read = NULL;
        Cri__Container__LabelsEntry **entries = NULL;
        size_t n = 0;

        cri_map_write(pairs, &cri__container__labels_entry__descriptor, &entries, &n);
        (void) test_keep(entries);
        cr_assert_eq(n, 3);
        cr_expect_str_eq(entries[1]->key, "b");
        cr_expect_str_eq(entries[1]->value, "x=y");
        cr_assert_geq(cri_map_read(entries, n, &read), 0);
        cr_expect_eq(strv_length(read), 3);
        cr_expect_str_eq(read[1], "b=x=y");
        cr_expect_str_eq(read[2], "empty=");

        /* All of a selector have to be there. */
        cr_expect(cri_map_selects(entries, n, read));
        cr_expect(cri_map_selects(NULL, 0, read));
        entries[0]->value = test_keep(call_text("2"));
        cr_expect_not(cri_map_selects(entries, n, read));
        cr_expect_not(cri_map_selects(entries, n, NULL));

        entries[0]->key = test_keep(call_text("a=b"));
        cr_expect_eq(cri_map_read(entries, n, &read), -EINVAL);
}

Test(cri_answer, lists)
{
        Cri__ListContainersResponse answer = CRI__LIST_CONTAINERS_RESPONSE__INIT;

        for (size_t i = 0; i < 20; i++)
                call_append(&answer.containers, &answer.n_containers, test_keep(call_new(&cri__container__descriptor)));
        (void) test_keep(answer.containers);
        cr_assert_eq(answer.n_containers, 20);
        cr_expect_str_eq(answer.containers[19]->id, "");
        cr_expect_gt(cri__list_containers_response__get_packed_size(&answer), 0);
}
