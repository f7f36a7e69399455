/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared/json-table.h"
#include "lib/test-cases.h"

typedef struct Inner {
        char *name;
        int64_t number;
} Inner;

typedef struct Outer {
        char *text;
        char **list;
        char **map;
        char **pairs;
        char **set;
        bool yes;
        Tristate maybe;
        int64_t i64;
        uint64_t u64;
        uint32_t u32;
        uint32_t *numbers;
        size_t n_numbers;
        json_object *raw;
        Digest digest;
        Digest *digests;
        size_t n_digests;
        Inner in_place;
        Inner *pointer;
        Inner *array;
        size_t n_array;
} Outer;

static int inner_check(void *p, json_object *o, JsonError *e)
{
        return ((Inner *) p)->number == 13 ? json_error_set(e, -EINVAL, "number", "unlucky") : 0;
}

static const JsonField inner_table[] = {
        { "name",   &json_string, offsetof(Inner, name),  JSON_MANDATORY },
        { "number", &json_int64,  offsetof(Inner, number) },
        {}
};
static const JsonType inner_struct = JSON_STRUCT(Inner, inner_table, inner_check);
static const JsonType inner_pointer = JSON_POINTER(Inner, inner_table, inner_check);
static const JsonType inner_array = JSON_ARRAY(Inner, inner_table, inner_check);

static const JsonField outer_table[] = {
        { "text",    &json_string,      offsetof(Outer, text), JSON_MANDATORY | JSON_NONEMPTY },
        { "list",    &json_strv,        offsetof(Outer, list)     },
        { "map",     &json_string_map,  offsetof(Outer, map)      },
        { "pairs",   &json_name_values, offsetof(Outer, pairs)    },
        { "set",     &json_keys,        offsetof(Outer, set)      },
        { "yes",     &json_boolean,     offsetof(Outer, yes)      },
        { "maybe",   &json_tristate,    offsetof(Outer, maybe)    },
        { "i64",     &json_int64,       offsetof(Outer, i64)      },
        { "u64",     &json_uint64,      offsetof(Outer, u64)      },
        { "u32",     &json_uint32,      offsetof(Outer, u32)      },
        { "numbers", &json_uint32_list, offsetof(Outer, numbers)  },
        { "raw",     &json_raw,         offsetof(Outer, raw)      },
        { "digest",  &json_digest,      offsetof(Outer, digest)   },
        { "digests", &json_digest_list, offsetof(Outer, digests)  },
        { "inner",   &inner_struct,     offsetof(Outer, in_place) },
        { "pointer", &inner_pointer,    offsetof(Outer, pointer)  },
        { "array",   &inner_array,      offsetof(Outer, array)    },
        {}
};
static const JsonType outer_type = JSON_POINTER(Outer, outer_table, NULL);

static void outer_done(Outer *o)
{
        json_table_free(outer_table, o);
}

static json_object *parse_text(const char *json)
{
        _cleanup_free_ char *text = quoted(json);
        json_object *o = NULL;

        cr_assert(json_parse_memory(text, strlen(text), &o, NULL) >= 0, "%s", json);
        return o;
}

static int parse(const char *json, Outer *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = parse_text(json);

        return json_table_read(outer_table, o, ret, e);
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char everything[] =
        "{'text':'a','list':['x','','z'],'map':{'k':'v=w','empty':''},'pairs':[{'name':'n','value':'v'}],"
        "'set':{'/a':{},'/b':{}},'yes':true,'maybe':false,'i64':-9223372036854775808,"
        "'u64':18446744073709551615,'u32':4294967295,'numbers':[0,1,4294967295],"
        "'raw':{'deep':[1,2.5,null,'x']},'digest':'sha256:" HEX64 "','digests':['sha256:" HEX64 "'],"
        "'inner':{'name':'i','number':1},'pointer':{'name':'p'},'array':[{'name':'a'},{'name':'b','number':2}]}";

Test(json_table, reads_everything)
{
        _cleanup_(outer_done) Outer x = {};
        _cleanup_json_error_ JsonError e = {};
        int r = parse(everything, &x, &e);

        cr_assert_eq(r, 0, "%s", json_error_message(&e, r));
        cr_expect_str_eq(x.text, "a");
        cr_expect_eq(strv_length(x.list), 3);
        cr_expect_str_eq(x.map[0], "k=v=w");
        cr_expect_str_eq(x.map[1], "empty=");
        cr_expect_str_eq(strv_env_get(x.pairs, "n"), "v");
        cr_expect(strv_contains(x.set, "/b"));
        cr_expect(x.yes);
        cr_expect_eq(x.maybe, TRISTATE_NO);
        cr_expect_eq(x.i64, INT64_MIN);
        cr_expect_eq(x.u64, UINT64_MAX);
        cr_expect_eq(x.u32, UINT32_MAX);
        cr_expect_eq(x.n_numbers, 3);
        cr_expect_eq(x.numbers[2], UINT32_MAX);
        cr_expect_str_eq(x.digest.hex, HEX64);
        cr_expect_eq(x.n_digests, 1);
        cr_expect_str_eq(x.in_place.name, "i");
        cr_expect_str_eq(x.pointer->name, "p");
        cr_expect_eq(x.n_array, 2);
        cr_expect_eq(x.array[1].number, 2);
}

Test(json_table, writes_what_it_read)
{
        _cleanup_(outer_done) Outer x = {}, copy = {};
        _cleanup_json_object_ json_object *o = NULL, *again = NULL;
        _cleanup_free_ char *expected = quoted(everything), *text = NULL, *text_again = NULL;

        cr_assert_eq(parse(everything, &x, NULL), 0);
        cr_assert_eq(json_table_write(outer_table, &x, &o), 0);
        cr_assert_eq(json_format_compact(o, &text), 0);
        cr_expect_str_eq(text, expected);

        cr_assert_eq(json_table_copy(&outer_type, &x, &copy), 0);
        cr_assert_eq(json_table_write(outer_table, &copy, &again), 0);
        cr_assert_eq(json_format_compact(again, &text_again), 0);
        cr_expect_str_eq(text_again, expected);
}

/* What is in a string cannot be a command to a terminal, and is the same when it is read. */
Test(json_table, writes_no_controls)
{
        /* In bytes, since they would turn this line around. */
        const char override[] = { (char) 0xe2, (char) 0x80, (char) 0xae, 0 },
                   isolate[] = { (char) 0xe2, (char) 0x81, (char) 0xa7, 0 };
        _cleanup_free_ char *controls = strprintf("a\033[m\177\302\233J%sx%sé€😀", override, isolate), *text = NULL;
        _cleanup_json_object_ json_object *o = json_object_new_string(controls), *back = NULL;

        cr_assert_eq(json_format_compact(o, &text), 0);
        cr_expect_str_eq(text, "\"a\\u001b[m\\u007f\\u009bJ\\u202ex\\u2067é€😀\"");
        back = json_tokener_parse(text);
        cr_expect(json_object_equal(o, back));
}

Test(json_table, leaves_out_what_is_not_there)
{
        _cleanup_(outer_done) Outer x = {};
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(parse("{'text':'a','list':[],'map':{},'maybe':null,'unknown':{'x':[]},'array':null}", &x, NULL),
                     0);
        cr_expect_eq(x.maybe, TRISTATE_UNSET);
        cr_assert_eq(json_table_write(outer_table, &x, &o), 0);
        cr_assert_eq(json_format_pretty(o, &text), 0);
        cr_expect_str_eq(text, "{\n  \"text\": \"a\"\n}\n");
}

Test(json_table, last_duplicate_counts)
{
        _cleanup_(outer_done) Outer x = {};

        cr_assert_eq(parse("{'text':'a','text':'b','array':[{'name':'x'}],'array':[]}", &x, NULL), 0);
        cr_expect_str_eq(x.text, "b");
        cr_expect_eq(x.n_array, 0);
}

Test(json_table, names_what_is_wrong)
{
        static const struct {
                const char *json;
                const char *message;
        } cases[] = {
                { "[]", "expected an object" },
                { "{}", "missing member 'text'" },
                { "{'text':null}", "missing member 'text'" },
                { "{'text':1}", "text: expected a string" },
                { "{'text':''}", "text: must not be empty" },
                { "{'text':'a','list':'b'}", "list: expected an array" },
                { "{'text':'a','list':['b',1]}", "list[1]: expected a string" },
                { "{'text':'a','list':[null]}", "list[0]: expected a string" },
                { "{'text':'a','map':{'k':1}}", "map.k: expected a string" },
                { "{'text':'a','map':{'k=':''}}", "map: '=' in name 'k='" },
                { "{'text':'a','pairs':[{'name':'x','value':'1'},{'name':'y'},{'name':'x'}]}",
                  "pairs: 'x' is there twice" },
                { "{'text':'a','pairs':[{'value':'1'}]}", "pairs[0]: missing member 'name'" },
                { "{'text':'a','pairs':[{'name':'a=b','value':'1'}]}", "pairs[0].name: '=' in name 'a=b'" },
                { "{'text':'a','set':[]}", "set: expected an object" },
                { "{'text':'a','yes':'true'}", "yes: expected true or false" },
                { "{'text':'a','maybe':0}", "maybe: expected true or false" },
                { "{'text':'a','i64':9223372036854775808}", "i64: number out of range" },
                { "{'text':'a','i64':1.0}", "i64: expected an integer" },
                { "{'text':'a','i64':1e3}", "i64: expected an integer" },
                { "{'text':'a','u64':-1}", "u64: must not be negative" },
                { "{'text':'a','u32':4294967296}", "u32: number out of range" },
                { "{'text':'a','u32':18446744073709551615}", "u32: number out of range" },
                { "{'text':'a','numbers':[1,-1]}", "numbers[1]: must not be negative" },
                { "{'text':'a','numbers':[1,'1']}", "numbers[1]: expected an integer" },
                { "{'text':'a','digest':'sha256:abc'}", "digest: 'sha256:abc' is not a digest" },
                { "{'text':'a','digests':['sha256:" HEX64 "', 7]}", "digests[1]: expected a string" },
                { "{'text':'a','inner':{}}", "inner: missing member 'name'" },
                { "{'text':'a','inner':{'name':'a','number':13}}", "inner.number: unlucky" },
                { "{'text':'a','pointer':{'name':2}}", "pointer.name: expected a string" },
                { "{'text':'a','array':[{'name':'a'},{'name':[]}]}", "array[1].name: expected a string" },
                { "{'text':'a','array':[{'name':'a'},'b']}", "array[1]: expected an object" },
                { "{'text':'a','array':[null]}", "array[0]: expected an object" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(outer_done) Outer x = {};
                _cleanup_json_error_ JsonError e = {};

                cr_expect_eq(parse(cases[i].json, &x, &e), -EINVAL, "%s", cases[i].json);
                cr_assert(e.message, "%s", cases[i].json);
                cr_expect_str_eq(e.message, cases[i].message, "%s: %s", cases[i].json, e.message);
        }
}

/* The texts of all mistakes, in their order. */
static char *all_mistakes(const JsonError *e)
{
        _cleanup_free_ JsonMistake *all = NULL;
        _cleanup_strv_free_ char **texts = NULL;
        size_t n;

        cr_assert(json_error_all(e, &all, &n) >= 0);
        for (size_t i = 0; i < n && all[i].text; i++)
                cr_assert(strv_extend(&texts, all[i].text) >= 0);
        return texts ? strv_join(texts, "|") : strdup("");
}

Test(json_table, names_each_that_is_wrong)
{
        static const struct {
                const char *json;
                const char *messages;
        } cases[] = {
                { "{'text':'a','list':[1,'b',null]}", "list[0]: expected a string|list[2]: expected a string" },
                { "{'text':'a','map':{'k':1,'l':'m','n':[]}}", "map.k: expected a string|map.n: expected a string" },
                { "{'text':'a','map':{'k=':'','l':1}}", "map: '=' in name 'k='|map.l: expected a string" },
                { "{'text':'a','numbers':[-1,1,'1']}",
                  "numbers[0]: must not be negative|numbers[2]: expected an integer" },
                { "{'text':1,'list':[1],'array':[{'name':'a'},{'name':[]}]}",
                  "text: expected a string|list[0]: expected a string|array[1].name: expected a string" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(outer_done) Outer x = {};
                _cleanup_json_error_ JsonError e = { .strict = true };
                _cleanup_free_ char *messages = NULL;

                cr_expect_eq(parse(cases[i].json, &x, &e), -EINVAL, "%s", cases[i].json);
                messages = all_mistakes(&e);
                cr_expect_str_eq(messages, cases[i].messages, "%s: %s", cases[i].json, messages);
        }
}

/* What is wrong is told and left out; what must be there is empty, and what is beside it was read. */
Test(json_table, reads_the_rest)
{
        static const struct {
                const char *json;
                const char *messages, *left_out, *rest;
        } cases[] = {
                { "{'text':'a','i64':5}", "", "", "{\"text\":\"a\",\"i64\":5}" },
                { "{'text':1,'list':['a'],'u64':'x','i64':5}", "text: expected a string|u64: expected an integer",
                  "text|u64", "{\"text\":\"\",\"list\":[\"a\"],\"i64\":5}" },
                { "{'i64':5}", "missing member 'text'", "text", "{\"text\":\"\",\"i64\":5}" },
                { "{'text':'a','txet':1,'list':{}}", "list: expected an array|txet: is not a known member; did you "
                  "mean 'text'?", "list", "{\"text\":\"a\"}" },
                { "{'text':'a','list':['b',1],'map':{'k':1}}", "list[1]: expected a string|map.k: expected a string",
                  "list|map", "{\"text\":\"a\"}" },
                { "{'text':'a','pointer':{'name':2,'number':3}}", "pointer.name: expected a string", "pointer.name",
                  "{\"text\":\"a\",\"pointer\":{\"name\":\"\",\"number\":3}}" },
                { "{'text':'a','pointer':7,'inner':[]}", "inner: expected an object|pointer: expected an object",
                  "inner|pointer", "{\"text\":\"a\"}" },
                { "{'text':'a','array':[{'name':'a'},{'name':1,'number':2},7,{'number':4}]}",
                  "array[1].name: expected a string|array[2]: expected an object|array[3]: missing member 'name'",
                  "array[1].name|array[2]|array[3].name",
                  "{\"text\":\"a\",\"array\":[{\"name\":\"a\"},{\"name\":\"\",\"number\":2},{\"name\":\"\"},"
                  "{\"name\":\"\",\"number\":4}]}" },
                /* A check speaks of all, but not once more of what is left out. */
                { "{'text':'a','array':[{'name':[],'number':13}]}",
                  "array[0].name: expected a string|array[0].number: unlucky", "array[0].name|array[0]",
                  "{\"text\":\"a\",\"array\":[{\"name\":\"\",\"number\":13}]}" },
                { "{'text':'a','pointer':{'name':'a','number':13}}", "pointer.number: unlucky", "pointer",
                  "{\"text\":\"a\"}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_error_ JsonError e = {};
                _cleanup_json_object_ json_object *o = parse_text(cases[i].json), *written = NULL;
                _cleanup_free_ char *messages = NULL, *left_out = NULL, *rest = NULL;
                Outer *x = NULL;

                cr_expect_eq(json_document_read_rest(&outer_type, o, (void **) &x, &e),
                             *cases[i].messages ? -EINVAL : 0, "%s", cases[i].json);
                cr_assert(x, "%s", cases[i].json);
                messages = all_mistakes(&e);
                left_out = e.left_out ? strv_join(e.left_out, "|") : strdup("");
                cr_assert(json_table_write(outer_table, x, &written) >= 0);
                cr_assert(json_format_compact(written, &rest) >= 0);
                cr_expect_str_eq(messages, cases[i].messages, "%s: %s", cases[i].json, messages);
                cr_expect_str_eq(left_out, cases[i].left_out, "%s: %s", cases[i].json, left_out);
                cr_expect_str_eq(rest, cases[i].rest, "%s: %s", cases[i].json, rest);
                json_document_free(&outer_type, x);
        }
}

Test(json_table, what_is_left_out_explains)
{
        static const struct {
                const char *path;
                bool explains, has;
        } cases[] = {
                { "a.b[1].c", true, true },  { "a.b[1].c.d", true, true }, { "a.b[1].c[0]", true, true },
                { "a.b[1]", true, false },   { "a.b", false, false },      { "a", false, false },
                { "a.b[1].cd", false, false }, { "a.b[1].d", false, false }, { "a.b[10].c", false, false },
                { "x", true, true },         { "x.y", true, true },        { "", true, false },
                { "l[2]", true, true },      { "l", true, false },         { "l[1]", false, false },
        };
        char one[] = "a.b[1].c", two[] = "x", three[] = "l[2]", *left_out[] = { one, two, three, NULL };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_expect_eq(json_left_out_explains(left_out, cases[i].path), cases[i].explains, "%s", cases[i].path);
                cr_expect_eq(json_left_out_has(left_out, cases[i].path), cases[i].has, "%s", cases[i].path);
        }
        cr_expect(!json_left_out_explains(NULL, NULL));
}

Test(json_table, digest_of_unknown_algorithm)
{
        _cleanup_(outer_done) Outer x = {};
        _cleanup_json_error_ JsonError e = {};

        cr_expect_eq(parse("{'text':'a','digest':'sha384:00ff'}", &x, &e), -EOPNOTSUPP);
        cr_expect(startswith(e.message, "digest: "));
}

Test(json_parse, refuses)
{
        static const struct {
                const char *text;
                size_t n;
                const char *message;
        } cases[] = {
#define TEXT(s) s, sizeof(s) - 1
                { TEXT(""), "nothing there" },
                { TEXT("   "), "ends too early" },
                { TEXT("{\"a\":1"), "ends too early" },
                { TEXT("{} x"), "offset 3" },
                { TEXT("{}{}"), "offset 2" },
                { TEXT("{}\0"), "offset 2): NUL" },
                { TEXT("{\"a\0b\":1}"), "NUL" },
                { TEXT("{\"a\\u0000b\":1}"), "NUL" },
                { TEXT("[\"\\\\\\u0000\"]"), "NUL" },
                { TEXT("{\"a\":\"\xff\"}"), "offset 6): not UTF-8" },
                { TEXT("{\"a\":\"\xed\xa0\x80\"}"), "offset 6): not UTF-8" },
                { TEXT("[\"\xc0\x80\"]"), "not UTF-8" },
                { TEXT("[\"\xf4\x90\x80\x80\"]"), "not UTF-8" },
                { TEXT("[\"\xe2\x82"), "not UTF-8" },
                { TEXT("{'a':1}"), "not valid JSON" },
                { TEXT("[\"a\nb\"]"), "control" },
                { TEXT("{\"a\":1,}"), "not valid JSON" },
                { TEXT("[1,]"), "not valid JSON" },
                { TEXT("/* c */ {}"), "not valid JSON" },
                { TEXT("[18446744073709551616]"), "not valid JSON" },
                { TEXT("[-9223372036854775809]"), "not valid JSON" },
                { TEXT("[NaN]"), "not valid JSON" },
                { TEXT("[-Infinity]"), "not valid JSON" },
                { TEXT("[True]"), "not valid JSON" },
                { TEXT("{\n  \"a\": x\n}"), "line 2, column 8" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_object_ json_object *o = NULL;
                _cleanup_json_error_ JsonError e = {};

                cr_expect_eq(json_parse_memory(cases[i].text, cases[i].n, &o, &e), -EBADMSG, "%s", cases[i].text);
                cr_assert(e.message, "%s", cases[i].text);
                cr_expect(strcasestr(e.message, cases[i].message), "%s: %s", cases[i].text, e.message);
        }
}

Test(json_parse, accepts)
{
        static const char *const cases[] = { "1", " 1 ", "\"x\"", "true", "{}\n", "[\"it's\"]", "[\"\\\"'\"]",
                                             "[\"\\\\u0000\"]", "[\"\\u00e9\"]",
                                             "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7\"]",
                                             "\t[ 1 ]\r\n" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_object_ json_object *o = NULL;
                _cleanup_json_error_ JsonError e = {};
                int r = json_parse_memory(cases[i], strlen(cases[i]), &o, &e);

                cr_expect_eq(r, 0, "%s: %s", cases[i], json_error_message(&e, r));
        }
}

static int parse_nested(size_t depth)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *text = new0(char, 2 * depth + 2);

        memset(text, '[', depth);
        text[depth] = '1';
        memset(text + depth + 1, ']', depth);
        return json_parse_memory(text, 2 * depth + 1, &o, &e);
}

Test(json_parse, depth)
{
        cr_expect_eq(parse_nested(1), 0);
        cr_expect_eq(parse_nested(JSON_MAX_DEPTH), 0);
        cr_expect_eq(parse_nested(JSON_MAX_DEPTH + 1), -EBADMSG);
        cr_expect_eq(parse_nested(10000), -EBADMSG);
}

static int parse_long(size_t n)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *text = new0(char, n + 1);
        int r;

        memset(text, ' ', n);
        memcpy(text, "{}", 2);
        r = json_parse_memory(text, n, &o, &e);
        cr_expect(r == 0 || strstr(e.message, "longer than"));
        return r;
}

Test(json_parse, size)
{
        cr_expect_eq(parse_long(JSON_MAX_SIZE), 0);
        cr_expect_eq(parse_long(JSON_MAX_SIZE + 1), -E2BIG);
}

/* Lists as long as a document can make them take time in proportion. */
Test(json_parse, long_lists, .timeout = 20)
{
        _cleanup_(outer_done) Outer x = {};
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = malloc(JSON_MAX_SIZE + 64);
        char *p = stpcpy(text, "{\"text\":\"a\",\"pairs\":[{\"name\":\"x\"}");

        for (unsigned i = 0; p - text < JSON_MAX_SIZE - 64; i++)
                p += sprintf(p, ",{\"name\":\"%u\"}", i);
        p = stpcpy(p, "]}");
        cr_assert_eq(json_parse_memory(text, (size_t) (p - text), &o, NULL), 0);
        cr_assert_eq(json_table_read(outer_table, o, &x, NULL), 0);
        cr_expect_gt(strv_length(x.pairs), 200000);
}

Test(json_parse, files)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};

        cr_expect_eq(json_parse_file_at(AT_FDCWD, "/nonexistent/file", &o, &e), -ENOENT);
        cr_expect_str_eq(json_error_message(&e, -ENOENT), strerror(ENOENT));
}

/* Whatever json-c makes of characters beyond ASCII: they come out as they went in, and a mistake behind them is where
 * it is. */
Test(json_table, characters_of_all_lengths)
{
        static const char text[] = "[\"\xc3\xbc \xe2\x82\xac \xf0\x9f\x8c\x8d \\\\\xc3\xbc\\\"\xc3\xbc\"]";
        static const struct {
                const char *text;
                const char *where;
        } wrong[] = {
                { "[\"\xc3\xbc\xf0\x9f\x8c\x8d\", x]", "(offset 11)" },
                { "[\"\\\xc3\xbc\"]", "(offset 3)" },
                { "[\xc3\xbc]", "(offset 1)" },
        };
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};

        cr_assert_eq(json_parse_memory(text, sizeof(text) - 1, &o, &e), 0, "%s", json_error_message(&e, 0));
        cr_expect_str_eq(json_object_get_string(json_object_array_get_idx(o, 0)),
                         "\xc3\xbc \xe2\x82\xac \xf0\x9f\x8c\x8d \\\xc3\xbc\"\xc3\xbc");

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_json_error_ JsonError why = {};
                int r = json_parse_memory(wrong[i].text, strlen(wrong[i].text), &o, &why);

                cr_expect_eq(r, -EBADMSG, "%s", wrong[i].text);
                cr_expect(strstr(json_error_message(&why, r), wrong[i].where), "%s: %s", wrong[i].text,
                          json_error_message(&why, r));
        }
}
