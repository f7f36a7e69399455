/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/macro.h"
#include "inside/app-notify.h"
#include "inside/app-status.h"
#include "inside/notify-relay.h"
#include "lib/test-manager.h"

Test(notify_relay, filter)
{
        static const struct {
                const char *message;
                bool names_main;
                const char *passed;
        } cases[] = {
                { "READY=1", false, "READY=1" },
                { "READY=1\nSTATUS=up and running\n", false, "READY=1\nSTATUS=up and running" },
                { "STATUS=", false, "STATUS=" },
                { "RELOADING=1\nMONOTONIC_USEC=5\nSTOPPING=1\nERRNO=2\nEXTEND_TIMEOUT_USEC=7\nWATCHDOG=1", false,
                  "RELOADING=1\nMONOTONIC_USEC=5\nSTOPPING=1\nERRNO=2\nEXTEND_TIMEOUT_USEC=7\nWATCHDOG=1" },
                { "MAINPID=2", false, "" },
                { "MAINPID=2", true, "MAINPID=2" },
                { "READY=1\nMAINPID=2\nSTATUS=x", false, "READY=1\nSTATUS=x" },
                { "MAINPIDFDID=2\nMAINPIDFD=1", true, "" },
                { "WATCHDOG=trigger", true, "" },
                { "FDSTORE=1\nFDNAME=x", true, "" },
                { "FDSTOREREMOVE=1", true, "" },
                { "NOTIFYACCESS=all", true, "" },
                { "READY=1x\nREADY=\n READY=1\nready=1", true, "" },
                { "BARRIER=1\nREADY=1", false, "READY=1" },
                /* PID 1 takes a carriage return for the end of a line, too. */
                { "STATUS=x\rMAINPID=2", false, "STATUS=x" },
                { "READY=1\rFDSTORE=1\r\nSTATUS=\rWATCHDOG=trigger", true, "READY=1\nSTATUS=" },
                { "\n\n\n", true, "" },
                { "", true, "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char passed[256];
                size_t n = notify_relay_filter(cases[i].message, cases[i].names_main, passed);

                cr_expect_str_eq(passed, cases[i].passed);
                cr_expect_eq(n, strlen(cases[i].passed));
        }
}

/* An app that starts its relay, says what it has to say as another user, and ends when it is told to. */
__attribute__((noreturn)) static void app(const char *path, bool names_main, const char *const *messages, int record,
                                          int go)
{
        char name[] = "app-exec --words=FILE", *argv[] = { name, NULL }, byte;
        int relay = notify_relay_start(path, names_main, record, 1, argv), socket;

        notify_relay_follow(relay, (int) syscall(SYS_pidfd_open, getpid(), 0));
        socket = setuid(1000) < 0 ? -1 : app_notify_connect(path);
        for (; *messages; messages++)
                if (!app_notify_send(socket, *messages, -1))
                        _exit(1);
        if (!app_notify_and_wait(socket, "STATUS=said"))
                _exit(2);
        (void) read(go, &byte, 1);
        _exit(app_notify_send(socket, "STOPPING=1", -1) ? 0 : 3);
}

static const char *main_pid(pid_t pid)
{
        static char text[32];

        (void) snprintf(text, sizeof(text), "MAINPID=%i", pid);
        return text;
}

static void run(bool names_main, const char *const *messages, const char *const *expected)
{
        _cleanup_(test_manager_done) TestManager m = test_manager_new();
        int record = memfd_create("record", MFD_CLOEXEC), go[2], barrier, status;
        char byte = 0;
        pid_t pid;

        if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                cr_skip_test("only where mounts can be made");
        cr_assert_eq(chmod(m.directory.path, 0755), 0);
        cr_assert_eq(pipe2(go, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0)
                app(m.path, names_main, messages, record, go[0]);
        for (; *expected; expected++)
                test_manager_expect(&m, *expected, NULL);
        test_manager_expect(&m, "STATUS=said", NULL);
        test_manager_expect(&m, "BARRIER=1", &barrier);
        cr_expect_eq(waitpid(pid, &status, WNOHANG), 0);
        (void) close(barrier);
        /* The last word arrives, though the app has ended. */
        cr_assert_eq(write(go[1], "", 1), 1);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect_eq(status, 0);
        test_manager_expect(&m, "STOPPING=1", NULL);
        cr_expect_eq(pread(record, &byte, 1, 0), 1);
        cr_expect_eq(byte, STATUS_IS_READY);
        (void) close(record);
        cr_expect_eq(umount2(m.path, MNT_DETACH), 0);
}

Test(notify_relay, leaves_out_processes)
{
        run(false, (const char *const[]) { "READY=1\nMAINPID=1", "MAINPID=1", "WATCHDOG=trigger", "STATUS=x", NULL },
            (const char *const[]) { "READY=1", "STATUS=x", NULL });
}

Test(notify_relay, passes_processes)
{
        run(true, (const char *const[]) { "READY=1", "WATCHDOG=trigger", "MAINPID=999999999", "MAINPID=x",
                                            main_pid(getpid()), NULL },
            (const char *const[]) { "READY=1", main_pid(getpid()), NULL });
}

Test(notify_relay, without_manager)
{
        char name[] = "app-exec", *argv[] = { name, NULL };

        cr_expect_lt(notify_relay_start(NULL, false, -1, 1, argv), 0);
        cr_expect_lt(notify_relay_start("/nonexistent", false, -1, 1, argv), 0);
        notify_relay_follow(-1, -1);
}
