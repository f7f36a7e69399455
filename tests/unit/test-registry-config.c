/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/transport/registry-config.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

static void put(Temporary *t, const char *path, const char *text)
{
        _cleanup_free_ char *parent = strndup(path, (size_t) (strrchr(path, '/') - path)), *json = quoted(text);

        cr_assert_geq(mkdir_p_at(t->fd, parent, 0755), 0);
        cr_assert_geq(write_string_at(t->fd, path, json, 0644), 0);
}

static int load(Temporary *t, RegistryConfig **ret, char **reterr_message)
{
        _cleanup_free_ char *vendor = strjoin(t->path, "/vendor"), *admin = strjoin(t->path, "/admin");

        return registry_config_read((const char *const[]) { vendor, admin, NULL }, ret, reterr_message);
}

#define FILE_FOR(registry, rest) "{'rktKind':'registries','rktVersion':'v1','registries':['" registry "']" rest "}"

Test(registry_config, settings)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_(registry_config_freep) RegistryConfig *c = NULL;
        _cleanup_free_ char *message = NULL;
        const RegistrySettings *s;

        put(&t, "vendor/registries.d/a.json",
            FILE_FOR("a.test", ",'http':true,'mirrors':['https://m.test','http://n.test:5000/x']"));
        put(&t, "vendor/registries.d/b.json",
            FILE_FOR("b.test','b.test:5000", ",'http':true,'tlsVerify':false,'ca':'/x.pem'"));
        put(&t, "admin/registries.d/b.json", FILE_FOR("b.test", ",'tlsVerify':true"));
        cr_assert_eq(load(&t, &c, &message), 0, "%s", message);

        s = registry_config_find(c, "a.test");
        cr_expect(s->plain_http);
        cr_expect_not(s->insecure_tls);
        cr_expect_eq(strv_length(s->mirrors), 2);
        cr_expect_str_eq(s->mirrors[1], "http://n.test:5000/x");

        /* What the administrator says replaces all of it. */
        s = registry_config_find(c, "b.test");
        cr_expect_not(s->plain_http);
        cr_expect_not(s->insecure_tls);
        cr_expect_null(s->ca);
        s = registry_config_find(c, "b.test:5000");
        cr_expect(s->plain_http);
        cr_expect(s->insecure_tls);
        cr_expect_str_eq(s->ca, "/x.pem");

        s = registry_config_find(c, "A.test");
        cr_expect_not(s->plain_http);
        cr_expect_not(s->insecure_tls);
        cr_expect_null(s->mirrors);
}

Test(registry_config, bad_files)
{
        static const struct {
                const char *text, *says;
        } cases[] = {
                { "{'rktKind':'registries','rktVersion':'v1'}", "registries" },
                { "{'rktKind':'registries','rktVersion':'v1','registries':[]}", "registries" },
                { FILE_FOR("x", ",'mirrors':['ftp://m']"), "mirrors[0]: 'ftp://m' is not a URL" },
                { FILE_FOR("x", ",'mirrors':['https://a','m']"), "mirrors[1]: 'm' is not a URL" },
                { FILE_FOR("x", ",'ca':'ca.pem'"), "ca: 'ca.pem' is not an absolute path" },
                { FILE_FOR("x", ",'http':'yes'"), "http" },
                { FILE_FOR("x','x", ""), "'x' is described in this directory already" },
                { "{'rktKind':'auth','rktVersion':'v1','registries':['x']}", "rktKind" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(temporary_done) Temporary t = temporary_new();
                _cleanup_(registry_config_freep) RegistryConfig *c = NULL;
                _cleanup_free_ char *message = NULL;

                put(&t, "admin/registries.d/bad.json", cases[i].text);
                cr_expect_lt(load(&t, &c, &message), 0, "%s", cases[i].text);
                cr_expect(message && strstr(message, "registries.d/bad.json: ") && strstr(message, cases[i].says),
                          "%s: %s", cases[i].text, message);
        }
}

Test(registry_config, authorities)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_free_ char *path = strjoin(t.path, "/ca.pem"), *missing = strjoin(t.path, "/none.pem"), *pem = NULL,
                            *message = NULL;

        cr_assert_geq(write_string_at(t.fd, "ca.pem", "one", 0644), 0);
        cr_assert_eq(registry_config_authorities(&(RegistrySettings) { .ca = path }, "nobody.invalid", &pem, NULL), 0);
        cr_expect_str_eq(pem, "one\n");
        pem = mfree(pem);
        cr_assert_eq(registry_config_authorities(&(RegistrySettings) {}, "nobody.invalid", &pem, NULL), 0);
        cr_expect_null(pem);
        cr_expect_eq(
                registry_config_authorities(&(RegistrySettings) { .ca = missing }, "nobody.invalid", &pem, &message),
                -ENOENT);
        cr_expect(message && startswith(message, missing), "%s", message);
}
