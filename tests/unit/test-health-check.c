/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/health-check.h"
#include "lib/test-cases.h"

static int read_check(const char *text, HealthCheck **ret, JsonError *e)
{
        _cleanup_free_ char *json = quoted(text);

        *ret = NULL;
        return json_document_parse(&json_health_check, json, strlen(json), (void **) ret, e);
}

Test(health_check, commands)
{
        static const struct {
                const char *json;
                const char *command; /* NULL: none is wanted */
        } cases[] = {
                { "{}", NULL },
                { "{'Test':null}", NULL },
                { "{'Test':[]}", NULL },
                { "{'Test':['NONE'],'Interval':1000000}", NULL },
                { "{'Test':['CMD','/bin/true']}", "/bin/true" },
                { "{'Test':['CMD','curl','-f','http://localhost/ x']}", "curl|-f|http://localhost/ x" },
                { "{'Test':['CMD-SHELL','a && b']}", "/bin/sh|-c|a && b" },
                { "{'Test':['CMD-SHELL','']}", "/bin/sh|-c|" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(health_check_freep) HealthCheck *h = NULL;
                _cleanup_strv_free_ char **command = NULL;
                _cleanup_free_ char *joined = NULL;

                cr_assert_eq(read_check(cases[i].json, &h, NULL), 0, "%s", cases[i].json);
                cr_expect_eq(health_check_wanted(h), cases[i].command != NULL, "%s", cases[i].json);
                if (!cases[i].command)
                        continue;
                cr_assert_eq(health_check_command(h, NULL, &command), 0);
                joined = strv_join(command, "|");
                cr_expect_str_eq(joined, cases[i].command);
        }
        cr_expect_not(health_check_wanted(NULL));
}

/* The image's own shell; once it is known there is no TEXT any more. */
Test(health_check, resolve)
{
        char *const shell[] = { (char *) "/bin/bash", (char *) "-ec", NULL };
        _cleanup_(health_check_freep) HealthCheck *h = NULL, *resolved = NULL, *none = NULL;
        _cleanup_free_ char *joined = NULL;

        cr_assert_eq(read_check("{'Test':['CMD-SHELL','a b'],'Retries':7}", &h, NULL), 0);
        cr_assert_eq(health_check_resolve(h, shell, &resolved), 0);
        joined = strv_join(resolved->test, "|");
        cr_expect_str_eq(joined, "CMD|/bin/bash|-ec|a b");
        cr_expect_eq(resolved->retries, 7);

        cr_assert_eq(health_check_resolve(NULL, shell, &none), 0);
        cr_expect_null(none);
}

Test(health_check, times)
{
        _cleanup_(health_check_freep) HealthCheck *usual = NULL, *own = NULL;
        HealthTimes t;

        cr_assert_eq(read_check("{'Test':['CMD','a']}", &usual, NULL), 0);
        t = health_check_times(usual);
        cr_expect(t.interval_usec == 30000000 && t.timeout_usec == 30000000 && t.start_period_usec == 0 &&
                  t.start_interval_usec == 5000000 && t.retries == 3 && t.initial_delay_usec == 0 && t.successes == 1);

        cr_assert_eq(read_check("{'Test':['CMD','a'],'Interval':1000000,'Timeout':2000000000,'StartPeriod':3000000,"
                                "'StartInterval':4000000,'Retries':1,'InitialDelay':5000000,'Successes':2}", &own,
                                NULL), 0);
        t = health_check_times(own);
        cr_expect(t.interval_usec == 1000 && t.timeout_usec == 2000000 && t.start_period_usec == 3000 &&
                  t.start_interval_usec == 4000 && t.retries == 1 && t.initial_delay_usec == 5000 && t.successes == 2);
}

Test(health_check, refuses)
{
        static const char *const cases[][2] = {
                { "{'Test':['PONY']}", "Test" },
                { "{'Test':['']}", "Test" },
                { "{'Test':['NONE','x']}", "Test" },
                { "{'Test':['CMD']}", "Test" },
                { "{'Test':['CMD','']}", "Test" },
                { "{'Test':['CMD-SHELL']}", "Test" },
                { "{'Test':['CMD-SHELL','a','b']}", "Test" },
                { "{'Test':['TCP','127.0.0.1']}", "Test" },
                { "{'Test':['TCP','127.0.0.1','80','x']}", "Test" },
                { "{'Test':['HTTP','127.0.0.1','80']}", "Test" },
                { "{'Test':['GRPC','127.0.0.1']}", "Test" },
                { "{'Test':['GRPC','127.0.0.1','80','a','b']}", "Test" },
                { "{'Test':['GRPC','127.0.0.1','80','a\\nb']}", "Test" },
                { "{'Test':'CMD'}", "Test" },
                { "{'Test':[1]}", "Test" },
                { "{'Interval':-1}", "Interval" },
                { "{'Interval':999999}", "Interval" },
                { "{'Interval':'30s'}", "Interval" },
                { "{'Timeout':-1}", "Timeout" },
                { "{'StartPeriod':1}", "StartPeriod" },
                { "{'StartInterval':1}", "StartInterval" },
                { "{'Retries':-1}", "Retries" },
                { "{'InitialDelay':1}", "InitialDelay" },
                { "{'Successes':-1}", "Successes" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(health_check_freep) HealthCheck *h = NULL;
                _cleanup_json_error_ JsonError e = {};

                cr_expect_eq(read_check(cases[i][0], &h, &e), -EINVAL, "%s", cases[i][0]);
                cr_expect(e.message && startswith(e.message, cases[i][1]), "%s: %s", cases[i][0], e.message);
        }
}
