/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/appc-image.h"
#include "manifest/isolator.h"
#include "lib/test-cases.h"

static int parse_image(const char *data, size_t n, JsonError *e)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;

        return appc_image_parse(data, n, &image, e);
}

static int isolator_case(const char *data, size_t n, JsonError *e)
{
        return PARSE_WRAPPED(parse_image,
                             "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"a\",\"app\":"
                             "{\"exec\":[\"/a\"],\"user\":\"0\",\"group\":\"0\",\"isolators\":[%s]}}",
                             data, e);
}

static const CaseArea areas[] = {
        { "appc-isolator", isolator_case },
};
CASE_TESTS(isolator, areas)

Test(isolator, names)
{
        cr_expect_eq(isolator_type_from_string("os/unix/sysctl"), ISOLATOR_SYSCTL);
        cr_expect_eq(isolator_type_from_string("os/linux/ponies"), _ISOLATOR_TYPE_INVALID);
}

static int parse(const char *name, const char *json, Isolator *ret, JsonError *e)
{
        _cleanup_free_ char *text = quoted(json);

        return isolator_parse(name, text, ret, e);
}

Test(isolator, resources)
{
        static const struct {
                const char *name;
                const char *value;
                int64_t request, limit;
        } cases[] = {
                { "resource/cpu", "{'request':'30m','limit':'1'}", 30, 1000 },
                { "resource/cpu", "{'limit':0.5}", 500, 500 },
                { "resource/memory", "{'request':'1G','limit':'2Gi'}", 1000000000, 2147483648 },
                { "resource/memory", "{'limit':'0.0001'}", 1, 1 },
                { "resource/memory", "{'limit':4096,'default':false}", 4096, 4096 },
                { "resource/block-iops", "{'default':true,'limit':'1k'}", 1000, 1000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(isolator_done) Isolator x = {};
                _cleanup_json_error_ JsonError e = {};
                int r = parse(cases[i].name, cases[i].value, &x, &e);

                cr_assert_eq(r, 0, "%s: %s", cases[i].value, json_error_message(&e, r));
                cr_expect(x.known);
                cr_expect_eq(x.resource.request, cases[i].request, "%s", cases[i].value);
                cr_expect_eq(x.resource.limit, cases[i].limit, "%s", cases[i].value);
        }
}

Test(isolator, values)
{
        _cleanup_(isolator_done) Isolator caps = {}, seccomp = {}, selinux = {}, sysctl = {}, profile = {}, oom = {};

        cr_assert_eq(parse("os/linux/capabilities-retain-set", "{'set':['CAP_KILL']}", &caps, NULL), 0);
        cr_expect_str_eq(caps.set[0], "CAP_KILL");
        cr_assert_eq(parse("os/linux/seccomp-remove-set", "{'set':['reboot'],'errno':'EPERM'}", &seccomp, NULL), 0);
        cr_expect_str_eq(seccomp.error, "EPERM");
        cr_assert_eq(parse("os/linux/selinux-context", "{'user':'u','role':'r','type':'t','level':'s0:c0'}", &selinux,
                           NULL), 0);
        cr_expect_str_eq(selinux.selinux.level, "s0:c0");
        cr_assert_eq(parse("os/unix/sysctl", "{'net.ipv4.x':'1'}", &sysctl, NULL), 0);
        cr_expect_str_eq(strv_env_get(sysctl.sysctl, "net.ipv4.x"), "1");
        cr_assert_eq(parse("os/linux/apparmor-profile", "{'profile':'p'}", &profile, NULL), 0);
        cr_expect_str_eq(profile.profile, "p");
        cr_assert_eq(parse("os/linux/oom-score-adj", "-1000", &oom, NULL), 0);
        cr_expect_eq(oom.number, -1000);
}

Test(isolator, refuses)
{
        static const struct {
                const char *name;
                const char *value;
                const char *message;
        } cases[] = {
                { "os/linux/cpu-shares", "1", "value: must be between 2 and 262144" },
                { "os/linux/cpu-shares", "262145", "value: must be between 2 and 262144" },
                { "os/linux/cpu-shares", "18446744073709551615", "value: number out of range" },
                { "os/linux/cpu-shares", "2.5", "value: expected an integer" },
                { "os/linux/oom-score-adj", "1001", "value: must be between -1000 and 1000" },
                { "os/linux/no-new-privileges", "'true'", "value: expected true or false" },
                { "os/linux/no-new-privileges", "null", "missing member 'value'" },
                { "resource/memory", "'1G'", "value: expected an object" },
                { "resource/memory", "{'limit':'-1'}", "value.limit: must not be negative" },
                { "resource/memory",
                  "{'limit':[]}", "value.limit: [ ] is not a quantity like \"512Mi\" or \"250m\"" },
                { "resource/memory", "{'limit':'9E9'}", NULL },
                { "resource/memory", "{'limit':'9e99'}", "value.limit: \"9e99\" is out of range" },
                { "resource/block-iops", "{'default':true}", "value: missing member 'limit'" },
                { "resource/block-iops",
                  "{'default':true,'limit':1,'request':1}", "value.request: this resource has a limit only" },
                { "os/linux/capabilities-remove-set", "{'set':['']}", "value.set: contains an empty name" },
                { "os/linux/capabilities-remove-set", "{}", "value: missing member 'set'" },
                { "os/linux/seccomp-retain-set", "{'set':['read'],'errno':'eperm'}",
                  "value.errno: 'eperm' is not the name of an error like \"EPERM\"" },
                { "os/linux/selinux-context", "{'user':'u:','role':'r','type':'t','level':'s0'}",
                  "value: user, role and type must not contain ':'" },
                { "os/linux/selinux-context", "{'user':'u','role':'r','type':'t','level':'s0:c0:c1'}",
                  "value.level: must contain one ':' at most" },
                { "os/unix/sysctl", "{'a':1}", "value.a: expected a string" },
                { "Upper/Case", "1", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(isolator_done) Isolator x = {};
                _cleanup_json_error_ JsonError e = {};

                if (!cases[i].message && streq(cases[i].name, "resource/memory")) {
                        /* 9E9 is a power of ten, not nine exa. */
                        cr_expect_eq(parse(cases[i].name, cases[i].value, &x, &e), 0);
                        cr_expect_eq(x.resource.limit, 9000000000);
                        continue;
                }
                cr_expect_eq(parse(cases[i].name, cases[i].value, &x, &e), -EINVAL, "%s", cases[i].value);
                cr_assert(e.message, "%s", cases[i].value);
                if (cases[i].message)
                        cr_expect_str_eq(e.message, cases[i].message);
        }
}

Test(isolator, unknown_is_kept)
{
        _cleanup_(isolator_done) Isolator x = {};
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(parse("example.com/isolator", "{'a':[1,2]}", &x, NULL), 0);
        cr_expect_not(x.known);
        cr_expect_eq(x.type, ISOLATOR_UNKNOWN);
        cr_assert_eq(json_format_compact(x.value, &text), 0);
        cr_expect_str_eq(text, "{\"a\":[1,2]}");
}

static void list_free(Isolator *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                isolator_done(&list[i]);
        free(list);
}

Test(isolator, lists)
{
        _cleanup_json_error_ JsonError e = {};
        Isolator *list = NULL;
        size_t n = 0;

        cr_assert_eq(isolators_set(&list, &n, ISOLATOR_MEMORY, "{\"limit\":\"1G\"}", &e), 0);
        cr_assert_eq(isolators_set(&list, &n, ISOLATOR_CPU_SHARES, "100", &e), 0);
        cr_assert_eq(isolators_set(&list, &n, ISOLATOR_MEMORY, "{\"limit\":\"2G\"}", &e), 0);
        cr_expect_eq(n, 2);
        cr_expect_eq(isolators_find(list, n, ISOLATOR_MEMORY)->resource.limit, 2000000000);
        cr_expect_null(isolators_find(list, n, ISOLATOR_CPU));
        cr_expect_eq(isolators_set(&list, &n, ISOLATOR_CPU_SHARES, "1", &e), -EINVAL);
        cr_expect_eq(n, 2);

        cr_expect_eq(isolators_check(list, n, "isolators", &e), 0);
        cr_assert_eq(isolators_set(&list, &n, ISOLATOR_CAPS_RETAIN, "{\"set\":[\"CAP_KILL\"]}", NULL), 0);
        cr_assert_eq(isolators_set(&list, &n, ISOLATOR_CAPS_REMOVE, "{\"set\":[\"CAP_KILL\"]}", NULL), 0);
        json_error_clear(&e);
        cr_expect_eq(isolators_check(list, n, "isolators", &e), -EINVAL);
        cr_expect(startswith(e.message, "isolators: "));

        isolators_remove(list, &n, ISOLATOR_CAPS_RETAIN);
        cr_expect_eq(n, 3);
        cr_expect_eq(isolators_check(list, n, "isolators", NULL), 0);
        cr_expect_not(isolators_no_new_privs(list, n));
        cr_assert_eq(isolators_set(&list, &n, ISOLATOR_NO_NEW_PRIVS, "true", NULL), 0);
        cr_expect(isolators_no_new_privs(list, n));
        list_free(list, n);
}
