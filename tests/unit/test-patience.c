/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/patience.h"

/* Nothing here measures time: what would wait too long runs into the timeout of the suite. */
TestSuite(patience, .timeout = 30);

#define HOUR_USEC (3600 * UINT64_C(1000000))

Test(patience, none)
{
        Patience p = { .step_usec = HOUR_USEC };

        cr_expect_not(patience_wait(&p, -1));
        cr_expect_eq(p.left_usec, 0);
}

/* It comes to its end, and never has more than before. */
Test(patience, runs_out)
{
        Patience p = { .step_usec = 1000, .left_usec = 5000 };
        uint64_t before = p.left_usec;
        unsigned n = 0;

        while (patience_wait(&p, -1)) {
                cr_assert_leq(p.left_usec, before);
                before = p.left_usec;
                n++;
        }
        cr_expect_geq(n, 1);
        cr_expect_eq(p.left_usec, 0);
        cr_expect_not(patience_wait(&p, -1));
}

/* A step takes longer than it should, or is longer than what is left. */
Test(patience, last_step)
{
        Patience shortest = { .step_usec = 1, .left_usec = 1 }, last = { .step_usec = HOUR_USEC, .left_usec = 1000 };

        cr_expect(patience_wait(&shortest, -1));
        cr_expect_leq(shortest.left_usec, 1);
        while (patience_wait(&shortest, -1))
                ;
        cr_expect_eq(shortest.left_usec, 0);

        cr_expect(patience_wait(&last, -1));
        cr_expect_leq(last.left_usec, 1000);
}

/* What can be read, and an end, is the end of a step; what was not waited for is left. */
Test(patience, descriptor)
{
        Patience p = { .step_usec = HOUR_USEC, .left_usec = 100 * HOUR_USEC };
        int fds[2];
        char c;

        cr_assert_eq(pipe(fds), 0);
        cr_assert_eq(write(fds[1], "x", 1), 1);
        cr_expect(patience_wait(&p, fds[0]));
        cr_expect(p.left_usec > 0 && p.left_usec <= 100 * HOUR_USEC);
        fds[1] = safe_close(fds[1]);
        cr_assert_eq(read(fds[0], &c, 1), 1);
        cr_expect(patience_wait(&p, fds[0]));
        safe_close(fds[0]);
}

/* One that has nothing to say does not keep it from running out. */
Test(patience, silent_descriptor)
{
        Patience p = { .step_usec = 1000, .left_usec = 3000 };
        int fds[2];

        cr_assert_eq(pipe(fds), 0);
        while (patience_wait(&p, fds[0]))
                ;
        cr_expect_eq(p.left_usec, 0);
        safe_close(fds[0]);
        safe_close(fds[1]);
}
