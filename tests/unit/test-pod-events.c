/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/fd.h"
#include "cli/terminal/pod-events.h"
#include "inside/event-ids.h"

#define S (char *)

#define IDS \
        " MESSAGE_ID=" EVENT_POD_STARTS " MESSAGE_ID=" EVENT_POD_FAILED_TO_START " MESSAGE_ID=" EVENT_POD_ENDED \
        " MESSAGE_ID=" EVENT_POD_FAILED " MESSAGE_ID=" EVENT_POD_UPDATED " MESSAGE_ID=" EVENT_POD_ROLLED_BACK \
        " MESSAGE_ID=" EVENT_APP_HEALTHY " MESSAGE_ID=" EVENT_APP_UNHEALTHY \
        " MESSAGE_ID=" EVENT_APP_READY " MESSAGE_ID=" EVENT_APP_NOT_READY \
        " MESSAGE_ID=" EVENT_APP_HOOK_FAILED
#define BEGINS "journalctl --quiet --output=export"
#define FIELDS \
        " --output-fields=MESSAGE_ID,MESSAGE,PODCTL_POD_NAME,PODCTL_POD_UUID,PODCTL_UNIT,PODCTL_APP," \
        "PODCTL_EXIT_STATUS,PODCTL_ERROR,_TRANSPORT,_UID,_SYSTEMD_UNIT"

Test(pod_events, commands)
{
        static char *names[] = { S "a", S "b", NULL }, *uuids[] = { S "1-2", NULL };
        static const struct {
                EventQuery query;
                const char *wanted;
        } cases[] = {
                { {}, BEGINS FIELDS IDS },
                { { .names = names }, BEGINS FIELDS IDS " PODCTL_POD_NAME=a PODCTL_POD_NAME=b" },
                { { .names = names, .uuids = uuids },
                  BEGINS FIELDS IDS " PODCTL_POD_NAME=a PODCTL_POD_NAME=b +" IDS " PODCTL_POD_UUID=1-2" },
                { { .uuids = uuids, .follow = true, .since = S "-1h", .until = S "--x" },
                  BEGINS " --follow --no-tail --since=-1h --until=--x" FIELDS IDS " PODCTL_POD_UUID=1-2" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **argv = NULL;
                _cleanup_free_ char *line = NULL;

                cr_assert_eq(event_query_command(&cases[i].query, &argv), 0);
                line = strv_join(argv, " ");
                cr_expect_str_eq(line, cases[i].wanted);
        }
}

static FILE *file_of(const char *data, size_t n)
{
        FILE *f = fmemopen((void *) data, n, "r");

        cr_assert(f);
        return f;
}

Test(pod_events, entries)
{
        static const char text[] = "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=17\nMESSAGE_ID=" EVENT_POD_FAILED "\n"
                                   "MESSAGE\n\x0b\0\0\0\0\0\0\0two\nlines=1\n"
                                   "PODCTL_POD_NAME=first=x\nPODCTL_POD_NAME=second\n_UID=0\n\n"
                                   "\n"
                                   "MESSAGE_ID=other\n\n";
        _cleanup_fclose_ FILE *f = file_of(text, sizeof(text) - 1);
        EventEntry e = {};

        cr_assert_eq(event_entry_read(f, &e), 1);
        cr_expect_str_eq(event_name(&e), "failed");
        cr_expect_str_eq(e.fields[EVENT_TIME], "17");
        cr_expect_str_eq(e.fields[EVENT_MESSAGE], "two\nlines=1");
        cr_expect_str_eq(e.fields[EVENT_POD_NAME], "first=x");
        cr_expect_str_eq(e.fields[EVENT_SENDER_UID], "0");
        cr_expect_null(e.fields[EVENT_APP]);
        event_entry_done(&e);
        cr_assert_eq(event_entry_read(f, &e), 1);
        cr_expect_null(event_name(&e));
        event_entry_done(&e);
        cr_expect_eq(event_entry_read(f, &e), 0);
        event_entry_done(&e);
}

/* The output of a journalctl that was killed, or that is not one. */
Test(pod_events, half_an_entry)
{
        static const struct {
                const char *data;
                size_t n;
        } cases[] = {
#define CASE(text) { text, sizeof(text) - 1 }
                CASE("\n"),
                CASE("MESSAGE=x"),
                CASE("MESSAGE=x\n"),
                CASE("MESSAGE"),
                CASE("MESSAGE\n"),
                CASE("MESSAGE\n\x05\0\0"),
                CASE("MESSAGE\n\x05\0\0\0\0\0\0\0abc"),
                CASE("MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff" "abc\n\n"),
                CASE("MESSAGE\n\x01\0\0\0\0\0\0\0abc\n\n"),
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_fclose_ FILE *f = file_of(cases[i].data, cases[i].n);
                EventEntry e = {};

                cr_expect_eq(event_entry_read(f, &e), 0, "case %zu", i);
                event_entry_done(&e);
        }
}

Test(pod_events, long_values_are_cut)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_fclose_ FILE *f = NULL;
        EventEntry e = {};
        int n = asprintf(&text, "MESSAGE=%0100000i\n%0100000i=x\n_UID=0\n\n", 1, 2);

        f = file_of(text, (size_t) n);
        cr_assert_eq(event_entry_read(f, &e), 1);
        cr_expect_eq(strlen(e.fields[EVENT_MESSAGE]), EVENT_VALUE_MAX - 1);
        cr_expect_str_eq(e.fields[EVENT_SENDER_UID], "0");
        event_entry_done(&e);
}

Test(pod_events, who_sent_it)
{
        static const PodSettings here = { .name = S "web", .unit = S "my-own.service" };
        static const struct {
                const char *id, *name, *transport, *uid, *unit;
                const PodSettings *settings;
                bool wanted;
        } cases[] = {
                { EVENT_POD_STARTS, "web", "journal", "0", "pod@web.service", NULL, true },
                { EVENT_POD_ENDED, "web", "journal", "0", "podctl-gc.service", &here, true },
                { EVENT_POD_FAILED_TO_START, "web", "journal", "0", NULL, NULL, true },
                { EVENT_POD_STARTS, "web", "journal", "1000", "pod@web.service", NULL, false },
                { EVENT_POD_STARTS, "web", "journal", NULL, "pod@web.service", NULL, false },
                { EVENT_POD_STARTS, "web", "syslog", "0", "pod@web.service", NULL, false },
                { EVENT_POD_STARTS, NULL, "journal", "0", "pod@web.service", NULL, false },
                { "cf", "web", "journal", "0", "pod@web.service", NULL, false },
                { NULL, "web", "journal", "0", "pod@web.service", NULL, false },
                { EVENT_APP_HEALTHY, "web", "journal", "655360000", "my-own.service", &here, true },
                { EVENT_APP_HEALTHY, "other", "journal", "655360000", "my-own.service", &here, false },
                { EVENT_APP_HEALTHY, "web", "journal", "655360000", "pod@web.service", &here, false },
                { EVENT_APP_UNHEALTHY, "web", "journal", "655360000", "pod@web.service", NULL, true },
                { EVENT_APP_UNHEALTHY, "web", "journal", "655360000", "podctl-web.service", NULL, true },
                { EVENT_APP_NOT_READY, "web", "journal", "655360000", "podctl-web.service", NULL, true },
                { EVENT_APP_READY, "web", "journal", "0", "user@1000.service", NULL, false },
                { EVENT_APP_UNHEALTHY, "web", "journal", "655360000", "podctl-other.service", NULL, false },
                { EVENT_APP_UNHEALTHY, "web", "journal", "0", "user@1000.service", NULL, false },
                { EVENT_APP_UNHEALTHY, "web", "journal", "0", NULL, NULL, false },
                { EVENT_APP_UNHEALTHY, "web", "journal", "0", NULL, &here, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const EventEntry e = { .fields = {
                        [EVENT_MESSAGE_ID] = S cases[i].id, [EVENT_POD_NAME] = S cases[i].name,
                        [EVENT_TRANSPORT] = S cases[i].transport, [EVENT_SENDER_UID] = S cases[i].uid,
                        [EVENT_SENDER_UNIT] = S cases[i].unit,
                } };

                cr_expect_eq(event_is_genuine(&e, cases[i].settings), cases[i].wanted, "case %zu", i);
        }
}
