/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>

#include "basic/digest.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/compose/run-compose.h"
#include "cli/persona.h"
#include "cli/rkt-ways.h"
#include "manifest/appc-image.h"
#include "pod/pod-volumes.h"
#include "lib/test-cases.h"
#include "lib/test-tar.h"

static void setup(void)
{
        if (getuid() != 0)
                cr_skip_test("needs root");
        setlocale(LC_CTYPE, "C.UTF-8");
}

TestSuite(run_compose, .init = setup, .timeout = 60);

/* Two images in files: an ACI, and an OCI layout of one empty layer. */
typedef struct Fixture {
        Temporary t;
        Context context;
        RunArgs args;
        AppcPod *pod;
        char *aci, *oci;
} Fixture;

static char *add_blob(int fd, const void *data, size_t n)
{
        _cleanup_free_ char *path = NULL;
        Digest digest;

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, data, n, &digest), 0);
        path = strjoin("blobs/sha256/", digest.hex);
        cr_assert_eq(mkdir_p_at(fd, "blobs/sha256", 0755), 0);
        cr_assert_eq(write_file_at(fd, path, data, n, 0644), 0);
        return strprintf("\"digest\":\"sha256:%s\",\"size\":%zu", digest.hex, n);
}

static void add_text(int fd, const char *path, const char *text)
{
        _cleanup_free_ char *json = quoted(text);

        cr_assert_eq(write_string_at(fd, path, json, 0644), 0);
}

static char *make_oci(Temporary *t)
{
        static const char empty[1024];
        char *path = path_join(t->path, "shop.oci");
        _cleanup_close_ int fd = mkdir_open_at(AT_FDCWD, path, 0755);
        _cleanup_free_ char *layer = add_blob(fd, empty, sizeof(empty)), *config = NULL, *config_text = NULL,
                            *manifest = NULL, *manifest_text = NULL, *index = NULL, *json = NULL;

        json = strprintf(
                "{'architecture':'amd64','os':'linux','config':{'User':'www','Env':['PATH=/"
                "bin','A=image'],'Entrypoint':"
                "['/entry','-e'],'Cmd':['cmd'],'WorkingDir':'/srv','Volumes':{'/data':{}}},'rootfs':{'type':'layers',"
                "'diff_ids':['%.71s']}}",
                layer + strlen("\"digest\":\""));
        config_text = quoted(json);
        config = add_blob(fd, config_text, strlen(config_text));
        manifest_text = strprintf(
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":"
                "{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",%s},\"layers\":[{\"mediaType\":"
                "\"application/vnd.oci.image.layer.v1.tar\",%s}]}",
                config, layer);
        manifest = add_blob(fd, manifest_text, strlen(manifest_text));
        index = strprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/"
                          "vnd.oci.image.manifest.v1+json\",%s}]}",
                          manifest);
        add_text(fd, "oci-layout", "{'imageLayoutVersion':'1.0.0'}");
        cr_assert_eq(write_string_at(fd, "index.json", index, 0644), 0);
        return path;
}

static char *make_aci(Temporary *t)
{
        _cleanup_free_ char *manifest =
                quoted("{'acKind':'ImageManifest','acVersion':'0.8.11','name':'example.com/"
                       "web','labels':[{'name':'version','value':'1.0'},"
                       "{'name':'os','value':'linux'},{'name':'arch','value':'amd64'}],'app':{'exec':['/bin/"
                       "web','-x'],'user':'33','group':'34',"
                       "'environment':[{'name':'A','value':'image'},{'name':'B','value':'image'}],'mountPoints':["
                       "{'name':'data','path':'/data','readOnly':true},{'name':'cache','path':'/cache'}],'isolators':["
                       "{'name':'os/linux/capabilities-retain-set','value':{'set':['CAP_KILL']}},"
                       "{'name':'resource/memory','value':{'limit':'1Gi'}}]}}");
        const Member members[] = {
                FILE_MEMBER("manifest", manifest),
                DIR_MEMBER("rootfs"),
                DIR_MEMBER("rootfs/bin"),
                FILE_MEMBER("rootfs/bin/web", "#!"),
                {},
        };
        _cleanup_close_ int from = tar_of(members, ARCHIVE_FILTER_NONE), to = -EBADF;
        char *path = path_join(t->path, "web.aci");

        to = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        cr_assert_geq(to, 0);
        cr_assert_eq(copy_bytes(from, to), 0);
        return path;
}

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new() };

        f.aci = make_aci(&f.t);
        f.oci = make_oci(&f.t);
        return f;
}

static void reset(Fixture *f)
{
        options_free(run_options, &f->args);
        run_args_done_apps(&f->args);
        context_done(&f->context);
        f->pod = appc_pod_free(f->pod);
        f->context = (Context) {};
        f->args = (RunArgs) { .private_users = -1, .mds_register = -1 };
}

static void fixture_done(Fixture *f)
{
        reset(f);
        free(f->aci);
        free(f->oci);
        temporary_done(&f->t);
}

/* Composes what a line says, in which ACI, OCI and TMP stand for paths. */
static int compose(Fixture *f, const char *line)
{
        _cleanup_strv_free_ char **words = NULL, **all = NULL;
        int r;

        reset(f);
        cr_assert_eq(strv_split(line, ' ', &words), 0);
        cr_assert_geq(strv_extendf(&all, "--dir=%s/data", f->t.path), 0);
        cr_assert_geq(strv_extend(&all, "--insecure-options=image"), 0);
        STRV_FOREACH(word, words) {
                const char *tmp = strstr(*word, "TMP");

                if (streq(*word, "ACI") || streq(*word, "OCI"))
                        r = strv_extend(&all, streq(*word, "ACI") ? f->aci : f->oci);
                else if (tmp)
                        r = strv_extendf(&all, "%.*s%s%s", (int) (tmp - *word), *word, f->t.path, tmp + strlen("TMP"));
                else
                        r = strv_extend(&all, *word);
                cr_assert_geq(r, 0);
        }
        r = run_args_parse(&f->context, all, &f->args);
        return r < 0 ? r : run_compose(&f->context, &f->args, &f->pod, NULL);
}

static void expect_words(char *const *list, const char *expected, const char *line)
{
        _cleanup_free_ char *text = strv_join(list, " ");

        cr_expect_str_eq(strempty(text), expected, "%s: %s", line, text);
}

Test(run_compose, exec)
{
        static const struct {
                const char *line;
                const char *exec;
        } cases[] = {
                { "ACI", "/bin/web -x" },
                { "ACI -- a b", "/bin/web -x a b" },
                { "ACI --exec=/x", "/x" },
                { "ACI --exec=/x -- a", "/x a" },
                { "OCI", "/entry -e cmd" },
                { "OCI -- a b", "/entry -e a b" },
                { "OCI --exec=/x", "/x" },
                { "OCI --exec=/x -- a", "/x a" },
                { "OCI --", "/entry -e cmd" },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_assert_eq(compose(&f, cases[i].line), 0, "%s: %s", cases[i].line, log_last_error());
                cr_assert_eq(f.pod->n_apps, 1);
                expect_words(f.pod->apps[0].app->exec, cases[i].exec, cases[i].line);
        }
}

/* Lowest first: the caller's, the image's, --set-env-file, --set-env, --environment. */
Test(run_compose, environment)
{
        static const struct {
                const char *line;
                const char *environment;
        } cases[] = {
                { "ACI", "A=image B=image" },
                { "--set-env=A=set ACI", "A=set B=image" },
                { "--set-env-file=TMP/env ACI", "A=file B=image C=file=x" },
                { "--set-env-file=TMP/env --set-env=A=set ACI", "A=set B=image C=file=x" },
                { "--set-env-file=TMP/env --set-env=A=set ACI --environment=A=app", "A=app B=image C=file=x" },
                { "--set-env=D= ACI", "A=image B=image D=" },
                { "OCI --environment=A=app", "PATH=/bin A=app" },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        cr_assert_eq(write_string_at(f.t.fd, "env", "# comment\n; another\n\nA=file\nC=file=x\n", 0644), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_assert_eq(compose(&f, cases[i].line), 0, "%s: %s", cases[i].line, log_last_error());
                expect_words(f.pod->apps[0].app->environment, cases[i].environment, cases[i].line);
        }

        cr_assert_eq(setenv("A", "caller", 1), 0);
        cr_assert_eq(setenv("PODCTL_TEST_INHERITED", "caller", 1), 0);
        cr_assert_eq(compose(&f, "--inherit-env --set-env=B=set ACI"), 0);
        cr_expect_str_eq(strv_env_get(f.pod->apps[0].app->environment, "A"), "image");
        cr_expect_str_eq(strv_env_get(f.pod->apps[0].app->environment, "B"), "set");
        cr_expect_str_eq(strempty(strv_env_get(f.pod->apps[0].app->environment, "PODCTL_TEST_INHERITED")), "caller");
        cr_assert_eq(compose(&f, "ACI"), 0);
        cr_expect_null(strv_env_get(f.pod->apps[0].app->environment, "PODCTL_TEST_INHERITED"));
}

Test(run_compose, names)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        cr_assert_eq(compose(&f, "--annotation=a=b --user-annotation=c=d --user-label=e=f ACI --annotation=g=h "
                                 "--user-label=i=j ACI "
                                 "--name=other OCI --name=third"),
                     0, "%s", log_last_error());
        cr_assert_eq(f.pod->n_apps, 3);
        cr_expect_str_eq(f.pod->apps[0].name, "web");
        cr_expect_str_eq(f.pod->apps[1].name, "other");
        cr_expect_str_eq(f.pod->apps[2].name, "third");
        cr_expect_str_eq(f.pod->apps[0].image.name, "example.com/web");
        cr_expect(startswith(f.pod->apps[0].image.id, "sha512-"));
        cr_expect(startswith(f.pod->apps[2].image.id, "sha256:"));
        cr_expect_str_eq(strv_env_get(f.pod->annotations, "a"), "b");
        cr_expect_str_eq(strv_env_get(f.pod->user_annotations, "c"), "d");
        cr_expect_str_eq(strv_env_get(f.pod->user_labels, "e"), "f");
        cr_expect_str_eq(strv_env_get(f.pod->apps[0].annotations, "g"), "h");
        cr_expect_str_eq(strv_env_get(f.pod->apps[0].app->user_labels, "i"), "j");
        cr_expect_null(strv_env_get(f.pod->apps[1].annotations, "g"));
}

Test(run_compose, overrides)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        const App *app;

        cr_assert_eq(compose(&f,
                             "ACI --user=u --group=g --working-dir=/w --supplementary-gids=1,2 --readonly-rootfs "
                             "--memory=64Mi --cpu=500m --cpu-shares=7 --oom-score-adj=-3 --caps-remove=MKNOD,CAP_KILL"),
                     0, "%s", log_last_error());
        app = f.pod->apps[0].app;
        cr_expect_str_eq(app->user, "u");
        cr_expect_str_eq(app->group, "g");
        cr_expect_not(app->group_from_user);
        cr_expect_str_eq(app->working_directory, "/w");
        cr_assert_eq(app->n_supplementary_gids, 2);
        cr_expect_eq(app->supplementary_gids[1], 2);
        cr_expect(f.pod->apps[0].read_only_rootfs);
        cr_expect_eq(isolators_find(app->isolators, app->n_isolators, ISOLATOR_MEMORY)->resource.limit, 64 << 20);
        cr_expect_eq(isolators_find(app->isolators, app->n_isolators, ISOLATOR_CPU)->resource.limit, 500);
        cr_expect_eq(isolators_find(app->isolators, app->n_isolators, ISOLATOR_CPU_SHARES)->number, 7);
        cr_expect_eq(isolators_find(app->isolators, app->n_isolators, ISOLATOR_OOM_SCORE_ADJ)->number, -3);
        /* They take the place of all capability isolators the image has. */
        cr_expect_null(isolators_find(app->isolators, app->n_isolators, ISOLATOR_CAPS_RETAIN));
        expect_words(isolators_find(app->isolators, app->n_isolators, ISOLATOR_CAPS_REMOVE)->set, "CAP_MKNOD CAP_KILL",
                     "caps");

        cr_assert_eq(compose(&f, "ACI"), 0);
        app = f.pod->apps[0].app;
        cr_expect_str_eq(app->user, "33");
        cr_expect_str_eq(app->group, "34");
        cr_expect_eq(isolators_find(app->isolators, app->n_isolators, ISOLATOR_MEMORY)->resource.limit, 1 << 30);
        cr_expect_not(f.pod->apps[0].read_only_rootfs);

        cr_assert_eq(compose(&f, "ACI --user=www"), 0);
        cr_expect(f.pod->apps[0].app->group_from_user);
        cr_expect_str_eq(f.pod->apps[0].app->group, "34");
}

static char *written(const App *app)
{
        _cleanup_json_object_ json_object *o = NULL;
        char *text = NULL;

        cr_assert_geq(app_write(app, &o), 0);
        cr_assert_geq(json_format_pretty(o, &text), 0);
        return text;
}

/* The pod as podctl create writes it, into TMP/pod.json. */
static void write_manifest(Fixture *f)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;

        f->pod->apps[0].app = app_free(f->pod->apps[0].app);
        cr_assert_geq(appc_pod_write(f->pod, &o), 0);
        cr_assert_geq(json_format_pretty(o, &text), 0);
        cr_assert_eq(write_string_at(f->t.fd, "pod.json", text, 0644), 0);
}

/* Options in a file make the same of an image as those of a command line. */
Test(run_compose, options_in_a_file)
{
        static const char *const lines[] = {
                "ACI",
                "ACI -- a b",
                "OCI -- a b",
                "OCI --exec=/x -- a",
                "--set-env=A=set --set-env=C=set ACI --environment=D=",
                "--inherit-env --set-env=B=set ACI",
                "ACI --user=www",
                "OCI --user=1000 --group=7 --supplementary-gids=1,2 --working-dir=/w",
                "ACI --memory=64Mi --cpu=500m --cpu-shares=7 --oom-score-adj=-3 --caps-remove=MKNOD,CAP_KILL",
                "ACI --caps-retain=KILL --seccomp=mode=retain,@rkt/default-whitelist --rlimit=NOFILE=10:20",
                "OCI --socket-activated=80-tcp --stop-signal=SIGINT --stop-timeout=7s",
                "OCI --health-cmd=true --health-interval=5s --health-readiness-cmd=false --health-startup-cmd=x",
                "OCI --apparmor=podctl --selinux=u:r:t:s0 --user-label=a=b --user-annotation=c=d",
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_free_ char *by_options = NULL, *by_file = NULL;

                cr_assert_eq(compose(&f, lines[i]), 0, "%s: %s", lines[i], log_last_error());
                by_options = written(f.pod->apps[0].app);
                write_manifest(&f);
                cr_assert_eq(compose(&f, "--pod-manifest=TMP/pod.json"), 0, "%s: %s", lines[i], log_last_error());
                by_file = written(f.pod->apps[0].app);
                cr_expect_str_eq(by_file, by_options, "%s: %s, not %s", lines[i], by_file, by_options);
        }
}

/* No option that changes an app is missing in the table of those that a file can have. */
Test(run_compose, all_options_can_be_in_a_file)
{
        for (const Option *o = run_app_options; o->name; o++) {
                RunApp app = {};

                if (o->offset < offsetof(RunApp, options) ||
                    o->offset >= offsetof(RunApp, options) + sizeof(AppOptions))
                        continue;
                cr_assert_geq(o->type->parse(o, "1", (char *) &app + o->offset), 0);
                cr_expect_not(app_options_are_empty(&app.options), "--%s", o->name);
                options_free(run_app_options, &app);
        }
}

Test(run_compose, wrong_options_in_a_file)
{
        static const struct {
                const char *options, *message;
        } cases[] = {
                { "{'mem-ory':'64M'}", "did you mean 'memory'?" },
                { "{'memory':64}", "apps[0].options.memory: expected a string" },
                { "{'environment':'A=b'}", "apps[0].options.environment: expected an array" },
                { "{'memory':'much'}", "pod.json: app 'web': Option --memory: " },
                { "{'environment':['A']}", "pod.json: app 'web': Option --environment takes NAME=VALUE, not 'A'" },
                { "{'working-dir':'w'}", "pod.json: app 'web': Option --working-dir takes an absolute path" },
                { "{'health-interval':'5s'}", "pod.json: app 'web': App 'web' has no health check" },
                { "{'seccomp':'/nowhere'}", "cannot read /nowhere" },
                { "{'seccomp':'nowhere'}", "'nowhere' is not an absolute path" },
                { "{'seccomp':'/dev/null'}", "/dev/null is not a regular file" },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        cr_assert_eq(compose(&f, "ACI"), 0, "%s", log_last_error());
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strprintf(
                        "{'acKind':'PodManifest','acVersion':'0.8.11','apps':[{'name':'web','image':{'name':"
                        "'example.com/web'},'options':%s}]}", cases[i].options), *json = quoted(text);

                cr_assert_eq(write_string_at(f.t.fd, "pod.json", json, 0644), 0);
                cr_expect_lt(compose(&f, "--pod-manifest=TMP/pod.json"), 0, "%s", cases[i].options);
                cr_expect(strstr(log_last_error(), cases[i].message), "%s: %s", cases[i].options, log_last_error());
        }
}

/* Docker's ways under one name, rkt's under the other, and those always for an ACI. */
Test(run_compose, users_in_both_worlds)
{
        static const struct {
                const char *line;
                const char *user, *group, *rkts_group;
                bool group_from_user, home_from_user;
        } cases[] = {
                { "OCI", "www", "0", "www", true, true },
                { "OCI --user=1000", "1000", "0", "1000", true, true },
                { "OCI --user=1000 --group=7", "1000", "7", "7", false, true },
                { "OCI --group=7", "www", "7", "7", false, true },
                { "ACI", "33", "34", "34", false, false },
                { "ACI --user=1000", "1000", "34", "34", true, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (int rkt = 0; rkt < 2; rkt++) {
                        _cleanup_(fixture_done) Fixture f = fixture_new();
                        const App *app;

                        persona_set(rkt ? "/usr/local/bin/rkt" : "podctl");
                        cr_assert_eq(compose(&f, cases[i].line), 0, "%s", log_last_error());
                        cr_assert_eq(rkt_ways_apply(f.pod), 0);
                        app = f.pod->apps[0].app;
                        cr_expect_str_eq(app->user, cases[i].user, "%s", cases[i].line);
                        cr_expect_str_eq(app->group, rkt ? cases[i].rkts_group : cases[i].group, "%s", cases[i].line);
                        cr_expect_eq(app->group_from_user, cases[i].group_from_user, "%s", cases[i].line);
                        cr_expect_eq(app->home_from_user, cases[i].home_from_user && !rkt, "%s", cases[i].line);
                }
        persona_set("podctl");
}

Test(run_compose, pids)
{
        static const struct {
                const char *line, *pids, *rkts;
        } cases[] = {
                { "OCI", "private", NULL },
                { "ACI", NULL, NULL },
                { "OCI --pids=shared", "shared", "shared" },
                { "ACI --pids=private", "private", "private" },
                { "OCI --annotation=podctl/pids=shared", "shared", "shared" },
                { "--annotation=podctl/pids=shared OCI", NULL, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (int rkt = 0; rkt < 2; rkt++) {
                        _cleanup_(fixture_done) Fixture f = fixture_new();
                        const char *pids, *expected = rkt ? cases[i].rkts : cases[i].pids;

                        persona_set(rkt ? "/usr/local/bin/rkt" : "podctl");
                        cr_assert_eq(compose(&f, cases[i].line), 0, "%s", log_last_error());
                        pids = strv_env_get(f.pod->apps[0].annotations, APPC_ANNOTATION_PIDS);
                        cr_expect(streq_ptr(pids, expected), "%s: %s, not %s", cases[i].line, strempty(pids),
                                  strempty(expected));
                }
        persona_set("podctl");
}

Test(run_compose, ways_go_by_the_name)
{
        for (int way = 0; way < _RKT_WAY_MAX; way++) {
                persona_set("/usr/local/bin/rkt");
                cr_expect(rkt_way(way), "%i", way);
                persona_set("/usr/bin/podctl");
                cr_expect_not(rkt_way(way), "%i", way);
        }
}

/* "APP:PATH=VOLUME", in order. */
static char *mounts_of(const AppcPod *pod)
{
        _cleanup_strv_free_ char **list = NULL;

        for (size_t i = 0; i < pod->n_apps; i++)
                for (size_t j = 0; j < pod->apps[i].n_mounts; j++)
                        cr_assert_geq(strv_extendf(&list, "%s:%s=%s", pod->apps[i].name, pod->apps[i].mounts[j].path,
                                                   pod->apps[i].mounts[j].volume), 0);
        return strv_join(list, " ");
}

Test(run_compose, mounts)
{
        static const struct {
                const char *line;
                const char *mounts;
                size_t n_volumes;
        } cases[] = {
                /* A mount point without a volume gets an empty one of its own. */
                { "ACI", "web:/data=web-data web:/cache=web-cache", 2 },
                { "OCI --name=web", "web:/data=web-volume-data", 1 },
                { "--volume=data,kind=empty ACI", "web:/data=data web:/cache=web-cache", 2 },
                { "--volume=data,kind=host,source=TMP --volume=cache,kind=empty ACI", "web:/data=data web:/cache=cache",
                  2 },
                { "--volume=v,kind=empty ACI --mount=volume=v,target=/v",
                  "web:/v=v web:/data=web-data web:/cache=web-cache", 3 },
                { "--volume=v,kind=empty ACI --mount=volume=v,target=rel/v",
                  "web:/rel/v=v web:/data=web-data web:/cache=web-cache", 3 },
                /* What is mounted by hand is not mounted twice. */
                { "--volume=v,kind=empty ACI --mount=volume=v,target=/data", "web:/data=v web:/cache=web-cache", 2 },
                { "--volume=v,kind=empty --mount=volume=v,target=/v ACI ACI --name=b",
                  "web:/v=v web:/data=web-data web:/cache=web-cache b:/v=v b:/data=b-data b:/cache=b-cache", 5 },
                /* The app's own goes before the pod's at the same place, however that is spelled. */
                { "--volume=v,kind=empty --volume=w,kind=empty --mount=volume=v,target=/m OCI --name=web "
                  "--mount=volume=w,target=/m/",
                  "web:/m/=w web:/data=web-volume-data", 3 },
                { "--volume=unused,kind=empty OCI --name=web", "web:/data=web-volume-data", 2 },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *mounts = NULL;

                cr_assert_eq(compose(&f, cases[i].line), 0, "%s: %s", cases[i].line, log_last_error());
                for (size_t j = 0; j < f.pod->n_apps; j++) {
                        _cleanup_strv_free_ char **warnings = NULL;
                        _cleanup_free_ char *message = NULL;

                        cr_assert_eq(pod_imply_volumes(f.pod, &f.pod->apps[j], false, &warnings, &message), 0, "%s",
                                     message);
                }
                mounts = mounts_of(f.pod);
                cr_expect_str_eq(mounts, cases[i].mounts, "%s: %s", cases[i].line, mounts);
                cr_expect_eq(f.pod->n_volumes, cases[i].n_volumes, "%s: %zu", cases[i].line, f.pod->n_volumes);
                _cleanup_json_error_ JsonError e = {};
                cr_expect_eq(appc_pod_check_runnable(f.pod, &e), 0, "%s: %s", cases[i].line, e.message);
        }
}

static int truncateat(int directory, const char *name, off_t size)
{
        _cleanup_close_ int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);

        return fd < 0 ? -1 : ftruncate(fd, size);
}

Test(run_compose, credentials)
{
        static const struct {
                const char *line, *name, *source, *variable;
                bool encrypted;
        } cases[] = {
                { "ACI --credential=a", "a", "a", NULL, false },
                { "ACI --credential=a=/etc/passwd", "a", "/etc/passwd", NULL, false },
                { "ACI --credential=a=/etc/passwd,env=A_b.c-1", "a", "/etc/passwd", "A_b.c-1", false },
                { "ACI --credential=a,env=A", "a", "a", "A", false },
                { "ACI --credential-encrypted=a=b,env=A", "a", "b", "A", true },
                { "--credential=a=b,env=A ACI", "a", "b", "A", false },
                { "--credential=a=b,env=A ACI --credential=a=c", "a", "c", NULL, false },
                { "ACI --credential=a=TMP/x,env=B,env=A", "a", "TMP/x,env=B", "A", false },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        cr_assert_eq(write_string_at(f.t.fd, "x,env=B", "secret", 0600), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const AppcCredential *c;
                const char *below;

                cr_assert_eq(compose(&f, cases[i].line), 0, "%s: %s", cases[i].line, log_last_error());
                cr_assert_eq(f.pod->apps[0].n_credentials, 1);
                c = f.pod->apps[0].credentials;
                below = startswith(cases[i].source, "TMP");
                cr_expect_str_eq(c->name, cases[i].name);
                cr_expect(below ? endswith(c->source, below) != NULL : streq(c->source, cases[i].source), "%s: %s",
                          cases[i].line, c->source);
                cr_expect(streq_ptr(c->variable, cases[i].variable), "%s", cases[i].line);
                cr_expect_eq(c->encrypted, cases[i].encrypted);
        }
}

Test(run_compose, refuses)
{
        static const struct {
                const char *line;
                const char *message;
        } cases[] = {
                { "ACI ACI", "multiple apps with name 'web'" },
                { "ACI --name=A_B", "A_B" },
                { "no-such-image", "no-such-image" },
                { "TMP/missing.aci", "missing.aci" },
                { "--set-env=A ACI", "--set-env" },
                { "--set-env==b ACI", "--set-env" },
                { "--set-env=A=b --set-env=A=c ACI", "'A'" },
                { "ACI --environment=A", "--environment" },
                { "--set-env-file=TMP/missing ACI", "missing" },
                { "--set-env-file=TMP/bad ACI", "/bad:3: 'no assignment' is not NAME=VALUE" },
                { "--set-env-file=TMP/large ACI", "File too large" },
                { "--set-env-file=TMP/twice ACI", "'A'" },
                { "--volume=v,kind=pony ACI", "--volume" },
                { "--volume=v,kind=host,source=relative ACI", "--volume" },
                { "--volume=v,kind=host,source=TMP/missing ACI", "missing" },
                { "--volume=v,kind=empty --volume=v,kind=empty ACI", "'v'" },
                { "ACI --mount=volume=v,target=/v", "'v'" },
                { "--mount=volume=v,target=/v ACI", "'v'" },
                { "ACI --credential=a=b,env=", "'' is not a valid name of a variable" },
                { "ACI --credential=a=b,env=A=B", "'A=B' is not a valid name of a variable" },
                { "ACI --credential=a=b,env=A --credential=c,env=A", "has the variable 'A'" },
                { "ACI --credential=a=b,mode=A", "'b,mode=A' is neither" },
                { "ACI --working-dir=relative", "--working-dir" },
                { "ACI --supplementary-gids=1,x", "'x'" },
                { "ACI --mount=type=bind,src=/a,dst=/b", "write --mount=volume=NAME,target=PATH" },
                { "ACI --exec=", "Option --exec" },
                { "--journal-size=512K ACI", "Option --journal-size" },
                { "--journal-age=soon ACI", "Option --journal-age" },
                { "--annotation=a ACI", "Option --annotation takes NAME=VALUE, not 'a'" },
                { "--user-annotation=a ACI", "Option --user-annotation" },
                { "--user-label==b ACI", "Option --user-label" },
                { "ACI --annotation=a", "Option --annotation" },
                { "ACI --user-annotation=a", "Option --user-annotation" },
                { "ACI --user-label=a", "Option --user-label" },
                { "ACI --memory=lots", "--memory" },
                { "ACI --memory={}", "--memory" },
                { "ACI --cpu=\"},\"x\":{", "--cpu" },
                { "ACI --cpu-shares=1", "--cpu-shares" },
                { "ACI --cpu-shares=262145", "--cpu-shares" },
                { "ACI --cpu-shares=1,2", "--cpu-shares" },
                { "ACI --oom-score-adj=1001", "--oom-score-adj" },
                { "ACI --caps-retain=KILL --caps-remove=CHOWN", "--caps-remove" },
                { "--pod-manifest=TMP/missing", "missing" },
                { "--pod-manifest=TMP/bad", "bad" },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        cr_assert_eq(write_string_at(f.t.fd, "bad", "# with\n\nno assignment\n", 0644), 0);
        cr_assert_eq(write_string_at(f.t.fd, "large", "", 0644), 0);
        cr_assert_eq(truncateat(f.t.fd, "large", 2 * 1024 * 1024), 0);
        cr_assert_eq(write_string_at(f.t.fd, "twice", "A=b\nA=c\n", 0644), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_expect_lt(compose(&f, cases[i].line), 0, "%s: accepted", cases[i].line);
                cr_expect_null(f.pod);
                cr_expect(log_last_error() && strstr(log_last_error(), cases[i].message), "%s: %s", cases[i].line,
                          log_last_error());
        }
}

/* rkt refuses less than a page. */
Test(run_compose, memory_of_less_than_a_page)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        cr_expect_lt(compose(&f, "ACI --memory=4095"), 0);
        cr_expect_eq(compose(&f, "ACI --memory=4096"), 0);
}

Test(run_compose, pod_manifest)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        add_text(f.t.fd, "pod",
                 "{'acKind':'PodManifest','acVersion':'0.8.11','apps':[{'name':'x','image':{'name':'example.com/"
                 "web'}}]}");
        cr_assert_eq(compose(&f, "--pod-manifest=TMP/pod"), 0, "%s", log_last_error());
        cr_assert_eq(f.pod->n_apps, 1);
        cr_expect_str_eq(f.pod->apps[0].name, "x");
        cr_expect_null(f.pod->apps[0].app);
}

Test(run_compose, unverified_images)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        char *words[] = { NULL, f.aci, NULL };

        words[0] = strjoin("--dir=", f.t.path);
        cr_assert_eq(run_args_parse(&f.context, words, &f.args), 0);
        cr_expect_lt(run_compose(&f.context, &f.args, &f.pod, NULL), 0);
        cr_expect(strstr(log_last_error(), "--insecure-options=image"), "%s", log_last_error());
        free(words[0]);
}
