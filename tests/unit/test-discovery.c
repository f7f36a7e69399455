/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/discovery.h"
#include "image/name/appc-discovery.h"
#include "lib/test-cases.h"

static Discovery parse(const char *html, const char *name)
{
        Discovery d = {};

        cr_assert_eq(discovery_parse(html, strlen(html), name, &d), 0, "%s", html);
        return d;
}

#define META(name, content) "<meta name=\"" name "\" content=\"" content "\">"
#define ACI(content) META("ac-discovery", content)

Test(discovery, elements)
{
        static const struct {
                const char *html;
                const char *aci;        /* joined by blanks */
        } cases[] = {
                { "<html><head>" ACI("example.com/app https://a/{name}") "</head></html>", "https://a/{name}" },
                { "<html><head>" ACI("example.com https://a") ACI("example.com/app https://b") "</head></html>",
                  "https://a https://b" },
                { "<HTML><HEAD><META NAME=AC-Discovery CONTENT='example.com https://a'></HEAD></HTML>", "https://a" },
                { "<!DOCTYPE html>\n<title>x</title>" ACI("example.com/ \t\n https://a behind") "<body>", "https://a" },
                { ACI("example.com https://a?b=1&amp;c=2"), "https://a?b=1&c=2" },
                /* Others' words. */
                { "<html><head></head><body>" ACI("example.com https://a") "</body></html>", "" },
                { "<html><head><title>x</title></head><body><p>" ACI("example.com https://a"), "" },
                { "<html><head><!-- " ACI("example.com https://a") " --></head></html>", "" },
                { "<html><head><script>'" ACI("example.com https://a") "'</script></head></html>", "" },
                /* Of another prefix. */
                { ACI("example.co https://a"), "" },
                { ACI("example.com/ap https://a"), "" },
                { ACI("example.com/app/deeper https://a"), "" },
                { ACI("Example.com https://a"), "" },
                { ACI("* https://a"), "" },
                /* No good at all. */
                { ACI("example.com"), "" },
                { ACI("example.com "), "" },
                { ACI(" https://a"), "" },
                { ACI(""), "" },
                { ACI("example.com https://\xc3\xa9"), "" },
                { ACI("example.com https://a\x1b[31m"), "" },
                { "<meta name=ac-discovery><meta content='example.com https://a'>", "" },
                { META("ac-discovery-pubkeys", "example.com https://a"), "" },
                { "", "" },
                { "<", "" },
                { "\xff\xfe", "" },
                { "<html", "" },
                { "{\"aci\": []}", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Discovery d = parse(cases[i].html, "example.com/app");
                _cleanup_free_ char *aci = strv_join(d.aci, " ");

                cr_expect_str_eq(strempty(aci), cases[i].aci, "%s: %s", cases[i].html, aci);
                discovery_done(&d);
        }
}

Test(discovery, keys)
{
        Discovery d = parse(META("ac-discovery-pubkeys", "example.com https://a/keys") ACI("example.com https://b"),
                            "example.com/app");

        cr_expect_eq(strv_length(d.pubkeys), 1);
        cr_expect_str_eq(d.pubkeys[0], "https://a/keys");
        discovery_done(&d);
}

/* Neither depth nor number nor NULs bring us anywhere. */
Test(discovery, hostile, .timeout = 60)
{
        enum { N = 20000 };
        _cleanup_free_ char *deep = malloc(N * 5 + 1), *many = NULL;
        size_t size;
        FILE *f;
        Discovery d;

        for (size_t i = 0; i < N; i++)
                memcpy(deep + 5 * i, "<div>", 6);
        d = parse(deep, "example.com");
        discovery_done(&d);

        f = open_memstream(&many, &size);
        for (size_t i = 0; i < N; i++)
                fputs(ACI("example.com https://a"), f);
        fclose(f);
        d = parse(many, "example.com");
        cr_expect_eq(strv_length(d.aci), 64);
        discovery_done(&d);

        cr_assert_eq(discovery_parse("\0<html>\0", 8, "example.com", &d), 0);
        discovery_done(&d);
        cr_assert_eq(discovery_parse("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><meta name=ac-discovery "
                                     "content='example.com &e;'>",
                                     100, "example.com", &d),
                     0);
        discovery_done(&d);
}

/* The upstream table: which page answers at which path (appc spec, discovery_test.go). */

static const char *page_for(size_t row)
{
        static const char *const pages[] = {
                "meta01", "meta01", NULL,     "meta01", "meta01", "meta02", "meta03",
                NULL,     "meta05", "meta05", "meta05", "meta06", "meta01",
        };
        return row < ELEMENTSOF(pages) ? pages[row] : NULL;
}

static char *expected_urls(json_object *c, const char *member)
{
        json_object *list = json_object_object_get(c, "expectedACIEndpoints");
        char *all = strdup("");

        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                json_object *v = json_object_object_get(json_object_array_get_idx(list, i), member);
                _cleanup_free_ char *before = all;

                all = strjoin(before, json_object_get_string(v), "\n");
        }
        return all;
}

static AppcImageRef wanted(json_object *c)
{
        json_object *app = json_object_object_get(c, "app");
        AppcImageRef ref = { .name = strdup(json_object_get_string(json_object_object_get(app, "Name"))) };

        json_object_object_foreach(json_object_object_get(app, "Labels"), key, value)
                cr_assert_geq(strv_extendf(&ref.labels, "%s=%s", key, json_object_get_string(value)), 0);
        return ref;
}

/* From the page's elements to URLs. */
static void render(const Discovery *d, const AppcImageRef *ref, AppcEndpoints *ret)
{
        _cleanup_free_ char *list = strv_join(d->aci, "\",\""), *text = NULL;

        text = strv_length(d->aci) > 0 ? strjoin("{\"aci\":[\"", list, "\"]}") : strdup("{\"aci\":[]}");
        cr_assert_eq(appc_endpoints_render(text, strlen(text), ref, ret, NULL), 0);
}

static void check_row(size_t i, json_object *c)
{
        _cleanup_(appc_image_ref_done) AppcImageRef ref = wanted(c);
        _cleanup_free_ char *name =
                page_for(i) ? strprintf("%s/discovery-html/%s.html", getenv("PODCTL_CASES"), page_for(i)) : NULL;
        _cleanup_free_ char *html = NULL, *images = expected_urls(c, "ACI"), *signatures = expected_urls(c, "ASC");
        _cleanup_free_ char *all = strdup(""), *all_signatures = strdup("");
        AppcEndpoints e = {};
        Discovery d = {};
        size_t n;

        if (!name)
                return;
        cr_assert_eq(read_file_at(AT_FDCWD, name, 1 << 20, &html, &n), 0, "%s", name);
        cr_assert_eq(discovery_parse(html, n, ref.name, &d), 0);
        render(&d, &ref, &e);
        for (size_t k = 0; k < e.n; k++) {
                _cleanup_free_ char *before = all, *before_signatures = all_signatures;

                all = strjoin(before, e.endpoints[k].image, "\n");
                all_signatures = strjoin(before_signatures, e.endpoints[k].signature, "\n");
        }
        cr_expect_str_eq(all, images, "%zu, %s: %s", i, name, all);
        cr_expect_str_eq(all_signatures, signatures, "%zu, %s: %s", i, name, all_signatures);
        appc_endpoints_done(&e);
        discovery_done(&d);
}

Test(discovery, pages_from_beside)
{
        _cleanup_free_ char *path = strprintf("%s/tables/discovery-endpoints.json", strempty(getenv("PODCTL_CASES")));
        _cleanup_json_object_ json_object *table = NULL;

        skip_without_cases();
        table = read_rows(path);

        for (size_t i = 0; i < json_object_array_length(table); i++)
                check_row(i, json_object_object_get(json_object_array_get_idx(table, i), "case"));
}

Test(discovery, templates)
{
        static const struct {
                const char *template, *url;
        } cases[] = {
                { "https://a/{name}-{version}.{ext}", "https://a/example.com/app-1.0.aci" },
                { "{flavour}{flavour}", "mintmint" },
                { "https://a/{os}", NULL },
                { "https://a/{", "https://a/{" },
                { "https://a/}", "https://a/}" },
                { "https://a/{}", NULL },
                { "https://a/{{name}}", NULL },
                { "plain", "plain" },
        };
        AppcImageRef ref = {
                .name = (char *) "example.com/app",
                .labels = (char *[]) { (char *) "version=1.0", (char *) "flavour=mint", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Discovery d = { .aci = (char *[]) { (char *) cases[i].template, NULL } };
                AppcEndpoints e = {};

                render(&d, &ref, &e);
                cr_expect_eq(e.n, cases[i].url ? 1 : 0, "%s", cases[i].template);
                if (cases[i].url && e.n == 1)
                        cr_expect_str_eq(e.endpoints[0].image, cases[i].url);
                appc_endpoints_done(&e);
        }
}

/* The answer comes from a process that may have been taken over. */
Test(discovery, bad_answers)
{
        static const char *const bad[] = {
                "", "{", "[]", "{}", "{\"aci\":{}}", "{\"aci\":[1]}", "{\"aci\":\"x\"}", "{\"aci\":[[]]}"
        };
        AppcImageRef ref = { .name = (char *) "example.com/app" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *message = NULL;
                AppcEndpoints e = {};

                cr_expect_lt(appc_endpoints_render(bad[i], strlen(bad[i]), &ref, &e, &message), 0, "%s", bad[i]);
                cr_expect(message && startswith(message, "discovery: "), "%s: %s", bad[i], message);
        }
}
