/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/strv.h"
#include "cli/terminal/pod-journal.h"
#include "manifest/appc-image.h"

static AppcPodApp apps[] = { { .name = (char *) "web" }, { .name = (char *) "db" } };
static const AppcPod pod = { .apps = apps, .n_apps = ELEMENTSOF(apps) };

#define BEGINS "journalctl --directory=/pod/journal --quiet --all"
#define OF_WEB " _SYSTEMD_UNIT=web.service + SYSLOG_IDENTIFIER=web"
#define OF_DB " _SYSTEMD_UNIT=db.service + SYSLOG_IDENTIFIER=db"
#define OF_POD " PODCTL_POD_UUID=U _TRANSPORT=stdout"
#define OF_BOTH OF_POD " +" OF_WEB " +" OF_DB

#define S (char *)

Test(pod_journal, commands)
{
        static const struct {
                JournalQuery query;
                const char *wanted;
        } cases[] = {
                { {}, BEGINS OF_BOTH },
                { { .app = S "web" }, BEGINS OF_WEB },
                { { .app = S "db" }, BEGINS OF_DB },
                { { .everything = true }, BEGINS },
                { { .app = S "web", .everything = true }, BEGINS },
                /* All there is, not journalctl's last ten lines. */
                { { .app = S "web", .follow = true }, BEGINS " --follow --merge --no-tail" OF_WEB },
                { { .app = S "web", .follow = true, .lines = S "3" },
                  BEGINS " --follow --merge --lines=3" OF_WEB },
                { { .app = S "db", .reverse = true, .no_pager = true }, BEGINS " --no-pager --reverse" OF_DB },
                { { .app = S "db",
                    .grep = S "a b",
                    .lines = S "all",
                    .output = S "json-pretty",
                    .priority = S "err..info",
                    .since = S "-1h",
                    .until = S "2026-01-31 12:00" },
                  BEGINS " --grep=a b --lines=all --output=json-pretty --priority=err..info --since=-1h"
                         " --until=2026-01-31 12:00" OF_DB },
        };

        static const JournalPlace in_pod = { .directory = "/pod/journal", .uuid = "U" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **argv = NULL;
                _cleanup_free_ char *line = NULL;

                cr_assert_eq(pod_journal_command(&pod, &in_pod, &cases[i].query, &argv), 0);
                line = strv_join(argv, " ");
                cr_expect_str_eq(line, cases[i].wanted);
        }
}

/* What stands in a value stays in its word, whatever it looks like. */
Test(pod_journal, a_value_is_one_word)
{
        const JournalQuery query = { .app = S "web", .grep = S "--file=/x + _PID=1" };
        _cleanup_strv_free_ char **argv = NULL;

        cr_assert_eq(pod_journal_command(&pod, &(JournalPlace) { .directory = "/pod with spaces/journal" }, &query,
                                         &argv), 0);
        cr_assert_eq(strv_length(argv), 8);
        cr_expect_str_eq(argv[1], "--directory=/pod with spaces/journal");
        cr_expect_str_eq(argv[4], "--grep=--file=/x + _PID=1");
}

/* What others write under the pod's name does not count. */
Test(pod_journal, of_the_host)
{
        static const JournalPlace place = { .unit = "pod@site.service", .uuid = "U" };
        static const struct {
                JournalQuery query;
                const char *wanted;
        } cases[] = {
                { { .app = S "web" },
                  "journalctl --quiet --all _SYSTEMD_UNIT=pod@site.service PODCTL_POD_UUID=U PODCTL_APP=web" },
                { {}, "journalctl --quiet --all _SYSTEMD_UNIT=pod@site.service PODCTL_POD_UUID=U PODCTL_APP=web + "
                      "_SYSTEMD_UNIT=pod@site.service PODCTL_POD_UUID=U PODCTL_APP=db" },
                { { .everything = true }, "journalctl --quiet --all _SYSTEMD_UNIT=pod@site.service PODCTL_POD_UUID=U" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **argv = NULL;
                _cleanup_free_ char *line = NULL;

                cr_assert_eq(pod_journal_command(&pod, &place, &cases[i].query, &argv), 0);
                line = strv_join(argv, " ");
                cr_expect_str_eq(line, cases[i].wanted);
        }
}

/* Apps that are not in the manifest, since they come later or were removed, and no entries but the pod's. */
Test(pod_journal, of_mutable_pods)
{
        static char *mutable[] = { S APPC_ANNOTATION_MUTABLE "=true", NULL };
        static const JournalPlace in_pod = { .directory = "/pod/journal", .uuid = "U" },
                                  on_host = { .unit = "pod@site.service", .uuid = "U" };
        static const struct {
                AppcPod pod;
                const JournalPlace *place;
                JournalQuery query;
                const char *wanted;
        } cases[] = {
                { {}, &in_pod, {}, BEGINS OF_POD },
                { {}, &on_host, {}, "journalctl --quiet --all _SYSTEMD_UNIT=pod@site.service PODCTL_POD_UUID=U" },
                { { .apps = apps, .n_apps = 1, .annotations = mutable }, &in_pod, {}, BEGINS OF_POD " +" OF_WEB },
                { { .apps = apps, .n_apps = 1, .annotations = mutable }, &on_host, {},
                  "journalctl --quiet --all _SYSTEMD_UNIT=pod@site.service PODCTL_POD_UUID=U" },
                { { .apps = apps, .n_apps = 1, .annotations = mutable }, &on_host, { .app = S "web" },
                  "journalctl --quiet --all _SYSTEMD_UNIT=pod@site.service PODCTL_POD_UUID=U PODCTL_APP=web" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **argv = NULL;
                _cleanup_free_ char *line = NULL;

                cr_assert_eq(pod_journal_command(&cases[i].pod, cases[i].place, &cases[i].query, &argv), 0);
                line = strv_join(argv, " ");
                cr_expect_str_eq(line, cases[i].wanted);
        }
}
