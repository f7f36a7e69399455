/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/host-config.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

typedef struct Fixture {
        Temporary t;
        char *roots[4];
        HostConfig *c;
        char *message;
} Fixture;

static Fixture fixture_new(void)
{
        static const char *const layers[] = { "/vendor", "/admin", "/user" };
        Fixture f = { .t = temporary_new() };

        for (size_t i = 0; i < ELEMENTSOF(layers); i++)
                f.roots[i] = strjoin(f.t.path, layers[i]);
        return f;
}

static void fixture_done(Fixture *f)
{
        host_config_free(f->c);
        free(f->message);
        for (size_t i = 0; i < 3; i++)
                free(f->roots[i]);
        temporary_done(&f->t);
}

static void put(Fixture *f, const char *path, const char *text)
{
        _cleanup_free_ char *parent = strndup(path, (size_t) (strrchr(path, '/') - path)), *json = quoted(text);

        cr_assert_geq(mkdir_p_at(f->t.fd, parent, 0755), 0);
        cr_assert_geq(write_string_at(f->t.fd, path, json, 0644), 0);
}

static int load(Fixture *f)
{
        return host_config_read((const char *const *) f->roots, &f->c, &f->message);
}

#define PATHS(rest) "{'rktKind':'paths','rktVersion':'v1'" rest "}"
#define STAGE1(rest) "{'rktKind':'stage1','rktVersion':'v1'" rest "}"

/* Member by member the last layer counts; what comes out has the form of files, of which there is one a kind. */
Test(host_config, layers)
{
        static const char expected[] =
                "[{'data':'/me','stage1-images':'/vendor/images','rktKind':'paths','rktVersion':'v1'},"
                "{'name':'example.com/s','version':'2','location':'docker://s','rktKind':'stage1','rktVersion':'v1'}]";
        _cleanup_json_object_ json_object *array = json_object_new_array();
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *json = quoted(expected), *text = NULL;

        put(&f, "vendor/paths.d/a.json", PATHS(",'data':'/vendor','stage1-images':'/vendor/images'"));
        put(&f, "user/paths.d/a.json", PATHS(",'data':'/me'"));
        put(&f, "vendor/stage1.d/a.json", STAGE1(",'name':'example.com/s','version':'1','location':'/x'"));
        put(&f, "admin/stage1.d/a.json", STAGE1(",'name':'example.com/s','version':'2'"));
        put(&f, "admin/stage1.d/b.json", STAGE1(",'location':'docker://s'"));
        put(&f, "admin/stage1.d/passed-over", "no JSON");
        cr_assert_eq(load(&f), 0, "%s", strempty(f.message));
        cr_expect_str_eq(f.c->data, "/me");
        cr_assert_eq(host_config_to_json(f.c, array), 0);
        cr_assert_eq(json_format_compact(array, &text), 0);
        cr_expect_str_eq(text, json);
}

#define METADATA(members) "{'rktKind':'metadata','rktVersion':'v1'" members "}"

Test(host_config, metadata)
{
        static const char json[] = "[{\"register\":false,\"rktKind\":\"metadata\",\"rktVersion\":\"v1\"}]";
        _cleanup_json_object_ json_object *array = json_object_new_array();
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *text = NULL;

        put(&f, "vendor/metadata.d/a.json", METADATA(",'register':true"));
        cr_assert_eq(load(&f), 0, "%s", strempty(f.message));
        cr_expect_eq(f.c->mds_register, TRISTATE_YES);
        f.c = host_config_free(f.c);
        put(&f, "admin/metadata.d/a.json", METADATA(",'register':false"));
        put(&f, "admin/metadata.d/b.json", METADATA(""));
        cr_assert_eq(load(&f), 0, "%s", strempty(f.message));
        cr_expect_eq(f.c->mds_register, TRISTATE_NO);
        cr_assert_eq(host_config_to_json(f.c, array), 0);
        cr_assert_eq(json_format_compact(array, &text), 0);
        cr_expect_str_eq(text, json);
}

#define ENDED(members) "{'rktKind':'ended','rktVersion':'v1'" members "}"
#define CRI(members) "{'rktKind':'cri','rktVersion':'v1'" members "}"
#define LOG(members) "{'rktKind':'log','rktVersion':'v1'" members "}"

Test(host_config, ended)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        PodKeep keep;

        cr_assert_eq(load(&f), 0);
        keep = host_config_keep(f.c);
        cr_expect_eq(keep.pods, 5);
        cr_expect_eq(keep.bytes, 1ULL << 30);
        f.c = host_config_free(f.c);
        put(&f, "vendor/ended.d/a.json", ENDED(",'pods':'20','size':'1M'"));
        put(&f, "admin/ended.d/a.json", ENDED(",'size':'infinity'"));
        cr_assert_eq(load(&f), 0, "%s", strempty(f.message));
        keep = host_config_keep(f.c);
        cr_expect_eq(keep.pods, 20);
        cr_expect_eq(keep.bytes, UINT64_MAX);
}

Test(host_config, nothing)
{
        _cleanup_json_object_ json_object *array = json_object_new_array();
        _cleanup_(fixture_done) Fixture f = fixture_new();

        cr_assert_eq(load(&f), 0);
        cr_expect_null(f.c->data);
        cr_assert_eq(host_config_to_json(f.c, array), 0);
        cr_expect_eq(json_object_array_length(array), 0);
}

/* Each message names the file and the member. */
Test(host_config, refuses)
{
        static const struct {
                const char *path, *text, *message;
        } cases[] = {
                { "admin/ended.d/a.json", ENDED(",'pods':'0'"),
                  "ended.d/a.json: pods: '0' is not a number of 1 or more" },
                { "admin/ended.d/a.json", ENDED(",'size':'much'"), "ended.d/a.json: size: 'much' is not a size" },
                { "admin/paths.d/a.json", PATHS(",'data':'relative'"),
                  "paths.d/a.json: data: 'relative' is not an absolute path" },
                { "admin/paths.d/a.json", PATHS(",'stage1-images':'x'"), "stage1-images" },
                { "admin/paths.d/a.json", PATHS(",'data':7"), "data: expected a string" },
                { "admin/paths.d/a.json", PATHS(",'data':''"), "data" },
                { "admin/paths.d/a.json", STAGE1(",'location':'/x'"), "rktKind" },
                { "admin/paths.d/a.json", "{'rktKind':'paths'}", "rktVersion" },
                { "admin/paths.d/a.json", "[]", "a.json" },
                { "admin/paths.d/a.json", "{", "a.json" },
                { "admin/metadata.d/a.json", METADATA(",'register':'yes'"), "register" },
                { "admin/metadata.d/a.json", PATHS(""), "rktKind" },
                { "admin/log.d/a.json", LOG(",'output':'loud'"),
                  "log.d/a.json: output: 'loud' is not both, pod, host or none" },
                { "admin/cri.d/a.json", CRI(",'network':'bridge'"),
                  "cri.d/a.json: network: 'bridge' is not cni or any" },
                { "admin/stage1.d/a.json", STAGE1(",'name':'n'"), "version: is missing" },
                { "admin/stage1.d/a.json", STAGE1(",'version':'1'"), "name: is missing" },
                { "admin/stage1.d/a.json", STAGE1(",'location':'image.aci'"), "location" },
                { "admin/stage1.d/a.json", STAGE1(",'location':'ftp://x/image.aci'"), "location" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(fixture_done) Fixture f = fixture_new();

                put(&f, cases[i].path, cases[i].text);
                cr_expect_lt(load(&f), 0, "%s", cases[i].text);
                cr_expect(f.message && strstr(f.message, cases[i].message), "%s: %s", cases[i].text,
                          strempty(f.message));
        }
}

Test(host_config, twice_in_one_directory)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put(&f, "admin/paths.d/a.json", PATHS(",'data':'/a'"));
        put(&f, "admin/paths.d/b.json", PATHS(",'data':'/b'"));
        cr_assert_eq(load(&f), -EEXIST);
        cr_expect(strstr(f.message, "b.json: data"), "%s", f.message);
}

/* rkt's own cases. */
static int read_case(const char *data, size_t n, const char *directory, JsonError *e)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *text = strndup(data, n), *parent = strjoin("admin/", directory),
                            *path = strjoin(parent, "/case.json");
        int r;

        cr_assert_geq(mkdir_p_at(f.t.fd, parent, 0755), 0);
        cr_assert_geq(write_string_at(f.t.fd, path, text, 0644), 0);
        r = load(&f);
        return r < 0 ? json_error_set(e, r, NULL, "%s", strempty(f.message)) : 0;
}

static int read_paths(const char *data, size_t n, JsonError *e)
{
        return read_case(data, n, "paths.d", e);
}

static int read_stage1(const char *data, size_t n, JsonError *e)
{
        return read_case(data, n, "stage1.d", e);
}

static const CaseArea areas[] = {
        { "rkt-config-paths", read_paths },
        { "rkt-config-stage1", read_stage1 },
};
CASE_TESTS(host_config, areas)
