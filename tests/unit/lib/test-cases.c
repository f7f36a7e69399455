/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-cases.h"

char *quoted(const char *s)
{
        char *copy = strdup(s);

        cr_assert(copy);
        for (char *p = copy; *p; p++)
                if (*p == '\'')
                        *p = '"';
        return copy;
}

json_object *read_rows(const char *path)
{
        _cleanup_json_error_ JsonError e = {};
        json_object *o = NULL;
        int r = json_parse_file_at(AT_FDCWD, path, &o, &e);

        cr_assert_eq(r, 0, "%s: %s", path, json_error_message(&e, r));
        cr_assert(json_object_is_type(o, json_type_array) && json_object_array_length(o) > 0, "%s: no rows", path);
        return o;
}

static void run_own_case(const CaseArea *area, json_object *row)
{
        json_object *value = NULL, *refused = NULL, *rule = NULL, *says = NULL;
        _cleanup_json_error_ JsonError e = {};
        const char *text, *name;
        int r;

        cr_assert(json_object_object_get_ex(row, "value", &value) || json_object_object_length(row) > 1);
        if (!json_object_object_get_ex(row, "accepted", &rule))
                cr_assert(json_object_object_get_ex(row, "refused", &refused), "%s", area->name);
        name = json_object_get_string(rule ?: refused);
        text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
        r = area->parse(text, strlen(text), &e);
        if (rule) {
                cr_expect_geq(r, 0, "%s: %s: %s", area->name, name, json_error_message(&e, r));
                return;
        }
        cr_expect_lt(r, 0, "%s: %s: accepted", area->name, name);
        cr_expect(json_object_object_get_ex(row, "says", &says) &&
                          strstr(json_error_message(&e, r), json_object_get_string(says)),
                  "%s: %s: |%s|", area->name, name, json_error_message(&e, r));
}

void run_own_cases(const CaseArea *areas, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *path =
                        strprintf("%s/cases/%s.json", getenv("PODCTL_TEST_DATA"), areas[i].name);
                _cleanup_json_object_ json_object *rows = read_rows(path);

                for (size_t j = 0; j < json_object_array_length(rows); j++)
                        run_own_case(&areas[i], json_object_array_get_idx(rows, j));
        }
}

static void run_case(const char *name, CaseParser parse, bool valid, const char *const *deviations)
{
        _cleanup_free_ char *path = strprintf("%s/%s", getenv("PODCTL_CASES"), name), *data = NULL;
        _cleanup_json_error_ JsonError e = {};
        size_t n;
        int r;

        for (; deviations && *deviations; deviations++)
                if (streq(*deviations, name))
                        valid = !valid;

        cr_assert_eq(read_file_at(AT_FDCWD, path, 64 << 20, &data, &n), 0, "%s", path);
        r = parse(data, n, &e);
        if (valid)
                cr_expect_geq(r, 0, "%s: %s", name, json_error_message(&e, r));
        else {
                cr_expect_lt(r, 0, "%s: accepted", name);
                cr_expect(e.message, "%s: refused without a word", name);
                cr_expect(!e.message || !strchr(e.message, '\n'), "%s: %s", name, e.message);
        }
}

static size_t run_case_directory(const char *area, const char *kind, CaseParser parse,
                                                 const char *const *deviations)
{
        _cleanup_free_ char *directory = strprintf("%s/%s/%s", getenv("PODCTL_CASES"), area, kind);
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_at(AT_FDCWD, directory, &names), 0, "%s", directory);
        STRV_FOREACH(s, names) {
                _cleanup_free_ char *name = strprintf("%s/%s/%s", area, kind, *s);

                run_case(name, parse, streq(kind, "valid"), deviations);
        }
        return strv_length(names);
}

void skip_without_cases(void)
{
        const char *cases = getenv("PODCTL_CASES");

        if (!cases || access(cases, F_OK) < 0)
                cr_skip_test("no case files");
}

void run_outside_cases(const CaseArea *areas, size_t n)
{
        skip_without_cases();
        for (size_t i = 0; i < n; i++)
                cr_expect_gt(run_case_directory(areas[i].name, "valid", areas[i].parse, areas[i].deviations) +
                                     run_case_directory(areas[i].name, "invalid", areas[i].parse, areas[i].deviations),
                             0, "%s: no cases", areas[i].name);
}

json_object *open_table(const char *name)
{
        _cleanup_free_ char *own = strprintf("%s/tables/%s.json", getenv("PODCTL_TEST_DATA"), name),
                            *beside = strprintf("%s/tables/%s.json", strempty(getenv("PODCTL_CASES")), name);
        _cleanup_json_object_ json_object *more = access(beside, F_OK) < 0 ? NULL : read_rows(beside);
        json_object *rows = read_rows(own);

        for (size_t i = 0; more && i < json_object_array_length(more); i++)
                cr_assert_eq(json_object_array_add(rows, json_object_get(json_object_array_get_idx(more, i))), 0);
        return rows;
}

const char *row_string(json_object *row, const char *name)
{
        json_object *inner, *v;

        if (json_object_object_get_ex(row, "case", &inner) && json_object_is_type(inner, json_type_object))
                row = inner;
        return json_object_object_get_ex(row, name, &v) ? json_object_get_string(v) : NULL;
}

char *read_data(const char *name, size_t *ret_size)
{
        _cleanup_free_ char *path = strprintf("%s/%s", getenv("PODCTL_TEST_DATA"), name);
        char *data = NULL;

        cr_assert_eq(read_file_at(AT_FDCWD, path, 1 << 20, &data, ret_size), 0, "%s", path);
        return data;
}

void run_damaged(const char *name, CaseParser parse)
{
        static const char damage[] = "{}[]\",:0n\\";
        size_t n;
        _cleanup_free_ char *data = read_data(name, &n);

        for (size_t i = 0; i < n; i++) {
                char original = data[i];

                (void) parse(data, i, NULL);
                for (const char *c = damage; *c; c++) {
                        _cleanup_json_error_ JsonError e = {};

                        data[i] = *c;
                        if (parse(data, n, &e) < 0)
                                cr_expect(e.message, "%s: byte %zu as '%c'", name, i, *c);
                }
                data[i] = original;
        }
        cr_expect_geq(parse(data, n, NULL), 0);
}
