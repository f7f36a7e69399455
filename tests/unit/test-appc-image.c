/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/appc-image.h"
#include "lib/test-cases.h"

static int parse_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;

        return appc_image_parse(data, n, &image, e);
}

static const char *const deviations[] = {
        /* "Exec", "User", "Group": we take member names as they are written. */
        "appc-image-manifest/valid/010.json",
        NULL,
};
static const CaseArea areas[] = {
        { "appc-image-manifest", parse_case, deviations },
};
CASE_TESTS(appc_image, areas)

Test(appc_image, survives_damage, .timeout = 120)
{
        run_damaged("appc-image/full.json", parse_case);
}

static AppcImage *read_full(void)
{
        _cleanup_json_error_ JsonError e = {};
        AppcImage *image = NULL;
        size_t n;
        _cleanup_free_ char *data = read_data("appc-image/full.json", &n);
        int r = appc_image_parse(data, n, &image, &e);

        cr_assert_eq(r, 0, "%s", json_error_message(&e, r));
        return image;
}

Test(appc_image, full)
{
        _cleanup_(appc_image_freep) AppcImage *image = read_full();
        const App *app = image->app;

        cr_expect_str_eq(image->name, "example.com/storage/web");
        cr_expect_str_eq(appc_image_label(image, "version"), "1.2.3");
        cr_expect_null(appc_image_label(image, "none"));
        cr_expect_str_eq(appc_image_annotation(image, APPC_ANNOTATION_NOTIFY), "true");
        cr_expect_eq(image->n_dependencies, 1);
        cr_expect_eq(image->dependencies[0].size, 22017258);
        cr_expect_eq(strv_length(image->path_whitelist), 2);

        cr_expect_eq(strv_length(app->exec), 2);
        cr_expect_eq(app->n_supplementary_gids, 2);
        cr_expect_eq(app->supplementary_gids[1], 500);
        cr_expect_str_eq(app->pre_start[0], "/bin/prepare");
        cr_expect_str_eq(app->post_stop[1], "up");
        cr_expect_str_eq(strv_env_get(app->environment, "EMPTY"), "");
        cr_expect_eq(app->n_isolators, 2);
        cr_expect(app->isolators[0].known);
        cr_expect_not(app->isolators[1].known);
        cr_expect(app_find_mount_point(app, "conf")->read_only);
        cr_expect_eq(app_find_port(app, "media")->count, 100);
        cr_expect(app_find_port(app, "http")->socket_activated);
        cr_expect_str_eq(strv_env_get(app->user_labels, "note"), "a=b");
}

Test(appc_image, round_trip)
{
        _cleanup_(appc_image_freep) AppcImage *image = read_full(), *again = NULL;
        _cleanup_json_object_ json_object *o = NULL, *p = NULL, *original = NULL;
        size_t n;
        _cleanup_free_ char *data = read_data("appc-image/full.json", &n);

        cr_assert_eq(json_parse_memory(data, n, &original, NULL), 0);
        cr_assert_eq(appc_image_write(image, &o), 0);
        cr_expect(json_object_equal(o, original), "%s", json_object_to_json_string(o));
        cr_assert_eq(appc_image_read(o, &again, NULL), 0);
        cr_assert_eq(appc_image_write(again, &p), 0);
        cr_expect(json_object_equal(o, p));
}

Test(appc_image, copied_app)
{
        _cleanup_(appc_image_freep) AppcImage *image = read_full();
        _cleanup_(app_freep) App *copy = NULL;
        _cleanup_json_object_ json_object *o = NULL, *p = NULL;

        cr_assert_eq(app_copy(image->app, &copy), 0);
        cr_assert_eq(app_write(image->app, &o), 0);
        cr_assert_eq(app_write(copy, &p), 0);
        cr_expect(json_object_equal(o, p));
        cr_expect_neq((void *) copy->exec, (void *) image->app->exec);

        cr_expect_eq(app_add_port(copy, "http", "tcp", 81, 1), -EEXIST);
        cr_expect_eq(app_add_port(copy, "more", "tcp", 81, 1), 0);
        cr_expect_eq(app_add_mount_point(copy, "data", "/x", false), -EEXIST);
        cr_expect_eq(app_add_mount_point(copy, "more", "/x", true), 0);
        cr_expect_str_eq(app_find_mount_point(copy, "more")->path, "/x");
}

#define IMAGE(members) "{'acKind':'ImageManifest','acVersion':'1.0.0','name':'a'," members "}"
#define APP(members) IMAGE("'app':{'user':'0','group':'0'," members "}")

Test(appc_image, names_what_is_wrong)
{
        static const char *const cases[][2] = {
                { "{'acKind':'PodManifest','acVersion':'1.0.0','name':'a'}",
                  "acKind: expected \"ImageManifest\", not 'PodManifest'" },
                { "{'acKind':'ImageManifest','acVersion':'1.0.0'}", "missing member 'name'" },
                { "{'acKind':'ImageManifest','name':'a'}", "missing member 'acVersion'" },
                { "{'acKind':'ImageManifest','acVersion':1,'name':'a'}", "acVersion: expected a string" },
                { IMAGE("'labels':{}"), "labels: expected an array" },
                { IMAGE("'labels':[{'name':'A','value':''}]"), "labels: 'A' is not a valid name" },
                { IMAGE("'labels':[{'name':'name','value':''}]"), "labels: a label must not be called 'name'" },
                { IMAGE("'labels':[{'name':'arch','value':'amd64'}]"), "labels: label 'arch' without label 'os'" },
                { IMAGE("'pathWhitelist':['a']"), "pathWhitelist: 'a' is not an absolute path" },
                { IMAGE("'dependencies':[{'imageID':'sha512-a'}]"), "dependencies[0]: missing member 'imageName'" },
                { IMAGE("'dependencies':[{'imageName':'a','size':-1}]"),
                  "dependencies[0].size: must not be negative" },
                { IMAGE("'annotations':[{'name':'created','value':'yesterday'}]"),
                  "annotations: created: 'yesterday' is not an RFC 3339 date" },
                { IMAGE("'app':{'user':'0'}"), "app: missing member 'group'" },
                { IMAGE("'app':{'user':'','group':'0'}"), "app.user: must not be empty" },
                { APP("'exec':'a'"), "app.exec: expected an array" },
                { APP("'exec':['']"), "app.exec: the program must not be empty" },
                { APP("'workingDirectory':'a'"), "app.workingDirectory: 'a' is not an absolute path" },
                { APP("'environment':[{'name':'A','value':''},{'name':'A','value':''}]"),
                  "app.environment: 'A' is there twice" },
                { APP("'environment':[{'name':'A','value':1}]"), "app.environment[0].value: expected a string" },
                { APP("'eventHandlers':[{'name':'mid-run','exec':[]}]"),
                  "app.eventHandlers[0].name: expected \"pre-start\" or \"post-stop\", not 'mid-run'" },
                { APP("'mountPoints':[{'name':'a','path':'b'}]"),
                  "app.mountPoints[0].path: 'b' is not an absolute path" },
                { APP("'mountPoints':[{'name':'a','path':'/b'},{'name':'a','path':'/c'}]"),
                  "app.mountPoints: 'a' is there twice" },
                { APP("'ports':[{'name':'a','protocol':'tcp','port':0}]"),
                  "app.ports[0].port: must be between 1 and 65535" },
                { APP("'ports':[{'name':'a','protocol':'tcp','port':65536}]"),
                  "app.ports[0].port: must be between 1 and 65535" },
                { APP("'ports':[{'name':'a','protocol':'tcp','port':65535,'count':2}]"),
                  "app.ports[0].count: the range ends above 65535" },
                { APP("'ports':[{'name':'a','protocol':'tcp','port':2,'count':4294967295}]"),
                  "app.ports[0].count: the range ends above 65535" },
                { APP("'ports':[{'name':'a','port':2}]"), "app.ports[0]: missing member 'protocol'" },
                { APP("'isolators':[{'name':'resource/memory','value':{'limit':'x'}}]"),
                  "app.isolators[0].value.limit: \"x\" is not a quantity like \"512Mi\" or \"250m\"" },
                { APP("'isolators':[{'value':1}]"), "app.isolators[0]: missing member 'name'" },
                { APP("'supplementaryGIDs':[4294967296]"), "app.supplementaryGIDs[0]: number out of range" },
                { APP("'userLabels':{'a':1}"), "app.userLabels.a: expected a string" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = quoted(cases[i][0]);
                _cleanup_(appc_image_freep) AppcImage *image = NULL;
                _cleanup_json_error_ JsonError e = {};

                cr_expect_eq(appc_image_parse(json, strlen(json), &image, &e), -EINVAL, "%s", json);
                cr_assert(e.message, "%s", json);
                cr_expect_str_eq(e.message, cases[i][1]);
        }
}

Test(appc_image, port_range_to_the_end)
{
        _cleanup_free_ char *json = quoted(APP("'ports':[{'name':'a','protocol':'tcp','port':65535},"
                                               "{'name':'b','protocol':'tcp','port':1,'count':65535}]"));
        _cleanup_(appc_image_freep) AppcImage *image = NULL;

        cr_assert_eq(appc_image_parse(json, strlen(json), &image, NULL), 0);
        cr_expect_eq(image->app->ports[0].count, 1);
}
