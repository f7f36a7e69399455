/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "shared/config-dir.h"
#include "lib/test-temporary.h"

typedef struct Seen {
        char **values;          /* "LAYER:VALUE" */
} Seen;

static int read_word(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        Seen *seen = userdata;
        json_object *word;

        if (!json_object_object_get_ex(o, "word", &word))
                return json_error_set(e, -EINVAL, "word", "is missing");
        return strv_extendf(&seen->values, "%u:%s", layer, json_object_get_string(word));
}

static const ConfigKind kinds[] = { { "word", read_word }, {} };

static int read_all(Temporary *t, Seen *seen, char **reterr_message)
{
        _cleanup_free_ char *vendor = strjoin(t->path, "/vendor"), *admin = strjoin(t->path, "/admin");

        return config_dir_read((const char *const[]) { vendor, admin, NULL }, "word.d", kinds, seen, reterr_message);
}

#define WORD(w) "{\"rktKind\":\"word\",\"rktVersion\":\"v1\",\"word\":\"" w "\"}"

static void put(Temporary *t, const char *path, const char *text)
{
        _cleanup_free_ char *parent = strndup(path, strrchr(path, '/') - path);

        cr_assert_geq(mkdir_p_at(t->fd, parent, 0755), 0);
        cr_assert_geq(write_string_at(t->fd, path, text, 0644), 0);
}

Test(config_dir, vendor_before_administrator_and_only_json_files)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_free_ char *message = NULL, *all = NULL;
        Seen seen = {};

        put(&t, "admin/word.d/a.json", WORD("second"));
        put(&t, "vendor/word.d/z.json", WORD("first"));
        put(&t, "vendor/word.d/readme.txt", "no JSON");
        put(&t, "vendor/word.d/sub.json/x.json", "no JSON either");

        cr_assert_eq(read_all(&t, &seen, &message), 0, "%s", message);
        all = strv_join(seen.values, " ");
        cr_assert_str_eq(all, "0:first 1:second");
        strv_free(seen.values);
}

Test(config_dir, nothing_there_is_nothing_said)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        Seen seen = {};

        cr_assert_eq(read_all(&t, &seen, NULL), 0);
        cr_assert_null(seen.values);
}

Test(config_dir, bad_files_are_named)
{
        static const struct {
                const char *text;
                int error;
                const char *says;
        } cases[] = {
                { "{", -EBADMSG, "word.d/bad.json: " },
                { "[]", -EINVAL, "expected an object" },
                { "{\"rktVersion\":\"v1\"}", -EINVAL, "missing member 'rktKind'" },
                { "{\"rktKind\":\"word\"}", -EINVAL, "missing member 'rktVersion'" },
                { "{\"rktKind\":\"word\",\"rktVersion\":\"v2\",\"word\":\"\"}", -EOPNOTSUPP,
                  "rktVersion: 'v2' is not known" },
                { "{\"rktKind\":\"auth\",\"rktVersion\":\"v1\"}", -EINVAL, "rktKind: 'auth' does not belong" },
                { "{\"rktKind\":\"word\",\"rktVersion\":\"v1\"}", -EINVAL, "word: is missing" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(temporary_done) Temporary t = temporary_new();
                _cleanup_free_ char *message = NULL;
                Seen seen = {};

                put(&t, "admin/word.d/bad.json", cases[i].text);
                cr_expect_eq(read_all(&t, &seen, &message), cases[i].error, "%s: %s", cases[i].text, message);
                cr_expect(message && strstr(message, cases[i].says), "%s: %s", cases[i].text, message);
                strv_free(seen.values);
        }
}
