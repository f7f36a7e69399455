/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "shared/seccomp-filter.h"
#include "shared/syscall-sets.h"
#include "lib/test-cases.h"

/* Filters are loaded in a child, and calls tried: what the kernel makes of them is what counts. */

typedef enum Outcome {
        PASSES = 0,
        KILLED = 1000,
} Outcome;

/* The errno a call fails with under a filter, 0 or KILLED. Calls are made so that they do nothing. */
static int try_call(scmp_filter_ctx ctx, long nr, long first)
{
        _cleanup_free_ void *data = NULL;
        struct sock_fprog program;
        int status;
        size_t n;
        pid_t pid;

        cr_assert_eq(seccomp_filter_export(ctx, &data, &n), 0);
        cr_assert_leq(n / sizeof(struct sock_filter), 4096);
        program = (struct sock_fprog) { .len = (unsigned short) (n / sizeof(struct sock_filter)), .filter = data };
        pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0) {
                if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
                    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                        _exit(255);
                errno = 0;
                (void) syscall(nr, first, 0, -1L, 0, 0, 0);
                /* Before _exit() sanitizers make calls of their own. */
                (void) syscall(SYS_exit_group, errno);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        if (WIFSIGNALED(status)) {
                cr_expect_eq(WTERMSIG(status), SIGSYS);
                return KILLED;
        }
        cr_assert_neq(WEXITSTATUS(status), 255, "the filter does not load");
        return WEXITSTATUS(status);
}

Test(seccomp_filter, default_follows_the_capabilities)
{
        char *const usual[] = { (char *) "SYS_CHROOT", (char *) "KILL", NULL },
                    *const admin[] = { (char *) "SYS_ADMIN", NULL }, *const none[] = { NULL };
        _cleanup_seccomp_ scmp_filter_ctx a = NULL, b = NULL;

        cr_assert_eq(seccomp_filter_default(usual, &a), 0);
        cr_assert_eq(seccomp_filter_default(admin, &b), 0);
        cr_expect(seccomp_capabilities_are_usual(usual));
        cr_expect(seccomp_capabilities_are_usual(none));
        cr_expect_not(seccomp_capabilities_are_usual(admin));

        cr_expect_eq(try_call(a, SYS_getpid, 0), PASSES);
        cr_expect_eq(try_call(a, SYS_kexec_load, 0), EPERM);
        cr_expect_eq(try_call(a, SYS_unshare, 0), EPERM);
        cr_expect_eq(try_call(b, SYS_unshare, 0), PASSES);
        cr_expect_eq(try_call(a, SYS_clone, CLONE_NEWUSER | SIGCHLD), EPERM);
        cr_expect_eq(try_call(a, SYS_clone3, 0), ENOSYS, "C libraries have to fall back to clone");
        cr_expect_eq(try_call(b, SYS_clone3, 0), EINVAL);
        cr_expect_eq(try_call(a, SYS_socket, AF_VSOCK), EPERM);
        cr_expect_neq(try_call(a, SYS_socket, AF_INET), EPERM);
        cr_expect_neq(try_call(a, SYS_socket, AF_UNIX), EPERM);
        cr_expect_neq(try_call(b, SYS_socket, AF_INET), EPERM);
        cr_expect_eq(try_call(a, SYS_personality, 0), PASSES);
        cr_expect_eq(try_call(a, SYS_personality, 0x0040000), ENOSYS);
        cr_expect_eq(try_call(a, 100000, 0), ENOSYS);
}

/* By libseccomp's own word every name in the tables is one, on some architecture. */
Test(seccomp_filter, names_in_the_tables_exist)
{
        unsigned unknown = 0, n = 0;

        for (const SyscallSet *s = syscall_sets; s->name; s++) {
                _cleanup_strv_free_ char **words = NULL;

                cr_assert_eq(strv_split(s->calls, ' ', &words), 0);
                STRV_FOREACH(w, words) {
                        n++;
                        if (startswith(*w, "@podctl/"))
                                continue; /* not all of them are lists */
                        if (**w == '@')
                                cr_expect(syscall_set_find(*w), "%s: %s", s->name, *w);
                        else if (seccomp_syscall_resolve_name(*w) == __NR_SCMP_ERROR)
                                unknown++;
                }
        }
        /* An older libseccomp does not know the newest. */
        cr_expect_gt(n, 700);
        cr_expect_lt(unknown, 60);
}

Test(seccomp_filter, sets)
{
        static const struct {
                bool remove;
                const char *set;
                const char *error;
                int personality; /* what becomes of personality(0) */
                int acct;        /* and of acct() of a bad address, which needs a capability as well */
        } cases[] = {
                { false, "@docker/default-whitelist", "EXFULL", PASSES, EXFULL },
                { false, "@rkt/default-whitelist,acct", "EXFULL", PASSES, 0 },
                { false, "exit_group,@systemd/default-whitelist", "EXFULL", EXFULL, EXFULL },
                { false, "exit_group", "", KILLED, KILLED },
                { true, "personality", "EXFULL", EXFULL, 0 },
                { true, "personality", NULL, KILLED, 0 },
                { true, "@docker/default-blacklist", "EXFULL", EXFULL, EXFULL },
                { true, "@rkt/default-blacklist,@systemd/mount", "EXFULL", EXFULL, EXFULL },
                { true, "@systemd/privileged", "EXFULL", PASSES, EXFULL },
                { true, "@systemd/clock", "EXFULL", PASSES, 0 },
                { true, "@appc.io/empty", "EXFULL", PASSES, EPERM },
        };
        char *const none[] = { NULL };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
                _cleanup_strv_free_ char **set = NULL;
                _cleanup_free_ char *message = NULL;
                int r;

                cr_assert_eq(strv_split(cases[i].set, ',', &set), 0);
                r = (cases[i].remove ? seccomp_filter_remove : seccomp_filter_retain)(set, cases[i].error, none, &ctx,
                                                                                      &message);
                cr_assert_eq(r, 0, "%s: %s", cases[i].set, message);
                cr_expect_eq(try_call(ctx, SYS_personality, 0), cases[i].personality, "%zu", i);
                if (cases[i].acct)
                        cr_expect_eq(try_call(ctx, SYS_acct, 1), cases[i].acct, "%zu", i);
        }
}

Test(seccomp_filter, all_retained_is_none)
{
        char *const set[] = { (char *) "@appc.io/all", NULL };
        int other = 0;
        scmp_filter_ctx ctx = (scmp_filter_ctx) &other;

        cr_expect_eq(seccomp_filter_retain(set, "EPERM", NULL, &ctx, NULL), 0);
        cr_expect_null(ctx);
}

Test(seccomp_filter, refuses)
{
        static const struct {
                const char *word;
                const char *error;
                const char *message;
        } cases[] = {
                { "ponies", "EPERM", "'ponies'" }, { "@systemd/ponies", "EPERM", "'@systemd/ponies'" },
                { "read", "EPONY", "'EPONY'" },    { "@", "EPERM", "'@'" }, { "READ", "EPERM", "'READ'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (int remove = 0; remove < 2; remove++) {
                        char *const set[] = { (char *) "write", (char *) cases[i].word, NULL };
                        _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
                        _cleanup_free_ char *message = NULL;

                        cr_expect_eq((remove ? seccomp_filter_remove : seccomp_filter_retain)(set, cases[i].error, NULL,
                                                                                              &ctx, &message),
                                     -EINVAL);
                        cr_expect(message && strstr(message, cases[i].message), "%s", message);
                }
}

static int profile_of(const char *json, char *const *capabilities, scmp_filter_ctx *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = quoted(json);
        int r = json_parse_memory(text, strlen(text), &o, e);

        cr_assert_eq(r, 0, "%s", text);
        return seccomp_filter_profile(o, capabilities, ret, e);
}

Test(seccomp_filter, profiles)
{
        static const struct {
                const char *json;
                int zero, other; /* personality(0), personality(8) */
        } cases[] = {
                { "{'defaultAction':'SCMP_ACT_ALLOW'}", PASSES, PASSES },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['personality'],'action':'SCMP_ACT_ERRNO'}]}",
                  EPERM, EPERM },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'name':'personality','action':'SCMP_ACT_ERRNO','"
                  "errnoRet':54}]}",
                  EXFULL, EXFULL },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['personality'],'action':'SCMP_ACT_KILL_"
                  "PROCESS','args':"
                  "[{'index':0,'value':8,'op':'SCMP_CMP_EQ'}]}]}",
                  PASSES, KILLED },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['personality'],'action':'SCMP_ACT_ERRNO','"
                  "args':"
                  "[{'index':0,'value':12,'valueTwo':8,'op':'SCMP_CMP_MASKED_EQ'}]}]}",
                  PASSES, EPERM },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['personality'],'action':'SCMP_ACT_ERRNO','"
                  "args':"
                  "[{'index':0,'value':8,'op':'SCMP_CMP_EQ'},{'index':0,'value':0,'op':'SCMP_CMP_EQ'}]}]}",
                  EPERM, EPERM },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['personality'],'action':'SCMP_ACT_ERRNO','"
                  "includes':"
                  "{'caps':['CAP_SYS_ADMIN']}}]}",
                  PASSES, PASSES },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['personality'],'action':'SCMP_ACT_ERRNO','"
                  "includes':"
                  "{'caps':['CAP_KILL']}}]}",
                  EPERM, EPERM },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['personality'],'action':'SCMP_ACT_ERRNO','"
                  "excludes':"
                  "{'caps':['CAP_KILL']}}]}",
                  PASSES, PASSES },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['not_of_this_machine'],'action':'SCMP_ACT_"
                  "ERRNO'}]}",
                  PASSES, PASSES },
        };
        char *const kill[] = { (char *) "KILL", NULL };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
                _cleanup_json_error_ JsonError e = {};
                int r = profile_of(cases[i].json, kill, &ctx, &e);

                cr_assert_eq(r, 0, "%s: %s", cases[i].json, json_error_message(&e, r));
                cr_expect_eq(try_call(ctx, SYS_personality, 0), cases[i].zero, "%s", cases[i].json);
                cr_expect_eq(try_call(ctx, SYS_personality, 8), cases[i].other, "%s", cases[i].json);
        }
}

Test(seccomp_filter, profile_mistakes)
{
        static const struct {
                const char *json;
                const char *member;
        } cases[] = {
                { "{}", "defaultAction" },
                { "{'defaultAction':'SCMP_ACT_PONY'}", "defaultAction" },
                { "{'defaultAction':'SCMP_ACT_NOTIFY'}", "defaultAction" },
                { "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4096}", "defaultAction" },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'action':'SCMP_ACT_ALLOW'}]}", "syscalls[0].names" },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['read']}]}", "syscalls[0]" },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['read'],'action':'ALLOW'}]}",
                  "syscalls[0].action" },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['read'],'action':'SCMP_ACT_ERRNO','args':"
                  "[{'index':6,'value':0,'op':'SCMP_CMP_EQ'}]}]}",
                  "syscalls[0].args[0].index" },
                { "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['read'],'action':'SCMP_ACT_ERRNO','args':"
                  "[{'index':0,'value':0,'op':'EQ'}]}]}",
                  "syscalls[0].args[0].op" },
                { "{'defaultAction':'SCMP_ACT_ALLOW','flags':['SECCOMP_FILTER_FLAG_PONY']}", "flags" },
                { "{'defaultAction':1}", "defaultAction" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
                _cleanup_json_error_ JsonError e = {};
                int r = profile_of(cases[i].json, NULL, &ctx, &e);

                cr_expect_lt(r, 0, "%s", cases[i].json);
                cr_expect(strstr(json_error_message(&e, r), cases[i].member), "%s: %s", cases[i].json,
                          json_error_message(&e, r));
        }
}
