/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/appc-pod.h"
#include "lib/test-cases.h"
#include "lib/test-mutate.h"

static int parse_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;

        return appc_pod_parse(data, n, &pod, e);
}

static const CaseArea areas[] = {
        { "appc-pod-manifest", parse_case },
};
CASE_TESTS(appc_pod, areas)

Test(appc_pod, survives_damage, .timeout = 120)
{
        run_damaged("appc-pod/full.json", parse_case);
}

static AppcPod *read_full(void)
{
        _cleanup_json_error_ JsonError e = {};
        AppcPod *pod = NULL;
        size_t n;
        _cleanup_free_ char *data = read_data("appc-pod/full.json", &n);
        int r = appc_pod_parse(data, n, &pod, &e);

        cr_assert_eq(r, 0, "%s", json_error_message(&e, r));
        return pod;
}

Test(appc_pod, full)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = read_full();
        const AppcPodApp *web = appc_pod_find_app(pod, "web"), *helper = appc_pod_find_app(pod, "helper");
        const Volume *cache = appc_pod_find_volume(pod, "cache"), *data = appc_pod_find_volume(pod, "data");
        _cleanup_json_error_ JsonError e = {};
        int r;

        cr_assert(web && helper && cache && data);
        cr_expect(startswith(web->image.id, "sha256:"));
        cr_expect_null(helper->image.id);
        cr_expect_null(helper->app);
        cr_expect(web->read_only_rootfs);
        cr_expect(web->app->group_from_user);
        cr_expect_str_eq(web->app->stop_signal, "SIGQUIT");
        cr_expect_eq(web->mounts[1].app_volume->mode, 01777);
        cr_expect_eq(data->read_only, TRISTATE_NO);
        cr_expect_eq(data->recursive, TRISTATE_YES);
        cr_expect_eq(cache->read_only, TRISTATE_UNSET);
        cr_expect_eq(cache->mode, 0);
        cr_expect_eq(cache->gid, 34);
        cr_expect_str_eq(pod->ports[0].host_ip, "127.0.0.1");
        cr_expect_eq(pod->ports[1].pod_port->port, 53);
        cr_expect_eq(isolators_find(pod->isolators, pod->n_isolators, ISOLATOR_CPU)->resource.limit, 500);
        cr_expect_str_eq(appc_pod_annotation(pod, "coreos.com/rkt/stage1/mutable"), "false");

        r = appc_pod_check_runnable(pod, &e);
        cr_expect_eq(r, 0, "%s", json_error_message(&e, r));
}

Test(appc_pod, round_trip)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = read_full(), *again = NULL;
        _cleanup_json_object_ json_object *o = NULL, *p = NULL, *original = NULL;
        size_t n;
        _cleanup_free_ char *data = read_data("appc-pod/full.json", &n);

        cr_assert_eq(json_parse_memory(data, n, &original, NULL), 0);
        cr_assert_eq(appc_pod_write(pod, &o), 0);
        cr_expect(json_object_equal(o, original), "%s", json_object_to_json_string(o));
        cr_assert_eq(appc_pod_read(o, &again, NULL), 0);
        cr_assert_eq(appc_pod_write(again, &p), 0);
        cr_expect(json_object_equal(o, p));
}

Test(appc_pod, composed)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = appc_pod_new(), *again = NULL;
        _cleanup_(volume_done) Volume volume = { .name = strdup("v"), .kind = VOLUME_EMPTY, .mode = 0755 };
        _cleanup_(volume_done) Volume twin = { .name = strdup("v"), .kind = VOLUME_EMPTY };
        _cleanup_(mount_done) Mount mount = { .volume = strdup("v"), .path = strdup("/x") };
        _cleanup_(pod_port_done) PodPort port = { .name = strdup("p"), .host_port = 80 };
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};
        AppcPodApp *app;
        int r;

        cr_assert(pod);
        cr_expect_eq(appc_pod_check_runnable(pod, &e), -EINVAL);
        cr_expect_str_eq(e.message, "apps: a pod needs at least one app");
        json_error_clear(&e);

        cr_assert_eq(appc_pod_add_app(pod, "a", &app), 0);
        app->image.name = strdup("example.com/a");
        cr_assert_eq(appc_pod_app_add_mount(app, &mount), 0);
        cr_expect_null(mount.volume);
        cr_expect_eq(appc_pod_add_app(pod, "a", &app), -EEXIST);

        cr_expect_eq(appc_pod_check_runnable(pod, &e), -EINVAL);
        cr_expect_str_eq(e.message, "apps[0].mounts[0].volume: no volume 'v' is declared");
        json_error_clear(&e);
        cr_assert_eq(appc_pod_add_volume(pod, &volume), 0);
        cr_expect_eq(appc_pod_add_volume(pod, &twin), -EEXIST);
        cr_expect_eq(appc_pod_check_runnable(pod, &e), 0);

        cr_assert_eq(appc_pod_add_port(pod, &port), 0);
        cr_expect_eq(appc_pod_check_runnable(pod, &e), -EINVAL);
        cr_expect_str_eq(e.message, "ports[0].name: no app has a port 'p'");
        json_error_clear(&e);
        app = &pod->apps[0];
        app->app = app_new();
        app->app->user = strdup("0");
        app->app->group = strdup("0");
        cr_assert_eq(app_add_port(app->app, "p", "tcp", 80, 1), 0);
        cr_expect_eq(appc_pod_check_runnable(pod, &e), 0);

        cr_assert_eq(appc_pod_write(pod, &o), 0);
        r = appc_pod_read(o, &again, &e);
        cr_expect_eq(r, 0, "%s", json_error_message(&e, r));
}

#define POD(members) "{'acKind':'PodManifest','acVersion':'0.8.11'," members "}"
#define APPS(members) POD("'apps':[{'name':'a','image':{'name':'a'}," members "}]")
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define VOLUME(members) POD("'apps':[],'volumes':[{'name':'v'," members "}]")
#define PORT(members) POD("'apps':[],'ports':[{'name':'p'," members "}]")

Test(appc_pod, names_what_is_wrong)
{
        static const char *const cases[][2] = {
                { "{'acKind':'PodManifest','acVersion':'0.8.11'}", "missing member 'apps'" },
                { POD("'apps':{}"), "apps: expected an array" },
                { POD("'apps':[{'name':'a'}]"), "apps[0]: missing member 'image'" },
                { POD("'apps':[{'image':{'name':'a'}}]"), "apps[0]: missing member 'name'" },
                { POD("'apps':[{'name':'a','image':{}}]"),
                  "apps[0].image: missing member 'id' (or 'name' of a stored image)" },
                { POD("'apps':[{'name':'a','image':{'name':'a'}},{'name':'b','image':{'id':7}}]"),
                  "apps[1].image.id: expected a string" },
                { POD("'apps':[{'name':'a','image':{'id':'sha256:00'}}]"),
                  "apps[0].image.id: 'sha256:00' is not an image ID (\"sha512-…\", \"sha256:…\" or \"sha512:…\")" },
                { POD("'apps':[{'name':'a','image':{'name':'a'}},{'name':'a','image':{'name':'a'}}]"),
                  "apps: 'a' is there twice" },
                { APPS("'app':{'user':'0'}"), "apps[0].app: missing member 'group'" },
                { APPS("'mounts':[{'volume':'v'}]"), "apps[0].mounts[0]: missing member 'path'" },
                { APPS("'mounts':[{'volume':'v','path':'x'}]"), "apps[0].mounts[0].path: 'x' is not an absolute path" },
                { APPS("'mounts':[{'volume':'v','path':'/x','appVolume':{'name':'v','kind':'host'}}]"),
                  "apps[0].mounts[0].appVolume: missing member 'source', which host volumes need" },
                { APPS("'credentials':[{'source':'/a'}]"), "apps[0].credentials[0]: missing member 'name'" },
                { APPS("'credentials':[{'name':'a'},{'name':'a','source':'/a'}]"),
                  "apps[0].credentials: 'a' is there twice" },
                { APPS("'credentials':[{'name':'a','source':'b/c'}]"),
                  "apps[0].credentials[0].source: 'b/c' is neither an absolute path nor the name of a credential" },
                { APPS("'credentials':[{'name':'.a'}]"),
                  "apps[0].credentials[0].name: '.a' is not a valid name of a credential: letters, "
                  "digits, '.', '_' and '-', at most 128" },
                { APPS("'credentials':[{'name':'a','variable':'A=b'}]"),
                  "apps[0].credentials[0].variable: 'A=b' is not a valid name of a variable: letters, digits, '_', '.' "
                  "and '-', a letter or '_' first, at most 128" },
                { APPS("'addressVariables':{'A':'ip'}"),
                  "apps[0].addressVariables: 'ip' is not an address: pod-ip, pod-ips, host-ip and host-ips are" },
                { APPS("'addressVariables':{'1':'pod-ip'}"),
                  "apps[0].addressVariables: '1' is not a valid name of a variable" },
                { APPS("'credentials':[{'name':'a','variable':'A'}],'addressVariables':{'A':'pod-ip'}"),
                  "apps[0].addressVariables: a credential of the app has the variable 'A'" },
                { APPS("'credentials':[{'name':'a','variable':''}]"),
                  "apps[0].credentials[0].variable: '' is not a valid name of a variable: letters, digits, '_', '.' "
                  "and '-', a letter or '_' first, at most 128" },
                { APPS("'credentials':[{'name':'a','variable':'A'},{'name':'b'},{'name':'c','variable':'A'}]"),
                  "apps[0].credentials: another credential of the app has the variable 'A'" },
                { VOLUME("'kind':'disk'"),
                  "volumes[0].kind: expected \"host\", \"empty\", \"image\", \"named\" or \"tmpfs\", not 'disk'" },
                { VOLUME("'kind':'host'"), "volumes[0]: missing member 'source', which host volumes need" },
                { VOLUME("'kind':'host','source':'a'"), "volumes[0].source: 'a' is not an absolute path" },
                { VOLUME("'kind':'host','source':'/a','mode':'0755'"),
                  "volumes[0].mode: only empty and tmpfs volumes have this" },
                { VOLUME("'kind':'host','source':'/a','uid':0"),
                  "volumes[0].uid: only empty and tmpfs volumes have this" },
                { VOLUME("'kind':'empty','source':'/a'"), "volumes[0].source: only host volumes have this" },
                { VOLUME("'kind':'empty','mode':'0999'"), "volumes[0].mode: '0999' is not a file mode like \"0755\"" },
                { VOLUME("'kind':'empty','mode':755"), "volumes[0].mode: expected a string" },
                { VOLUME("'kind':'empty','uid':-1"), "volumes[0].uid: must not be negative" },
                { VOLUME("'kind':'image'"), "volumes[0]: an image volume needs the name of an image" },
                { VOLUME("'kind':'image','image':''"), "volumes[0].image: an image volume needs the name of an image" },
                { VOLUME("'kind':'image','imageID':'x'"), "volumes[0].imageID: 'x' is not an image ID "
                  "(\"sha512-…\", \"sha256:…\" or \"sha512:…\")" },
                { VOLUME("'kind':'image','image':'a','readOnly':false"),
                  "volumes[0].readOnly: the files of an image cannot be written to; leave it out, and copy what an app "
                  "is to change" },
                { VOLUME("'kind':'image','image':'a','mode':'0755'"),
                  "volumes[0].mode: only empty and tmpfs volumes have this" },
                { VOLUME("'kind':'image','image':'a','source':'/a'"),
                  "volumes[0].source: only host volumes have this" },
                { VOLUME("'kind':'host','source':'/a','image':'a'"), "volumes[0].image: only image volumes have this" },
                { VOLUME("'kind':'named','imageID':'sha256-" ZEROS "'"),
                  "volumes[0].imageID: only image volumes have this" },
                { PORT("'hostPort':0"), "ports[0].hostPort: must be between 1 and 65535" },
                { PORT("'hostPort':65536"), "ports[0].hostPort: must be between 1 and 65535" },
                { PORT("'hostPort':80,'hostIP':'localhost'"), "ports[0].hostIP: 'localhost' is not an IP address" },
                { PORT("'hostPort':80,'podPort':{'name':'x','protocol':'tcp'}"),
                  "ports[0].podPort: missing member 'port'" },
                { POD("'apps':[],'isolators':[{'name':'os/unix/sysctl','value':{}},"
                      "{'name':'os/unix/sysctl','value':{}}]"),
                  "isolators: 'os/unix/sysctl' is there twice" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = quoted(cases[i][0]);
                _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
                _cleanup_json_error_ JsonError e = {};

                cr_expect_eq(appc_pod_parse(json, strlen(json), &pod, &e), -EINVAL, "%s", json);
                cr_assert(e.message, "%s", json);
                cr_expect_str_eq(e.message, cases[i][1]);
        }
}

Test(appc_pod, not_runnable)
{
        static const char *const cases[][2] = {
                { APPS("'mounts':[{'volume':'v','path':'/x'},{'volume':'v','path':'/y/../x/'}]") ,
                  "apps[0].mounts[0].volume: no volume 'v' is declared" },
                { "{'acKind':'PodManifest','acVersion':'0.8.11','volumes':[{'name':'v','kind':'empty'}],"
                  "'apps':[{'name':'a','image':{'name':'a'},'mounts':[{'volume':'v','path':'/x'},"
                  "{'volume':'v','path':'/y/../x/'}]}]}",
                  "apps[0].mounts[1].path: something is mounted at '/x' already" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = quoted(cases[i][0]);
                _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
                _cleanup_json_error_ JsonError e = {};

                cr_assert_eq(appc_pod_parse(json, strlen(json), &pod, &e), 0, "%s", e.message);
                cr_expect_eq(appc_pod_check_runnable(pod, &e), -EINVAL);
                cr_assert(e.message);
                cr_expect_str_eq(e.message, cases[i][1]);
        }
}

/* What people write: every mistake, each with its path. */

static int parse_strictly(const char *json, JsonError *e)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        _cleanup_free_ char *text = quoted(json);

        *e = (JsonError) { .strict = true };
        return appc_pod_parse_runnable(text, strlen(text), &pod, e);
}

static char **all_texts(const JsonError *e)
{
        _cleanup_free_ JsonMistake *all = NULL;
        char **texts = NULL;
        size_t n = 0;

        cr_assert_eq(json_error_all(e, &all, &n), 0);
        for (size_t i = 0; i < n; i++) {
                cr_assert_eq(strv_extend(&texts, all[i].text), 0);
                cr_expect(all[i].n_path == 0 || startswith(all[i].text + all[i].n_path, ": "), "%s: %zu", all[i].text,
                          all[i].n_path);
        }
        return texts;
}

static void expect_texts(char *const *texts, const char *const *wanted, const char *json)
{
        for (size_t i = 0; wanted[i]; i++)
                cr_expect(strv_contains(texts, wanted[i]), "%s: no '%s'", json, wanted[i]);
}

Test(appc_pod, strangers)
{
        static const struct {
                const char *json;
                const char *wanted[8];
        } cases[] = {
                { APPS("'readOnlyRootFs':true,'app':{'usr':'0','user':'0','group':'0','exec':'/bin/sh'}"),
                  { "apps[0].readOnlyRootFs: is not a known member; did you mean 'readOnlyRootFS'?",
                    "apps[0].app.usr: is not a known member; did you mean 'user'?",
                    "apps[0].app.exec: expected an array" } },
                { POD("'apps':[],'volums':[],'nothing of the sort':1"),
                  { "volums: is not a known member; did you mean 'volumes'?",
                    "nothing of the sort: is not a known member" } },
                /* Below what has no table of its own for the reader to see. */
                { APPS("'annotations':[{'name':'a','vlaue':'b'},{'naem':'c'}],'app':{'user':'0','group':'0',"
                       "'eventHandlers':[{'name':'pre-start','exec':['/a'],'user':'0'}],'isolators':["
                       "{'name':'os/linux/seccomp-retain-set','value':{'set':['@rkt/default'],'erno':'EPERM'}},"
                       "{'name':'os/linux/no-new-privilege','value':true}]}"),
                  { "apps[0].annotations[0].vlaue: is not a known member; did you mean 'value'?",
                    "apps[0].annotations[1]: missing member 'name'",
                    "apps[0].annotations[1].naem: is not a known member; did you mean 'name'?",
                    "apps[0].app.eventHandlers[0].user: is not a known member",
                    "apps[0].app.isolators[0].value.erno: is not a known member; did you mean 'errno'?",
                    "apps[0].app.isolators[1].name: there is no isolator 'os/linux/no-new-privilege'; did you mean "
                    "'os/linux/no-new-privileges'?" } },
                { POD("'apps':[],'volumes':[{'name':'a','kind':'empty','mod':'0700'},{'name':'b','kind':'hots'}],"
                      "'ports':[{'name':'p','hostPort':80,'hostIp':'127.0.0.1','podPort':{'name':'p','protocol':'tcp',"
                      "'port':80,'cnt':1}}]"),
                  { "volumes[0].mod: is not a known member; did you mean 'mode'?",
                    "volumes[1].kind: expected \"host\", \"empty\", \"image\", \"named\" or \"tmpfs\", not 'hots'",
                    "ports[0].hostIp: is not a known member; did you mean 'hostIP'?",
                    "ports[0].podPort.cnt: is not a known member" } },
                /* What is missing stands nowhere: the path is that of what lacks it. */
                { POD("'apps':[{'image':1,'app':{'user':0}}],'ports':[{}]"),
                  { "apps[0].image: expected an object", "apps[0]: missing member 'name'",
                    "apps[0].app.user: expected a string", "apps[0].app: missing member 'group'",
                    "ports[0]: missing member 'name'", "ports[0]: missing member 'hostPort'" } },
                /* What an object's own check says does not wait until its members have the right types. */
                { POD("'apps':[{'name':'A','image':{},'app':{'user':0,'group':'0','workingDirectory':'rel'}}],"
                      "'ports':[{'name':'P','hostPort':80,'hostIP':'x'}]"),
                  { "apps[0].image: missing member 'id' (or 'name' of a stored image)",
                    "apps[0].app.user: expected a string",
                    "apps[0].app.workingDirectory: 'rel' is not an absolute path",
                    "ports[0].hostIP: 'x' is not an IP address" } },
                { "{'acKind':'PodManifest','acVersion':1}",
                  { "acVersion: expected a string", "missing member 'apps'" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_error_ JsonError e = {};
                _cleanup_strv_free_ char **texts = NULL;

                cr_expect_eq(parse_strictly(cases[i].json, &e), -EINVAL, "%s", cases[i].json);
                texts = all_texts(&e);
                expect_texts(texts, cases[i].wanted, cases[i].json);
        }
}

/* Rules of objects, several of one object too, and what one part of a pod says of another; and no more than these. */
Test(appc_pod, all_rules_at_once)
{
        static const struct {
                const char *json;
                const char *wanted[16];
        } cases[] = {
                { POD("'apps':[{'name':'a','image':{'name':'a'},'app':{'user':'0','group':'0','exec':[''],"
                      "'workingDirectory':'rel','stopTimeout':-2,"
                      "'ports':[{'name':'p','protocol':'tcp','port':1},{'name':'p','protocol':'tcp','port':2}]},"
                      "'mounts':[{'volume':'v','path':'/v'},{'volume':'none','path':'/v/'}],"
                      "'annotations':[{'name':'created','value':'today'}]},{'name':'b','image':{'name':'b'},"
                      "'app':{'user':'0','group':'0'},'mounts':[{'volume':'nor','path':'/n'}]}],"
                      "'volumes':[{'name':'v','kind':'host','size':1,'mode':'0700'}],"
                      "'ports':[{'name':'q','hostPort':0,'hostIP':'x'}]"),
                  { "apps[0].app.exec: the program must not be empty",
                    "apps[0].app.workingDirectory: 'rel' is not an absolute path",
                    "apps[0].app.stopTimeout: must be seconds, at most 3153600000, or -1",
                    "apps[0].app.ports: 'p' is there twice",
                    "apps[0].annotations: created: 'today' is not an RFC 3339 date",
                    "volumes[0].mode: only empty and tmpfs volumes have this",
                    "volumes[0]: missing member 'source', which host volumes need",
                    "volumes[0].size: only empty and tmpfs volumes have this",
                    "ports[0].hostPort: must be between 1 and 65535", "ports[0].hostIP: 'x' is not an IP address",
                    "apps[0].mounts[1].volume: no volume 'none' is declared",
                    "apps[0].mounts[1].path: something is mounted at '/v' already",
                    "apps[1].mounts[0].volume: no volume 'nor' is declared" } },
                { POD("'apps':[{'name':'a','image':{'name':'a'},'app':{'user':'0','group':'0'},"
                      "'mounts':[{'volume':'none','path':'/v'},{'volume':'w','path':'/v/'}]},"
                      "{'name':'a','image':{'name':'b'},'app':{'user':'0','group':'0'}}],"
                      "'volumes':[{'name':'w','kind':'empty'}],'ports':[{'name':'q','hostPort':80}]"),
                  { "apps: 'a' is there twice", "apps[0].mounts[0].volume: no volume 'none' is declared",
                    "apps[0].mounts[1].path: something is mounted at '/v' already",
                    "ports[0].name: no app has a port 'q'" } },
                /* What only follows is not told: no volume is known, nor a kind, nor what the image has. */
                { POD("'apps':[{'name':'a','image':{'name':'a'},'mounts':[{'volume':'v','path':'/v'}]}],'volumes':1,"
                      "'ports':[{'name':'q','hostPort':80}]"),
                  { "volumes: expected an array" } },
                { POD("'apps':[{'name':'a','image':{'name':'a'},'mounts':[{'volume':'v','path':'/v'}]}],"
                      "'volumes':[{'name':'v','kind':'hots','mode':'0700','size':1}]"),
                  { "volumes[0].kind: expected \"host\", \"empty\", \"image\", \"named\" or \"tmpfs\", not 'hots'" } },
                { POD("'apps':1,'ports':[{'name':'q','hostPort':80}]"), { "apps: expected an array" } },
                { POD("'apps':[]"), { "apps: a pod needs at least one app" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_error_ JsonError e = {};
                _cleanup_strv_free_ char **texts = NULL;
                size_t n = 0;

                cr_expect_eq(parse_strictly(cases[i].json, &e), -EINVAL, "%s", cases[i].json);
                texts = all_texts(&e);
                expect_texts(texts, cases[i].wanted, cases[i].json);
                while (n < ELEMENTSOF(cases[i].wanted) && cases[i].wanted[n])
                        n++;
                STRV_FOREACH(text, texts)
                        cr_log_info("%s", *text);
                cr_expect_eq(strv_length(texts), n, "%s", cases[i].json);
        }
}

Test(appc_pod, extensions)
{
        static const char *const wanted[] = { "apps[0].example.com/kin", "apps[0].annotations[0].x.y",
                                              "apps[0].app.isolators[0].name", "apps[0].app.isolators[1].value.a/b",
                                              NULL };
        const char *json =
                APPS("'example.com/kin':[1],'annotations':[{'name':'a','value':'b','x.y':1}],'app':{'user':'0',"
                     "'group':'0','isolators':[{'name':'example.com/isolator','value':{'any':1}},"
                     "{'name':'resource/memory','value':{'limit':'1M','a/b':1}}]}");
        _cleanup_json_error_ JsonError e = {};

        cr_expect_eq(parse_strictly(json, &e), 0, "%s", strempty(e.message));
        expect_texts(e.passed_over, wanted, json);
        cr_expect_eq(strv_length(e.passed_over), 4);
}

static int parse_case_strictly(const char *data, size_t n, JsonError *e)
{
        _cleanup_json_error_ JsonError own = {};

        e = e ?: &own;
        e->strict = true;
        return parse_case(data, n, e);
}

/* What podctl writes, and what others wrote by the specification, has no strangers. */
Test(appc_pod, written_is_strictly_read)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = read_full(), *again = NULL;
        _cleanup_json_error_ JsonError e = { .strict = true };
        _cleanup_json_object_ json_object *o = NULL;

        cr_assert_eq(appc_pod_write(pod, &o), 0);
        cr_expect_eq(appc_pod_read(o, &again, &e), 0, "%s", strempty(e.message));
}

Test(appc_pod, survives_damage_strictly, .timeout = 120)
{
        run_damaged("appc-pod/full.json", parse_case_strictly);
}

static void see_mutation(const char *text)
{
        _cleanup_json_error_ JsonError e = { .strict = true };
        int r = parse_case(text, strlen(text), &e);

        cr_expect_eq(r < 0, e.message != NULL, "%s", text);
}

/* Whatever a value is, there is a pod or a message. */
Test(appc_pod, values_of_all_types, .timeout = 120)
{
        size_t n;
        _cleanup_free_ char *data = read_data("appc-pod/full.json", &n);

        each_mutation(data, see_mutation);
}

static int note_volume(Volume *v, void *userdata)
{
        return strv_extend(userdata, v->name);
}

static int refuse_volume(Volume *v, void *userdata)
{
        return streq(v->name, "b") ? -EBUSY : note_volume(v, userdata);
}

Test(appc_pod, image_volumes)
{
        static const char text[] =
                "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":["
                "{\"name\":\"x\",\"image\":{\"name\":\"i\"},\"mounts\":[{\"volume\":\"a\",\"path\":\"/a\"},"
                "{\"volume\":\"c\",\"path\":\"/c\",\"appVolume\":{\"name\":\"c\",\"kind\":\"image\","
                "\"image\":\"i\"}},"
                "{\"volume\":\"d\",\"path\":\"/d\",\"appVolume\":{\"name\":\"d\",\"kind\":\"empty\"}}]}],"
                "\"volumes\":[{\"name\":\"a\",\"kind\":\"image\",\"image\":\"docker://a\"},"
                "{\"name\":\"e\",\"kind\":\"empty\"},"
                "{\"name\":\"b\",\"kind\":\"image\",\"imageID\":\"sha256-" ZEROS "\"}]}";
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL, *again = NULL;
        _cleanup_strv_free_ char **all = NULL, **some = NULL, **own = NULL;
        _cleanup_json_object_ json_object *o = NULL;

        cr_assert_eq(appc_pod_parse(text, strlen(text), &pod, NULL), 0);
        cr_assert_eq(appc_pod_each_image(pod, note_volume, &all), 0);
        cr_assert_eq(strv_length(all), 3);
        cr_expect_str_eq(all[0], "a");
        cr_expect_str_eq(all[1], "b");
        cr_expect_str_eq(all[2], "c");
        cr_expect_eq(appc_pod_each_image(pod, refuse_volume, &some), -EBUSY);
        cr_expect_eq(strv_length(some), 1);
        cr_assert_eq(appc_pod_app_each_image(&pod->apps[0], note_volume, &own), 0);
        cr_expect_eq(strv_length(own), 1);

        cr_assert_eq(appc_pod_write(pod, &o), 0);
        cr_assert_eq(appc_pod_read(o, &again, NULL), 0);
        cr_expect_str_eq(again->volumes[0].image, "docker://a");
        cr_expect_null(again->volumes[0].image_id);
        cr_expect_str_eq(again->volumes[2].image_id, "sha256-" ZEROS);
        cr_expect(volume_is_read_only(&again->volumes[0]) && !volume_is_read_only(&again->volumes[1]));
}

/* Its own volumes go with an app, but not those of an app whose name begins like that. */
Test(appc_pod, without_app)
{
        static const char json[] =
                "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":["
                "{\"name\":\"a\",\"image\":{\"name\":\"x\"},\"mounts\":[{\"volume\":\"a-data\",\"path\":\"/d\"},"
                "{\"volume\":\"shared\",\"path\":\"/s\"},{\"volume\":\"a-both\",\"path\":\"/o\"}]},"
                "{\"name\":\"a-b\",\"image\":{\"name\":\"x\"},\"mounts\":[{\"volume\":\"a-b-data\",\"path\":\"/d\"},"
                "{\"volume\":\"a-both\",\"path\":\"/o\"}]}],"
                "\"volumes\":[{\"name\":\"a-data\",\"kind\":\"empty\"},{\"name\":\"a-b-data\",\"kind\":\"empty\"},"
                "{\"name\":\"a-both\",\"kind\":\"empty\"},{\"name\":\"shared\",\"kind\":\"empty\"}]}";
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL, *without = NULL;

        cr_assert_eq(appc_pod_parse(json, strlen(json), &pod, NULL), 0);
        cr_assert_eq(appc_pod_without_app(pod, "a", &without), 0);
        cr_assert_eq(without->n_apps, 1);
        cr_expect_str_eq(without->apps[0].name, "a-b");
        cr_expect_eq(without->n_volumes, 3);
        cr_expect_null(appc_pod_find_volume(without, "a-data"));
        cr_expect_not_null(appc_pod_find_volume(without, "a-b-data"));
        cr_expect_not_null(appc_pod_find_volume(without, "a-both"));
        cr_expect_not_null(appc_pod_find_volume(without, "shared"));
        cr_expect_eq(pod->n_apps, 2);
}
