/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs.h"
#include "lib/test-temporary.h"
#include "pod/pod-process.h"

Test(pod_process, lives_and_ends)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        siginfo_t info;
        int go[2];
        pid_t pid;
        char byte;

        cr_assert(!pod_process_lives(t.fd));
        cr_assert_eq(pipe(go), 0);
        pid = fork();
        cr_assert(pid >= 0);
        if (pid == 0) {
                (void) close(go[1]);
                if (pod_process_note(t.fd) < 0)
                        _exit(1);
                _exit(read(go[0], &byte, 1) != 0);
        }
        while (faccessat(t.fd, "process", F_OK, 0) < 0 || !pod_process_lives(t.fd))
                cr_assert_eq(waitpid(pid, NULL, WNOHANG), 0);
        /* Nobody has asked for its exit status yet. */
        cr_assert_eq(close(go[1]), 0);
        cr_assert_eq(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
        cr_expect_eq(info.si_status, 0);
        cr_expect(!pod_process_lives(t.fd));
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
        cr_expect(!pod_process_lives(t.fd));
}

/* Another process of that number, of an earlier boot, and damage. */
Test(pod_process, others)
{
        static const char *const texts[] = { "1 1 00000000000000000000000000000000\n", "", "x", "99999999 1 0\n" };
        _cleanup_(temporary_done) Temporary t = temporary_new();

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                cr_assert_eq(write_string_at(t.fd, "process", texts[i], 0644), 0);
                cr_expect(!pod_process_lives(t.fd), "%s", texts[i]);
        }
        cr_assert_eq(pod_process_note(t.fd), 0);
        cr_expect(pod_process_lives(t.fd));
}
