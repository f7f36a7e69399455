/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "foreign/yaml/yaml-json.h"

static int parse(const char *text, json_object **ret, JsonError *e)
{
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;

        return yaml_parse_memory(text, strlen(text), ret, &lines, e);
}

Test(yaml_json, values)
{
        static const struct {
                const char *yaml, *json;
        } cases[] = {
                { "", "[]" },
                { "--- # nothing\n", "[]" },
                { "a: 1", "[{\"a\":1}]" },
                { "a: 1\n---\n---\nb: 2\n", "[{\"a\":1},{\"b\":2}]" },
                { "{\"json\": [true, null, 1.5, \"x\"]}", "[{\"json\":[true,null,1.5,\"x\"]}]" },
                /* Words of YAML 1.1 */
                { "[yes, Yes, y, on, true, no, OFF, n]", "[[true,true,true,true,true,false,false,false]]" },
                { "[\"yes\", 'no', yEs]", "[[\"yes\",\"no\",\"yEs\"]]" },
                { "[~, null, NULL, '', \"~\", nil]", "[[null,null,null,\"\",\"~\",\"nil\"]]" },
                { "a:\nb:\n", "[{\"a\":null,\"b\":null}]" },
                /* Numbers */
                { "[0644, 0o644, 0x1F, 0b101, -5, +5, 1_000]", "[[420,420,31,5,-5,5,1000]]" },
                { "[08, 1e3, 2.0, 1.5, .5, -0]", "[[8,1000,2,1.5,0.5,0]]" },
                { "[18446744073709551615, -9223372036854775808]", "[[18446744073709551615,-9223372036854775808]]" },
                { "[1.2.3, 12:30:45, 0xg, 1e, _1, ., '1', 2001-12-14]",
                  "[[\"1.2.3\",\"12:30:45\",\"0xg\",\"1e\",\"_1\",\".\",\"1\",\"2001-12-14\"]]" },
                { "8Gi", "[\"8Gi\"]" },
                /* Tags */
                { "[!!str 5, !!str yes, !!int '7', !!bool 'on', !!null '', !!float 3, ! 5]",
                  "[[\"5\",\"yes\",7,true,null,3,\"5\"]]" },
                { "!!binary aGVs\n  bG8=", "[\"hello\"]" },
                { "!!map {a: !!seq [1]}", "[{\"a\":[1]}]" },
                /* Names become strings. */
                { "y: 1", "[{\"true\":1}]" },
                { "{on: 1, 5: 2, 0x10: 3}", "[{\"true\":1,\"5\":2,\"16\":3}]" },
                /* Texts */
                { "a: |\n  one\n  two\nb: >-\n  three\n  four\n", "[{\"a\":\"one\\ntwo\\n\",\"b\":\"three four\"}]" },
                { "\xef\xbb\xbf" "a: \"\\u00fc\"", "[{\"a\":\"\xc3\xbc\"}]" },
                { "\xef\xbb\xbf" "a: 1\nb: 2\n", "[{\"a\":1,\"b\":2}]" },
                { "\xef\xbb\xbf", "[]" },
                /* Aliases and merges */
                { "a: &x [1, &y 2]\nb: *x\nc: *y", "[{\"a\":[1,2],\"b\":[1,2],\"c\":2}]" },
                { "a: &x 1\nb: &x 2\nc: *x", "[{\"a\":1,\"b\":2,\"c\":2}]" },
                { "a: &x ~\nb: *x", "[{\"a\":null,\"b\":null}]" },
                { "p: &x {a: 1, b: 2}\nq: {b: 3, <<: *x}", "[{\"p\":{\"a\":1,\"b\":2},\"q\":{\"b\":3,\"a\":1}}]" },
                { "q: {<<: [{a: 1}, {a: 2, b: 2}]}", "[{\"q\":{\"a\":1,\"b\":2}}]" },
                { "q: {'<<': {a: 1}}", "[{\"q\":{\"<<\":{\"a\":1}}}]" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_object_ json_object *o = NULL;
                _cleanup_json_error_ JsonError e = {};
                _cleanup_free_ char *json = NULL;
                int r = parse(cases[i].yaml, &o, &e);

                cr_assert_eq(r, 0, "%s: %s", cases[i].yaml, json_error_message(&e, r));
                cr_assert_eq(json_format_compact(o, &json), 0);
                cr_expect_str_eq(json, cases[i].json, "%s: %s", cases[i].yaml, json);
        }
}

Test(yaml_json, refused)
{
        static const struct {
                const char *yaml, *message;
        } cases[] = {
                { "a: 1\nb: 2\na: 3\n", "line 3, column 1: a second member a" },
                { "a: {b: 1, \"b\": 2}", "line 1, column 11: a second member b" },
                { "a:\n  <<: {b: 1}\n  <<: {c: 1}\n", "line 3, column 3: a second member <<" },
                { "<<: 5", "line 1, column 1: '<<' takes a mapping" },
                { "<<: [5]", "line 1, column 1: '<<' takes a mapping" },
                { "a: &x\n  - *x\n", "line 2, column 5: the alias is within what it stands for: *x" },
                { "a: &x {b: *x}", "the alias is within what it stands for: *x" },
                { "a: &x 1\n---\nb: *x\n", "line 3, column 4: there is no anchor before the alias *x" },
                { "a: \"x\\0y\"", "line 1, column 4: NUL character" },
                { "a: \"x\\0y\": 1", "line 1, column 4" },
                { "ok: 1\na: \xff\n", "line 2, column 4" },
                { "ok: 1\na: \xed\xa0\x80\n", "line 2, column 4" },
                { "a: [1", "line 2, column 1" },
                { "a: b: c", "line 1, column 5" },
                { "a:\n\t- b\n", "line 2, column 1" },
                { "a: !!int x", "line 1, column 4: the text is not a valid tag:yaml.org,2002:int" },
                { "a: !!bool 5", "not a valid tag:yaml.org,2002:bool" },
                { "a: !!binary '***'", "not a valid tag:yaml.org,2002:binary" },
                { "a: !!binary AAE=", "not a valid tag:yaml.org,2002:binary" },
                { "a: !!set {x: }", "line 1, column 4: nothing in JSON has the tag" },
                { "a: !mine x", "nothing in JSON has the tag !mine" },
                { "1e999", "number out of range" },
                { "? [a]\n: b\n", "line 1, column 3: the name of a member is not a string" },
                { "~: b\n", "the name of a member is not a string" },
                { "%YAML 3.0\n---\na: 1", "line 1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_object_ json_object *o = NULL;
                _cleanup_json_error_ JsonError e = {};
                int r = parse(cases[i].yaml, &o, &e);

                cr_expect_eq(r, -EBADMSG, "%s", cases[i].yaml);
                cr_expect(e.message && startswith(e.message, "not valid YAML at line "), "%s", cases[i].yaml);
                cr_expect(e.message && strstr(e.message, cases[i].message), "%s: %s", cases[i].yaml, e.message);
        }
}

/* A short text that would be gigabytes. */
Test(yaml_json, aliases_that_multiply)
{
        _cleanup_free_ char *text = strdup("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};

        for (int i = 1; i < 10; i++) {
                char *longer = strprintf("%sa%i: &a%i [*a%i, *a%i, *a%i, *a%i, *a%i, *a%i, *a%i, *a%i, *a%i]\n", text,
                                         i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);

                free(text);
                text = longer;
        }
        cr_expect_eq(parse(text, &o, &e), -EBADMSG);
        cr_expect(strstr(e.message, "too many values, aliases counted"), "%s", e.message);
}

static void check_depth(int depth, int expected)
{
        _cleanup_free_ char *text = new0(char, 2 * (size_t) depth + 1);
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};

        memset(text, '[', (size_t) depth);
        memset(text + depth, ']', (size_t) depth);
        cr_expect_eq(parse(text, &o, &e), expected, "%i: %s", depth, e.message);
}

Test(yaml_json, depth_and_size)
{
        _cleanup_free_ char *large = new0(char, YAML_MAX_SIZE + 2);
        _cleanup_json_object_ json_object *o = NULL;

        check_depth(JSON_MAX_DEPTH, 0);
        check_depth(JSON_MAX_DEPTH + 1, -EBADMSG);
        check_depth(100000, -EBADMSG);
        memset(large, ' ', YAML_MAX_SIZE + 1);
        cr_expect_eq(parse(large, &o, NULL), -E2BIG);
}

Test(yaml_json, lines)
{
        static const struct {
                const char *path;
                size_t line;
        } cases[] = {
                { "kind: expected a number", 2 },
                { "spec", 3 },
                { "spec.list", 4 },
                { "spec.list[0].name", 5 },
                { "spec.list[1].name: 'two' is taken", 7 },
                { "spec.list[1].a.b/c.d: not known", 8 },
                { "spec.list[1].again.name", 5 },
                { "spec.list[1].again", 9 },
                /* What is not there belongs to what is. */
                { "spec.list[1].image", 7 },
                { "spec.list[7]", 4 },
                { "spec.nothing", 10 },
                { "spec.nulls[0]", 12 },
                { "spec.nulls[1]", 13 },
                { "spec.nulls[2]: expected a string", 14 },
                { "spec.nulls[3]", 11 },
                { "", 2 },
                { "missing member 'kind'", 2 },
        };
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        static const char text[] = "# comment\n"
                                   "kind: Pod\n"
                                   "spec:\n"
                                   "  list:\n"
                                   "  - &one {name: one}\n"
                                   "  -\n"
                                   "    name: two\n"
                                   "    a: {b/c.d: 1}\n"
                                   "    again: *one\n"
                                   "  nothing:\n"
                                   "  nulls:\n"
                                   "  -\n"
                                   "  - a\n"
                                   "  - ~\n";
        YamlDocument document;

        cr_assert_eq(yaml_parse_memory(text, strlen(text), &o, &lines, NULL), 0);
        document = (YamlDocument) { json_object_array_get_idx(o, 0), lines };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(yaml_place_of(document, cases[i].path).line, cases[i].line, "%s: %zu", cases[i].path,
                             yaml_place_of(document, cases[i].path).line);
}
