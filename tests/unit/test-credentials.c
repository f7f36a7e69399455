/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/base64.h"
#include "image/transport/credentials.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"
#include "shared/explain.h"

/* Nothing of whoever runs this: only what a test puts there. */
static void setup(void)
{
        static const char *const variables[] = {
                "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "HOME", "DOCKER_CONFIG",
        };
        for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                unsetenv(variables[i]);
}

TestSuite(credentials, .init = setup);

typedef struct Fixture {
        Temporary t;
        char *roots[3];
        Credentials *c;
        char *message;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new() };

        f.roots[0] = strjoin(f.t.path, "/vendor");
        f.roots[1] = strjoin(f.t.path, "/admin");
        return f;
}

static void fixture_done(Fixture *f)
{
        credentials_free(f->c);
        free(f->message);
        free(f->roots[0]);
        free(f->roots[1]);
        temporary_done(&f->t);
}

static void put(Fixture *f, const char *path, const char *text)
{
        _cleanup_free_ char *parent = strndup(path, strrchr(path, '/') ? (size_t) (strrchr(path, '/') - path) : 0),
                            *json = quoted(text);

        if (*parent)
                cr_assert_geq(mkdir_p_at(f->t.fd, parent, 0755), 0);
        cr_assert_geq(write_string_at(f->t.fd, path, json, 0644), 0);
}

static int load(Fixture *f)
{
        return credentials_read((const char *const *) f->roots, &f->c, &f->message);
}

/* No helper is asked, or all of them answer. */
static const Credential *found(const Fixture *f, const char *registry, const char *repository)
{
        _cleanup_free_ char *message = NULL;
        const Credential *credential;

        cr_assert_eq(credentials_for_registry(f->c, registry, repository, &credential, &message), 0, "%s", message);
        return credential;
}

#define AUTH(domain, rest) "{'rktKind':'auth','rktVersion':'v1','domains':['" domain "']," rest "}"
#define BASIC(domain, user) AUTH(domain, "'type':'basic','credentials':{'user':'" user "','password':'p'}")
#define DOCKER(registry, user)                                                                                         \
        "{'rktKind':'dockerAuth','rktVersion':'v1','registries':['" registry "'],'credentials':{'user':'" user         \
        "','password':'p'}}"

static const char *user_of(const Credential *c)
{
        return c ? strempty(c->user) : NULL;
}

Test(credentials, kinds)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        const Credential *c;

        put(&f, "admin/auth.d/a.json", BASIC("a.test", "u"));
        put(&f, "admin/auth.d/b.json", AUTH("b.test", "'type':'oauth','credentials':{'token':'t'}"));
        put(&f, "admin/auth.d/c.json",
            AUTH("c.test', 's3.amazonaws.com', 's3-eu-west-1.amazonaws.com', 'b.s3.ap-south-1.amazonaws.com",
                 "'type':'aws','credentials':{'accessKeyID':'k','secretAccessKey':'s'}"));
        put(&f, "admin/auth.d/d.json",
            AUTH("d.test', 'e.test:8443",
                 "'type':'aws','credentials':{'accessKeyID':'k','secretAccessKey':'s','awsRegion':'eu'}"));
        cr_assert_eq(load(&f), 0, "%s", f.message);

        c = credentials_for_host(f.c, "a.test");
        cr_expect_str_eq(c->user, "u");
        cr_expect_str_eq(c->password, "p");
        cr_expect_null(c->bearer);
        c = credentials_for_host(f.c, "b.test");
        cr_expect_str_eq(c->bearer, "t");
        cr_expect_null(c->user);
        cr_expect_str_eq(credentials_for_host(f.c, "c.test")->aws_region, "us-east-1");
        cr_expect_str_eq(credentials_for_host(f.c, "s3.amazonaws.com")->aws_region, "us-east-1");
        cr_expect_str_eq(credentials_for_host(f.c, "s3-eu-west-1.amazonaws.com")->aws_region, "eu-west-1");
        cr_expect_str_eq(credentials_for_host(f.c, "b.s3.ap-south-1.amazonaws.com")->aws_region, "ap-south-1");
        cr_expect_str_eq(credentials_for_host(f.c, "e.test:8443")->aws_region, "eu");

        /* A domain is a host, no more and no less; and none of it is for registries. */
        cr_expect_null(credentials_for_host(f.c, "x.a.test"));
        cr_expect_null(credentials_for_host(f.c, "a.test:443"));
        cr_expect_null(credentials_for_host(f.c, "test"));
        cr_expect_null(credentials_for_host(f.c, ""));
        cr_expect_null(found(&f, "a.test", "x"));
}

Test(credentials, precedence)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put(&f, "vendor/auth.d/z.json", BASIC("a.test", "vendor"));
        put(&f, "vendor/auth.d/y.json", BASIC("b.test", "vendor"));
        put(&f, "admin/auth.d/a.json", BASIC("a.test", "admin"));
        put(&f, "vendor/auth.d/r.json", DOCKER("r.test", "vendor"));
        put(&f, "admin/auth.d/r.json", DOCKER("r.test", "admin"));
        /* For web servers and for registries are two things. */
        put(&f, "admin/auth.d/r2.json", BASIC("r.test", "web"));
        cr_assert_eq(load(&f), 0, "%s", f.message);
        cr_expect_str_eq(user_of(credentials_for_host(f.c, "a.test")), "admin");
        cr_expect_str_eq(user_of(credentials_for_host(f.c, "b.test")), "vendor");
        cr_expect_str_eq(user_of(credentials_for_host(f.c, "r.test")), "web");
        cr_expect_str_eq(user_of(found(&f, "r.test", "x")), "admin");
}

Test(credentials, twice_in_a_directory)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put(&f, "admin/auth.d/a.json", BASIC("a.test", "one"));
        put(&f, "admin/auth.d/b.json", BASIC("a.test", "two"));
        cr_expect_eq(load(&f), -EEXIST);
        cr_expect(strstr(f.message, "auth.d/b.json") && strstr(f.message, "'a.test'"), "%s", f.message);
}

Test(credentials, longest_repository)
{
        static const struct {
                const char *registry, *repository, *user;
        } cases[] = {
                { "r.test", "team/app", "app" },
                { "r.test", "team/app/deeper", "app" },
                { "r.test", "team/apple", "team" },
                { "r.test", "team", "team" },
                { "r.test", "teams", "all" },
                { "r.test", "x", "all" },
                { "x.test", "team/app", NULL },
                { "r.test:5000", "team/app", NULL },
                { "docker.io", "library/busybox", "hub" },
                { "index.docker.io", "a/b", "hub" },
                { "registry-1.docker.io", "a/b", "hub" },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put(&f, "admin/auth.d/1.json", DOCKER("r.test/team/app", "app"));
        put(&f, "admin/auth.d/2.json", DOCKER("r.test", "all"));
        put(&f, "admin/auth.d/3.json", DOCKER("r.test/team", "team"));
        put(&f, "admin/auth.d/4.json", DOCKER("index.docker.io", "hub"));
        cr_assert_eq(load(&f), 0, "%s", f.message);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *user = user_of(found(&f, cases[i].registry, cases[i].repository));

                cr_expect(streq_ptr(user, cases[i].user), "%s %s: %s", cases[i].registry, cases[i].repository, user);
        }
}

/* As docker login and podman login write them. dTpw: u:p */
Test(credentials, logins)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *path = strjoin(f.t.path, "/auth.json");
        const Credential *c;

        put(&f, "auth.json", "{'auths':{"
                "'https://index.docker.io/v1/':{'auth':'dTpw'},"
                "'http://old.test/v2':{'auth':'dTpw'},"
                "'plain.test':{'username':'a','password':'b:c'},"
                "'colon.test':{'auth':'dTpwOnE='},"
                "'nul.test':{'auth':'dTpwAAA='},"
                "'token.test':{'auth':'PHRva2VuPjo=','identitytoken':'refresh'},"
                "'registry.test':{'registrytoken':'bearer'},"
                "'empty.test':{},"
                "'r.test/team':{'auth':'dTpw'},"
                "'odd.test':null"
                "},'credHelpers':{'x':'y'},'HttpHeaders':{}}");
        setenv("REGISTRY_AUTH_FILE", path, 1);
        cr_assert_eq(load(&f), 0, "%s", f.message);

        cr_expect_str_eq(user_of(found(&f, "docker.io", "library/x")), "u");
        cr_expect_str_eq(user_of(found(&f, "old.test", "x")), "u");
        cr_expect_str_eq(found(&f, "plain.test", "x")->password, "b:c");
        cr_expect_str_eq(found(&f, "colon.test", "x")->password, "p:q");
        cr_expect_str_eq(found(&f, "nul.test", "x")->password, "p");
        cr_expect_str_eq(found(&f, "token.test", "x")->identity_token, "refresh");
        cr_expect_str_eq(found(&f, "registry.test", "x")->bearer, "bearer");
        c = found(&f, "empty.test", "x");
        cr_expect_null(c);
        cr_expect_null(found(&f, "r.test", "other/x"));
        cr_expect_not_null(found(&f, "r.test", "team/x"));
        /* Not for whatever else lies on the host. */
        cr_expect_null(credentials_for_host(f.c, "plain.test"));
}

/* The first file that knows the registry; rkt's before all, even when less precise. */
Test(credentials, order_of_logins)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *home = strjoin(f.t.path, "/home"), *docker = strjoin(f.t.path, "/docker"),
                            *runtime = strjoin(f.t.path, "/run");

        put(&f, "run/containers/auth.json", "{'auths':{'a.test':{'username':'runtime','password':'p'}}}");
        put(&f, "home/.config/containers/auth.json",
            "{'auths':{'a.test':{'username':'home','password':'p'},'b.test':{'username':'home','password':'p'},"
            "'d.test/x':{'username':'home','password':'p'}}}");
        put(&f, "docker/config.json",
            "{'auths':{'b.test':{'username':'docker','password':'p'},'c.test':{'username':'docker','password':'p'}}}");
        put(&f, "home/.docker/config.json", "{'auths':{'c.test':{'username':'late','password':'p'}}}");
        put(&f, "vendor/auth.d/d.json", DOCKER("d.test", "rkt"));
        setenv("XDG_RUNTIME_DIR", runtime, 1);
        setenv("HOME", home, 1);
        setenv("DOCKER_CONFIG", docker, 1);
        cr_assert_eq(load(&f), 0, "%s", f.message);
        cr_expect_str_eq(user_of(found(&f, "a.test", "x")), "runtime");
        cr_expect_str_eq(user_of(found(&f, "b.test", "x")), "home");
        cr_expect_str_eq(user_of(found(&f, "c.test", "x")), "docker");
        cr_expect_str_eq(user_of(found(&f, "d.test", "x")), "rkt");
}

/* Helpers */

static unsigned n_asked;
static char asked[256];

/* "NAME SERVER" is what was asked; the user is the helper's name. */
static int fake_helper(const char *name, const char *server, Credential *ret, char **reterr_message)
{
        n_asked++;
        (void) snprintf(asked, sizeof(asked), "%s %s", name, server);
        if (streq(name, "broken"))
                return explain(reterr_message, EKEYREJECTED, "failed");
        if (streq(name, "empty"))
                return 0;
        *ret = (Credential) { .user = strdup(name), .password = strdup("p") };
        return 1;
}

static void load_with_helpers(Fixture *f)
{
        cr_assert_eq(load(f), 0, "%s", f->message);
        credentials_set_helper(f->c, fake_helper);
        n_asked = 0;
        asked[0] = 0;
}

#define LOGIN(user) "{'username':'" user "','password':'p'}"

Test(credentials, helpers)
{
        static const struct {
                const char *registry, *repository, *user, *asked;
        } cases[] = {
                { "a.test", "x", "one", "one a.test" },
                { "a.test:5000", "x", "two", "two a.test:5000" },
                { "docker.io", "library/x", "hub", "hub https://index.docker.io/v1/" },
                { "other.test", "x", "store", "store other.test" },
                { "plain.test", "x", "plain", "" },
                { "fallback.test", "x", "login", "empty fallback.test" },
                { "none.test", "x", NULL, "empty none.test" },
                { "rkt.test", "x", "rkt", "" },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *path = strjoin(f.t.path, "/config.json");

        put(&f, "config.json", "{'auths':{'a.test':" LOGIN("login") ",'plain.test':" LOGIN("plain")
                               ",'fallback.test':" LOGIN("login") ",'rkt.test':" LOGIN("login") "},"
                               "'credHelpers':{'a.test':'one','a.test:5000':'two','https://index.docker.io/v1/':'hub',"
                               "'plain.test':'','fallback.test':'empty','none.test':'empty'},'credsStore':'store'}");
        put(&f, "vendor/auth.d/r.json", DOCKER("rkt.test", "rkt"));
        setenv("REGISTRY_AUTH_FILE", path, 1);
        load_with_helpers(&f);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *user;

                asked[0] = 0;
                user = user_of(found(&f, cases[i].registry, cases[i].repository));
                cr_expect(streq_ptr(user, cases[i].user), "%s: %s", cases[i].registry, user);
                cr_expect_str_eq(asked, cases[i].asked);
        }
        /* What they said is kept, also that there is nothing. */
        n_asked = 0;
        cr_expect_str_eq(user_of(found(&f, "a.test", "y")), "one");
        cr_expect_null(found(&f, "none.test", "y"));
        cr_expect_eq(n_asked, 0);
}

/* The store of docker's own registry; an empty name is none. */
Test(credentials, helper_store)
{
        _cleanup_(fixture_done) Fixture f = fixture_new(), none = fixture_new();
        _cleanup_free_ char *path = strjoin(f.t.path, "/config.json"), *other = strjoin(none.t.path, "/config.json");

        put(&f, "config.json", "{'credsStore':'store'}");
        setenv("REGISTRY_AUTH_FILE", path, 1);
        load_with_helpers(&f);
        cr_expect_str_eq(user_of(found(&f, "docker.io", "library/x")), "store");
        cr_expect_str_eq(asked, "store https://index.docker.io/v1/");

        put(&none, "config.json", "{'credsStore':'','credHelpers':null,'auths':{'a.test':" LOGIN("u") "}}");
        setenv("REGISTRY_AUTH_FILE", other, 1);
        load_with_helpers(&none);
        cr_expect_str_eq(user_of(found(&none, "a.test", "x")), "u");
        cr_expect_null(found(&none, "b.test", "x"));
        cr_expect_eq(n_asked, 0);
}

/* A helper of an earlier file is asked first, one of a later file only when no file has a login. */
Test(credentials, order_of_helpers)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *early = strjoin(f.t.path, "/early.json"), *late = strjoin(f.t.path, "/docker");

        put(&f, "early.json", "{'auths':{'a.test':" LOGIN("early") "},"
                         "'credHelpers':{'b.test':'one','d.test':'empty'}}");
        put(&f, "docker/config.json", "{'auths':{'b.test':" LOGIN("late") ",'d.test':" LOGIN("late") "},"
                                      "'credHelpers':{'c.test':'two'},'credsStore':'store'}");
        setenv("REGISTRY_AUTH_FILE", early, 1);
        setenv("DOCKER_CONFIG", late, 1);
        load_with_helpers(&f);
        cr_expect_str_eq(user_of(found(&f, "a.test", "x")), "early");
        cr_expect_eq(n_asked, 0);
        cr_expect_str_eq(user_of(found(&f, "b.test", "x")), "one");
        cr_expect_str_eq(user_of(found(&f, "c.test", "x")), "two");
        cr_expect_str_eq(user_of(found(&f, "d.test", "x")), "store");
}

/* Never without a credential, nor with another one. */
Test(credentials, failing_helper)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *path = strjoin(f.t.path, "/config.json");
        const Credential *credential = NULL;

        put(&f, "config.json", "{'auths':{'a.test':" LOGIN("login") "},'credHelpers':{'a.test':'broken'}}");
        setenv("REGISTRY_AUTH_FILE", path, 1);
        load_with_helpers(&f);
        cr_expect_eq(credentials_for_registry(f.c, "a.test", "x", &credential, &f.message), -EKEYREJECTED);
        cr_expect(startswith(f.message, path) && endswith(f.message, ": failed"), "%s", f.message);
        /* It is not asked again: one that hangs takes half a minute each time. */
        cr_expect_eq(credentials_for_registry(f.c, "a.test", "y", &credential, &f.message), -EKEYREJECTED);
        cr_expect(startswith(f.message, path) && endswith(f.message, ": failed"), "%s", f.message);
        cr_expect_eq(n_asked, 1);
}

Test(credentials, bad_logins)
{
        static const struct {
                const char *text;
                const char *says;
        } cases[] = {
                { "{'auths':{'a.test':{'auth':'%%%'}}}", "auth: is not the base64" },
                { "{'auths':{'a.test':{'auth':'dXA='}}}", "auth: is not the base64" },
                { "{'auths':{'a.test':{'auth':1}}}", "auth" },
                { "{'auths':[]}", "auths: expected an object" },
                { "{'credHelpers':[]}", "credHelpers: expected an object" },
                { "{'credHelpers':{'a.test':1}}", "credHelpers.a.test: expected a string" },
                { "{'credHelpers':{'a.test':'../x'}}", "credHelpers.a.test: '../x' is not a valid name" },
                { "{'credHelpers':{'a.test':'-x'}}", "is not a valid name of a credential helper" },
                { "{'credHelpers':{'a.test':'x y'}}", "is not a valid name of a credential helper" },
                { "{'credsStore':'a/b'}", "credsStore: 'a/b' is not a valid name of a credential helper" },
                { "{'credsStore':[]}", "credsStore: expected a string" },
                { "{", "auth.json: " },
                { "[]", "auth.json: " },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(fixture_done) Fixture f = fixture_new();
                _cleanup_free_ char *path = strjoin(f.t.path, "/auth.json");

                put(&f, "auth.json", cases[i].text);
                setenv("REGISTRY_AUTH_FILE", path, 1);
                cr_expect_lt(load(&f), 0, "%s", cases[i].text);
                cr_expect(f.message && startswith(f.message, path) && strstr(f.message, cases[i].says), "%s: %s",
                          cases[i].text, f.message);
                cr_expect(f.message && !strstr(f.message, "dXA"), "tells a secret: %s", f.message);
        }
}

/* An entry for each domain and registry, of whichever file and layer it came; others' files are theirs. */
Test(credentials, as_files)
{
        static const char expected[] = "[{'domains':['a.example'],'type':'oauth','credentials':{'token':'t'},'rktKind':"
                                       "'auth','rktVersion':'v1'},"
                                       "{'domains':['b.example'],'type':'basic','credentials':{'user':'u','password':'"
                                       "p'},'rktKind':'auth','rktVersion':'v1'},"
                                       "{'domains':['c.example'],'type':'aws','credentials':{'accessKeyID':'k','"
                                       "secretAccessKey':'s','awsRegion':'r'},"
                                       "'rktKind':'auth','rktVersion':'v1'},"
                                       "{'registries':['quay.io'],'credentials':{'user':'d','password':'p'},'rktKind':'"
                                       "dockerAuth','rktVersion':'v1'}]";
        _cleanup_json_object_ json_object *array = json_object_new_array();
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *json = quoted(expected), *text = NULL, *path = strjoin(f.t.path, "/auth.json");

        put(&f, "vendor/auth.d/b.json",
            "{'rktKind':'auth','rktVersion':'v1','domains':['b.example','a.example'],'type':'basic',"
            "'credentials':{'user':'u','password':'p'}}");
        put(&f, "admin/auth.d/a.json", AUTH("a.example", "'type':'oauth','credentials':{'token':'t'}"));
        put(&f, "admin/auth.d/c.json",
            AUTH("c.example", "'type':'aws','credentials':{'accessKeyID':'k','secretAccessKey':'s',"
                              "'awsRegion':'r'}"));
        put(&f, "admin/auth.d/d.json", DOCKER("quay.io", "d"));
        put(&f, "auth.json", "{'auths':{'else.example':{'username':'x','password':'y'}}}");
        setenv("REGISTRY_AUTH_FILE", path, 1);
        cr_assert_eq(credentials_read_config((const char *const *) f.roots, &f.c, &f.message), 0, "%s",
                     strempty(f.message));
        cr_assert_eq(credentials_to_json(f.c, array), 0);
        cr_assert_eq(json_format_compact(array, &text), 0);
        cr_expect_str_eq(text, json);
}

/* rkt's own cases. */
static int read_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_free_ char *text = strndup(data, n);
        int r;

        cr_assert_geq(mkdir_p_at(f.t.fd, "admin/auth.d", 0755), 0);
        cr_assert_geq(write_string_at(f.t.fd, "admin/auth.d/case.json", text, 0644), 0);
        r = load(&f);
        return r < 0 ? json_error_set(e, r, NULL, "%s", strempty(f.message)) : 0;
}

static const CaseArea areas[] = {
        { "rkt-config-auth", read_case },
        { "rkt-config-dockerAuth", read_case },
};
CASE_TESTS(credentials, areas)
