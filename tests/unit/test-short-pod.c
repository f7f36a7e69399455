/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/log.h"
#include "cli/compose/run-args.h"
#include "cli/compose/short-manifest.h"
#include "cli/files/check-report.h"
#include "foreign/short/pod-form.h"
#include "foreign/short/short-members.h"
#include "foreign/short/short-pod.h"
#include "foreign/short/short-schema.h"
#include "lib/test-mutate.h"

/* All messages, one per line. */
static void hear(int level, const LogPlace *place, const char *line, void *userdata)
{
        _cleanup_free_ char *at = place && place->line ? strprintf(":%zu:%zu", place->line, place->column) : NULL;

        cr_assert_eq(place ? strv_extendf(userdata, "%s%s: %s%s%s", place->file, strempty(at), strempty(place->member),
                                          place->member ? ": " : "", line)
                           : strv_extend(userdata, line), 0);
}

static int read_text(const char *text, AppcPod **ret, char **ret_messages)
{
        _cleanup_strv_free_ char **lines = new0(char *, 1);
        int r;

        log_set_listener(hear, &lines);
        r = short_manifest_parse(NULL, "pod.yaml", text, strlen(text), ret);
        log_set_listener(NULL, NULL);
        *ret_messages = strv_join(lines, "\n");
        return r;
}

static void expect_json(const char *text, const char *expected)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *messages = NULL, *json = NULL;
        int r = read_text(text, &pod, &messages);

        cr_assert_eq(r, 0, "%s: %s", text, messages);
        cr_assert_eq(appc_pod_write(pod, &o), 0);
        cr_assert_eq(json_format_compact(o, &json), 0);
        cr_expect(strstr(json, expected), "%s:\n%s\n%s", text, json, expected);
}

/* What each member becomes is in the manifest. */
Test(short_pod, members)
{
        static const struct {
                const char *yaml, *json;
        } cases[] = {
                { "", "\"name\":\"nginx\",\"image\":{\"name\":\"docker.io/library/nginx\",\"labels\":"
                      "[{\"name\":\"version\",\"value\":\"1.27\"}]}" },
                { "", "{\"name\":\"podctl/image\",\"value\":\"docker.io/library/nginx:1.27\"}" },
                { "name: web", "\"apps\":[{\"name\":\"web\"," },
                { "ports: ['8080:80']", "\"hostPort\":8080,\"podPort\":{\"name\":\"80-tcp\"," },
                { "ports: 8080:80/udp", "\"name\":\"80-udp\"" },
                { "volumes: [data:/x]", "\"volumes\":[{\"name\":\"data\",\"kind\":\"named\",\"volume\":\"data\"}]" },
                { "volumes: [data:/x, data:/y:ro]",
                  "{\"name\":\"volume-1\",\"kind\":\"named\",\"readOnly\":true,\"volume\":\"data\"}" },
                { "volumes: [volume-1:/x, /y]", "{\"name\":\"volume-2\",\"kind\":\"empty\"" },
                { "volumes: [/etc:/x:ro]", "\"kind\":\"host\",\"source\":\"/etc\",\"readOnly\":true}" },
                { "volumes: [/x]", "{\"name\":\"volume-0\",\"kind\":\"empty\"" },
                { "volumes: ['a,kind=tmpfs']\nmounts: ['volume=a,target=/x']", "{\"volume\":\"a\",\"path\":\"/x\"}" },
                { "tmpfs: [/tmp]", "\"kind\":\"tmpfs\"" },
                { "env: {A: 1, B: 'yes'}", "\"environment\":[\"A=1\",\"B=yes\"]" },
                { "env: [A=b=c]", "\"environment\":[\"A=b=c\"]" },
                { "exec: /bin/sh\nargs: [-c, 'true']", "\"exec\":\"/bin/sh\",\"arguments\":[\"-c\",\"true\"]" },
                { "exec: [/bin/sh, -c]\nargs: 'true'", "\"exec\":\"/bin/sh\",\"arguments\":[\"-c\",\"true\"]" },
                { "restart: no", "{\"name\":\"podctl/restart\",\"value\":\"no\"}" },
                { "auto-update: off", "{\"name\":\"podctl/auto-update\",\"value\":\"off\"}" },
                { "no-new-privileges: false", "\"no-new-privileges\":false" },
                { "sysctls: {net.ipv4.ip_unprivileged_port_start: 0}",
                  "\"net.ipv4.ip_unprivileged_port_start\":\"0\"" },
                { "readonly: true", "\"readOnlyRootFS\":true" },
                { "user: 1000", "\"user\":\"1000\"" },
                { "cpu: 0.5", "\"cpu\":\"0.5\"" },
                { "health: {interval: 5s, on-failure: stop, startup: {cmd: a}}",
                  "\"health-interval\":\"5s\",\"health-startup-cmd\":\"a\"" },
                { "health: {ready: true}", "{\"name\":\"podctl/health-ready\",\"value\":\"true\"}" },
                { "networks: [default, 'other:IP=10.1.2.3']",
                  "{\"name\":\"podctl/net\",\"value\":\"default,other:IP=10.1.2.3\"}" },
                { "pull-policy: never", "{\"name\":\"podctl/pull-policy\",\"value\":\"never\"}" },
                { "private-users: no", "{\"name\":\"podctl/private-users\",\"value\":\"no\"}" },
                /* Numbers are what is written, not what they are worth. */
                { "env: {A: 0022, B: 1.10, C: 1e3, D: 0x1F, E: 1_0, F: 1e999, G: -0}",
                  "\"environment\":[\"A=0022\",\"B=1.10\",\"C=1e3\",\"D=0x1F\","
                  "\"E=1_0\",\"F=1e999\",\"G=-0\"]" },
                { "exec: [chmod, 0644, /tmp]", "\"exec\":\"chmod\",\"arguments\":[\"0644\",\"/tmp\"]" },
                { "user: 0012\ncpu: .5", "\"user\":\"0012\"" },
                { "env: {A: ~, B: x}", "\"environment\":[\"B=x\"]" },
                { "hostname: ~\nenv:", "\"acKind\":\"PodManifest\"" },
                /* The port belongs to the socket. */
                { "ports: ['8080:80']\nsocket-activated: 80-tcp",
                  "\"ports\":[{\"name\":\"80-tcp\",\"hostPort\":8080}]" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strjoin("image: docker.io/library/nginx:1.27\n", cases[i].yaml);

                expect_json(text, cases[i].json);
        }
}

Test(short_pod, apps)
{
        expect_json("apps: {a: busybox, b: {image: nginx}}",
                    "\"apps\":[{\"name\":\"a\",\"image\":{\"name\":\"busybox\"}}");
        expect_json("apps: [{image: busybox}, {image: busybox, name: b}]", "\"name\":\"b\"");
        /* Volumes that say the same are one. */
        expect_json("apps: {a: {image: x, volumes: [v:/a]}, b: {image: x, volumes: [v:/b]}}",
                    "\"volumes\":[{\"name\":\"v\",\"kind\":\"named\",\"volume\":\"v\"}]");
        /* What the pod says is for all apps. */
        expect_json("env: {A: b}\napps: {a: x}", "\"options\":{\"environment\":[\"A=b\"]}");
        expect_json("{\"image\": \"x\", \"ports\": [\"80:80\"]}", "\"hostPort\":80");
}

Test(short_pod, mistakes)
{
        static const struct {
                const char *yaml, *messages;
        } cases[] = {
                { "", "pod.yaml: the file is empty: expected image or apps" },
                { "[a]", "pod.yaml:1:1: expected an object with image or apps" },
                { "ports: []", "pod.yaml:1:1: image: missing" },
                { "image: a\n---\nimage: b\n", "pod.yaml:3:1: a file of pods.d describes one pod, and this is a second "
                                               "document" },
                { "image: a\nimge: b\nport: [80:80]\nxyzzy: 1\n",
                  "pod.yaml:2:1: imge: is not a known member; did you mean 'image'?\n"
                  "pod.yaml:3:1: port: is not a known member; did you mean 'ports'?\n"
                  "pod.yaml:4:1: xyzzy: is not a known member" },
                { "services: {a: {image: b}}", "pod.yaml:1:1: services: is of Compose; podctl create NAME --from=FILE "
                  "takes a pod from such a file" },
                { "memory: 1G\napps:\n  a:\n    image: x\n    hostname: y\n",
                  "pod.yaml:1:1: memory: is a member of an app, below apps\n"
                  "pod.yaml:5:5: apps.a.hostname: is a member of the pod, beside apps" },
                { "image: a\napps: {}", "pod.yaml:2:1: apps: a pod has image, for one app, or apps, for several; not "
                                        "both" },
                { "apps: {}", "pod.yaml:1:1: apps: expected at least one app" },
                { "apps: {A_: x}", "pod.yaml:1:8: apps.A_: 'A_' is not a valid name of an app: small letters, digits "
                                   "and '-'" },
                /* Words of YAML are names like others. What lacks because of a mistake is not told. */
                { "apps: {n: {image: x, memory: lots}}",
                  "pod.yaml:1:22: apps.n.memory: Option --memory: value.limit: \"lots\" is not a quantity like "
                  "\"512Mi\" or \"250m\"" },
                { "imge: x", "pod.yaml:1:1: imge: is not a known member; did you mean 'image'?" },
                { "apps: {A: x, b: {image: x, after: [A]}}",
                  "pod.yaml:1:8: apps.A: 'A' is not a valid name of an app: small letters, digits and '-'" },
                { "apps: {b: {image: x, after: [A]}}",
                  "pod.yaml:1:30: apps.b.after[0]: There is no app 'A' in the pod" },
                { "image: x\nuser: \"12:34\"", "pod.yaml:2:1: user: expected a user without a group; write 'user: 12' "
                                               "and 'group: 34'" },
                { "image: x\nuser: -1",
                  "pod.yaml:2:1: user: '-1' is not a valid user: a name, a number below 4294967295, or the path of a "
                  "file with that owner" },
                { "image: x\nuser: 4294967295",
                  "pod.yaml:2:1: user: '4294967295' is not a valid user: a name, a number below 4294967295, or the "
                  "path of a file with that owner" },
                { "image: x\nuser: a b",
                  "pod.yaml:2:1: user: 'a b' is not a valid user: a name, a number below 4294967295, or the path of a "
                  "file with that owner" },
                { "apps: [a, a]", "pod.yaml:1:11: apps[1]: there are two apps 'a'; give one a name" },
                { "image: a\nenv:\n  A: yes\n  B: [1]\n",
                  "pod.yaml:3:3: env.A: expected a string; put it in quotation marks\n"
                  "pod.yaml:4:3: env.B: expected a string" },
                { "image: a\nrestart: often", "pod.yaml:2:1: restart: expected one of no|on-failure|always, not "
                                              "'often'" },
                { "image: a\nreadonly: 'x'", "pod.yaml:2:1: readonly: expected true or false" },
                { "image: a\nvolumes: [a:/b:rx, A_:/b, 'a:b', 'a:/b,c', 'a:/b:ro:x']",
                  "pod.yaml:2:11: volumes[0]: 'rx' is neither ro nor rw\n"
                  "pod.yaml:2:20: volumes[1]: 'A_' is neither an absolute path of the host nor the name of a volume\n"
                  "pod.yaml:2:27: volumes[2]: 'b' is not an absolute path in the app\n"
                  "pod.yaml:2:34: volumes[3]: a path with a comma cannot be written here\n"
                  "pod.yaml:2:44: volumes[4]: expected SOURCE:PATH[:ro] or PATH, not 'a:/b:ro:x'" },
                { "image: a\nvolumes: ['/x:', '/x::ro', ':/x']",
                  "pod.yaml:2:11: volumes[0]: expected SOURCE:PATH[:ro] or PATH, not '/x:'\n"
                  "pod.yaml:2:18: volumes[1]: expected SOURCE:PATH[:ro] or PATH, not '/x::ro'\n"
                  "pod.yaml:2:28: volumes[2]: expected SOURCE:PATH[:ro] or PATH, not ':/x'" },
                { "image: a\nhealth: {cmdd: x}", "pod.yaml:2:10: health.cmdd: is not a known member; did you "
                                                    "mean 'cmd'?" },
                /* Each value is looked at as the option's, whatever else is wrong. */
                { "image: a\nport: x\nmemory: lots\nports: [x:y]\nenv-files: [a]\n",
                  "pod.yaml:2:1: port: is not a known member; did you mean 'ports'?\n"
                  "pod.yaml:5:13: env-files[0]: Option --set-env-file: 'a' is not an absolute path\n"
                  "pod.yaml:3:1: memory: Option --memory: value.limit: \"lots\" is not a quantity like \"512Mi\" or "
                  "\"250m\"\n"
                  "pod.yaml:4:9: ports[0]: Option --port: 'y' is not a port number" },
                { "image: a\nhealth: {interval: x}", "pod.yaml:2:10: health.interval: Option --health-interval takes a "
                                                     "time of 1ms or more, such as 30s, not 'x'" },
                { "apps:\n  a: {image: x, requires: a}\n  b: {image: x, after: c}\n  c: {image: x, requires: b}\n"
                  "  d: {image: x, after: [b, e]}\n",
                  "pod.yaml:2:17: apps.a.requires: App 'a' would wait for itself\n"
                  "pod.yaml:3:17: apps.b.after: App 'b' would wait for itself\n"
                  "pod.yaml:4:17: apps.c.requires: App 'c' would wait for itself\n"
                  "pod.yaml:5:28: apps.d.after[1]: There is no app 'e' in the pod" },
                { "image: a\ndns: [host, 192.0.2.1]",
                  "pod.yaml: Option --dns=host cannot be combined with other --dns options" },
                { "image: a\nvolumes: ['a,kind=empty', 'a,kind=empty']",
                  "pod.yaml:2:27: volumes[1]: Option --volume: there are two volumes 'a'" },
                { "image: a\nmounts: ['volume=b,target=/x']",
                  "pod.yaml:2:10: mounts[0]: Option --mount: there is no volume 'b'; declare it with --volume, or with "
                  "--mnt-volume of podctl app add" },
                { "image: a\nports: ['80:80']\nmounts: ['volume=v,target=/x', 'volume=v,target=/x']\n"
                  "volumes: ['v,kind=empty']",
                  "pod.yaml:3:32: mounts[1]: Option --mount: there are two volumes at '/x'" },
                { "image: a\nvolumes: ['d:/z', '/srv:/z']\nlog-file: /var/log/../x\nports: ['80:80', '80:81']",
                  "pod.yaml:2:19: volumes[1]: Option --mount: there are two volumes at '/z'\n"
                  "pod.yaml:3:1: log-file: 'podctl/log-file' is the absolute path of a file, without '..', not "
                  "'/var/log/../x'\n"
                  "pod.yaml:4:18: ports[1]: ports '80-tcp' and '81-tcp' both want tcp port 80 of the host" },
                { "image: a\nports: ['80:80']\nnetworks: none",
                  "pod.yaml: Option --port needs a network of the pod's own, which --net=none is not" },
                { "image: a\nnetwork-aliases: a b",
                  "pod.yaml:2:1: network-aliases: Option --net-alias: 'a b' is not a valid name: letters, digits, '-', "
                  "'_', and '.' between them" },
                { "image: ./a.aci", "pod.yaml:1:1: image: './a.aci' is a file, which podctl fetch brings into the "
                                    "store; write the image's name" },
                { "image: [", "pod.yaml: not valid YAML at line 2, column 1: did not find expected node content" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
                _cleanup_free_ char *messages = NULL;

                cr_expect_lt(read_text(cases[i].yaml, &pod, &messages), 0, "%s", cases[i].yaml);
                cr_expect_str_eq(messages, cases[i].messages, "%s:\n%s", cases[i].yaml, messages);
                cr_expect_null(pod);
        }
}

/* Each row has an option of podctl create, and each of those that a file can say has a row. */

static bool is_said(const ShortMember *m, const char *option)
{
        for (; m->name; m++)
                if ((m->option && strlen(option) == strcspn(m->option, "=") && startswith(m->option, option)) ||
                    (m->members && is_said(m->members, option)))
                        return true;
        return false;
}

static void expect_options(const ShortMember *m, const Option *options)
{
        for (; m->name; m++) {
                _cleanup_free_ char *word = strjoin("--", strempty(m->option));

                cr_expect(!m->option || options_find(m->of_pod ? create_options : options, word), "%s", m->name);
                cr_expect_not_null(m->help, "%s", m->name);
                if (m->members)
                        expect_options(m->members, options);
        }
}

static void expect_members(const Option *options, const ShortMember *members, const char *const *without)
{
        for (; options->name; options++)
                cr_expect(!options->help || strv_contains((char *const *) without, options->name) ||
                                  is_said(members, options->name), "--%s", options->name);
}

Test(short_pod, options)
{
        /* Of the unit, of the command itself, of whoever types it, or said otherwise. */
        static const char *const pod[] = { "property", "slice", "check", "dry-run", "force", "from", "format",
                                           "replace", "inherit-env", "no-store", "store-only", "no-overlay",
                                           "stage1-from-dir", "stage1-hash", "stage1-name", "stage1-path",
                                           "stage1-url", "volume", NULL };
        static const char *const app[] = { "name", "signature", "cap-remove", "cap-retain", "mnt-volume", NULL };

        expect_options(short_pod_members, create_options);
        expect_options(short_app_members, run_app_options);
        expect_members(create_options, short_pod_members, pod);
        expect_members(run_app_options, short_app_members, app);
}

Test(short_pod, forms)
{
        static const struct {
                const char *text;
                bool yaml;
                PodForm form;
        } cases[] = {
                { "{\"acKind\": \"PodManifest\"}", false, POD_FORM_APPC },
                { "{\"acVersion\": \"0.8.11\"}", true, POD_FORM_APPC },
                { "{", false, POD_FORM_APPC },
                { "kind: Pod", true, POD_FORM_KUBE },
                { "a: b\n---\napiVersion: v1", true, POD_FORM_KUBE },
                { "{\"kind\": \"Pod\"}", false, POD_FORM_KUBE },
                { "image: a", true, POD_FORM_SHORT },
                { "{\"image\": \"a\"}", false, POD_FORM_SHORT },
                { "[", true, POD_FORM_SHORT },
                { "", true, POD_FORM_SHORT },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(pod_form_of(cases[i].text, strlen(cases[i].text), cases[i].yaml), cases[i].form, "%s",
                             cases[i].text);
}

Test(short_pod, schema)
{
        _cleanup_json_object_ json_object *schema = short_schema_new();
        json_object *forms = json_object_object_get(schema, "oneOf"), *one = json_object_array_get_idx(forms, 0),
                    *several = json_object_array_get_idx(forms, 1), *restart;

        one = json_object_object_get(one, "properties");
        several = json_object_object_get(several, "properties");
        for (const ShortMember *m = short_pod_members; m->name; m++)
                cr_expect_neq(json_object_object_get_ex(several, m->name, NULL), 0, "%s", m->name);
        for (const ShortMember *m = short_app_members; m->name; m++)
                cr_expect_neq(json_object_object_get_ex(one, m->name, NULL), 0, "%s", m->name);
        cr_expect_not(json_object_object_get_ex(one, "apps", NULL));
        cr_expect_not(json_object_object_get_ex(several, "image", NULL));
        cr_assert(json_object_object_get_ex(one, "restart", &restart));
        restart = json_object_object_get(restart, "enum");
        cr_expect_str_eq(json_object_to_json_string_ext(restart, JSON_C_TO_STRING_PLAIN),
                         "[\"no\",false,\"on-failure\",\"always\",null]");
}

/* Whatever is in a member or a message, neither gets into the other. */
Test(short_pod, report)
{
        static const struct {
                LogPlace place;
                const char *message, *json;
        } cases[] = {
                { { "a.json", 3, 9, "apps[0].image" }, "missing",
                  "\"line\":3,\"column\":9,\"member\":\"apps[0].image\",\"severity\":\"error\","
                  "\"message\":\"missing\"" },
                { { "a.json", 3, 0, "x: y" }, "z: w",
                  "\"line\":3,\"column\":null,\"member\":\"x: y\",\"severity\":\"error\",\"message\":\"z: w\"" },
                { { "a.json", 3, 9, NULL }, "no: member: y",
                  "\"member\":null,\"severity\":\"error\",\"message\":\"no: member: y\"" },
                { { "a.json", 0, 0, NULL }, "not valid JSON at line 4, column 5: x",
                  "\"line\":4,\"column\":5,\"member\":null" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_object_ json_object *o = check_report_item(&cases[i].place, "error", cases[i].message);
                const char *json = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);

                cr_expect(strstr(json, cases[i].json), "%s", json);
        }
}

static void see_mutation(const char *text)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        _cleanup_free_ char *messages = NULL;
        int r = read_text(text, &pod, &messages);

        cr_expect(r >= 0 || !isempty(messages), "%s: %i", text, r);
}

/* Whatever a value is, there is a pod, or it is said why not. */
Test(short_pod, values_of_all_types)
{
        each_mutation("{\"hostname\":\"h\",\"ports\":[\"80:80\"],\"volumes\":[\"v:/v\"],\"networks\":[\"n\"],"
                      "\"apps\":{\"a\":{\"image\":\"i\",\"exec\":[\"/x\"],\"args\":[\"b\"],\"env\":{\"A\":\"b\"},"
                      "\"health\":{\"cmd\":\"x\",\"interval\":\"5s\",\"startup\":{\"cmd\":\"y\"}},\"readonly\":true,"
                      "\"annotations\":{\"a\":\"b\"},\"rlimits\":[\"NOFILE=1\"],\"memory\":\"1M\"},\"b\":\"j\"}}",
                      see_mutation);
        each_mutation("{\"image\":\"i\",\"env\":[\"A=b\"],\"tmpfs\":[\"/t\"],\"mounts\":[\"volume=v,target=/x\"]}",
                      see_mutation);
}
