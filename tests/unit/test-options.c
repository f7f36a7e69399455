/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/log.h"
#include "shared/options.h"

typedef struct Values {
        char *name;
        char **words;
        char **list;
        bool flag;
        int tristate;
        uint64_t number;
        uint64_t wait;
        char *choice;
} Values;

static const Option options[] = {
        { "name", &option_string, offsetof(Values, name), "NAME", "The name", 'n' },
        { "word", &option_strv, offsetof(Values, words), "WORD", "One of them", 'w' },
        { "list", &option_commas, offsetof(Values, list), "A,B,…", NULL },
        { "flag", &option_bool, offsetof(Values, flag), NULL, "A flag", 'f' },
        { "users", &option_tristate, offsetof(Values, tristate), "BOOL", "Three ways" },
        { "number", &option_uint64, offsetof(Values, number), "N", "A number" },
        { "wait", &option_duration, offsetof(Values, wait), "TIME", "How long" },
        { "color", &option_choice, offsetof(Values, choice), "COLOR", "Which", .choices = "red|green" },
        {},
};

/* A second table, as the global options are beside a verb's; its --name is hidden by the first. */
static const Option more_options[] = {
        { "name", &option_string, offsetof(Values, choice), "NAME", "Not this one" },
        { "named", &option_string, offsetof(Values, name), "NAME", "Nor this one" },
        {},
};

#define WORDS(...) ((const char *[]) { __VA_ARGS__, NULL })

static int parse(Values *v, const char *const *words, char ***ret_rest)
{
        const OptionSet sets[] = { { options, v }, { more_options, v }, {} };
        _cleanup_strv_free_ char **copy = strv_copy((char **) words);
        int r;

        cr_assert(copy);
        v->tristate = -1;
        r = options_parse(sets, copy, ret_rest);
        if (r < 0)
                cr_expect(log_last_error(), "refused without a word");
        return r;
}

static void values_done(Values *v)
{
        options_free(options, v);
}

Test(options, spellings)
{
        static const struct {
                const char *words[4];
                const char *name;
        } cases[] = {
                { { "--name=a" }, "a" },
                { { "--name", "a" }, "a" },
                { { "-n", "a" }, "a" },
                { { "-na" }, "a" },
                { { "-n=a" }, "a" },
                { { "--name=a", "--name", "b" }, "b" },
                { { "--name=" }, "" },
                { { "--name", "" }, "" },
                { { "--name=a=b" }, "a=b" },
                { { "--name==" }, "=" },
                { { "--name", "-" }, "-" },
                /* What looks like an option is a value where one is due. */
                { { "--name", "--flag" }, "--flag" },
                { { "--name", "--" }, "--" },
                { { "--named=a" }, "a" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(values_done) Values v = {};
                _cleanup_strv_free_ char **rest = NULL;

                cr_assert_eq(parse(&v, (const char *const *) cases[i].words, &rest), 0, "%s", cases[i].words[0]);
                cr_assert(v.name, "%s", cases[i].words[0]);
                cr_expect_str_eq(v.name, cases[i].name);
                cr_expect_eq(strv_length(rest), 0, "%s", cases[i].words[0]);
                cr_expect_null(v.choice);
                cr_expect_not(v.flag);
        }
}

Test(options, flags)
{
        static const struct {
                const char *word;
                bool flag;
                int tristate;
        } cases[] = {
                { "--flag", true, -1 },       { "-f", true, -1 },           { "--flag=true", true, -1 },
                { "--flag=1", true, -1 },     { "--flag=false", false, -1 }, { "--flag=no", false, -1 },
                { "-f=0", false, -1 },        { "--users", false, 1 },      { "--users=no", false, 0 },
                { "--users=yes", false, 1 },  { "rest", false, -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(values_done) Values v = {};
                _cleanup_strv_free_ char **rest = NULL;

                /* The next word is never a flag's. */
                cr_assert_eq(parse(&v, WORDS(cases[i].word, "false"), &rest), 0, "%s", cases[i].word);
                cr_expect_eq(v.flag, cases[i].flag, "%s", cases[i].word);
                cr_expect_eq(v.tristate, cases[i].tristate, "%s", cases[i].word);
                cr_expect(strv_contains(rest, "false"), "%s", cases[i].word);
        }
}

Test(options, values)
{
        _cleanup_(values_done) Values v = {};
        _cleanup_strv_free_ char **rest = NULL;
        _cleanup_free_ char *words = NULL, *list = NULL;

        cr_assert_eq(parse(&v,
                           WORDS("--word=a,b", "-w", "c", "--list=x,y", "--list", "z,,",
                                 "--number=18446744073709551615", "--wait=1h30m", "--color=green"),
                           &rest),
                     0);
        words = strv_join(v.words, " ");
        list = strv_join(v.list, " ");
        cr_expect_str_eq(words, "a,b c");
        cr_expect_str_eq(list, "x y z");
        cr_expect_eq(v.number, UINT64_MAX);
        cr_expect_eq(v.wait, UINT64_C(5400000000));
        cr_expect_str_eq(v.choice, "green");
}

Test(options, refuses)
{
        static const struct {
                const char *words[3];
                const char *message;
        } cases[] = {
                { { "--unknown" }, "--unknown" },
                { { "--unknown=value" }, "'--unknown'" },
                { { "-x" }, "-x" },
                { { "--nam=a" }, "--nam" },
                { { "--names=a" }, "--names" },
                { { "--=a" }, "--" },
                { { "--name" }, "--name needs a value" },
                { { "-n" }, "--name needs a value" },
                { { "a", "--word" }, "--word needs a value" },
                { { "--list=" }, "--list needs a value" },
                { { "--list=," }, "--list needs a value" },
                { { "--color=blue" }, "red|green" },
                { { "--color=" }, "red|green" },
                { { "--color=red|green" }, "red|green" },
                { { "--number=" }, "--number" },
                { { "--number=-1" }, "--number" },
                { { "--number=18446744073709551616" }, "--number" },
                { { "--number=1x" }, "1x" },
                { { "--wait=soon" }, "soon" },
                { { "--wait=" }, "--wait" },
                { { "--wait=-1" }, "--wait" },
                { { "--wait=999999999999999999999h" }, "--wait" },
                { { "--flag=maybe" }, "maybe" },
                { { "--flag=" }, "--flag" },
                { { "--users=perhaps" }, "perhaps" },
                { { "-fx" }, "short options are written apart, -f -x" },
                { { "-fnx" }, "-f -n" },
                { { "-f=x" }, "--flag takes true or false, not 'x'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(values_done) Values v = {};
                _cleanup_strv_free_ char **rest = NULL;
                int r = parse(&v, (const char *const *) cases[i].words, &rest);

                cr_expect(r == -EINVAL || r == -ERANGE, "%s: %i", cases[i].words[0], r);
                cr_expect_null(rest);
                cr_expect(strstr(log_last_error(), cases[i].message), "%s: %s", cases[i].words[0], log_last_error());
        }
}

Test(options, rest)
{
        static const struct {
                const char *words[6];
                const char *rest;
                const char *name;
        } cases[] = {
                { { NULL }, "", NULL },
                { { "a", "b" }, "a b", NULL },
                { { "a", "--name=x", "b" }, "a b", "x" },
                { { "a", "-", "b" }, "a - b", NULL },
                { { "a", "---", "b" }, "a --- b", NULL },
                { { "--", "--name=x" }, "--name=x", NULL },
                { { "a", "--", "-n", "--" }, "a -n --", NULL },
                { { "a", "--" }, "a", NULL },
                { { "--name=x", "", "b" }, " b", "x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(values_done) Values v = {};
                _cleanup_strv_free_ char **rest = NULL;
                _cleanup_free_ char *joined = NULL;

                cr_assert_eq(parse(&v, (const char *const *) cases[i].words, &rest), 0, "case %zu", i);
                joined = strv_join(rest, " ");
                cr_expect_str_eq(joined, cases[i].rest);
                cr_expect(streq_ptr(v.name, cases[i].name), "case %zu", i);
        }
}

Test(options, one_by_one)
{
        _cleanup_(values_done) Values v = {};
        const OptionSet sets[] = { { options, &v }, {} };
        const char *words[] = { "--name", "a", "-f", "image", "--name=b", NULL };
        char **p = (char **) words;

        cr_expect_eq(options_parse_one(sets, &p), 1);
        cr_expect_eq(p, (char **) words + 2);
        cr_expect_eq(options_parse_one(sets, &p), 1);
        cr_expect_eq(p, (char **) words + 3);
        cr_expect_eq(options_parse_one(sets, &p), 0);
        cr_expect_eq(p, (char **) words + 3);
        cr_expect_str_eq(v.name, "a");

        p = (char **) words + 5;
        cr_expect_eq(options_parse_one(sets, &p), 0);
        cr_expect_eq(p, (char **) words + 5);
}

static const char *remedy_behind_words(char *const *before)
{
        return strv_length((char **) before) == 2 && streq(before[1], "b") ? "write -- before it" : NULL;
}

Test(options, remedy_of_words_before)
{
        const struct {
                const char *const *words;
                const char *said;
        } cases[] = {
                { WORDS("a", "b", "-x"),            "Unknown option '-x'; write -- before it"               },
                { WORDS("a", "b", "--xyz=1"),       "Unknown option '--xyz'; write -- before it"            },
                { WORDS("a", "b", "--nane=1"),      "Unknown option '--nane'; did you mean '--name'?"       },
                { WORDS("a", "-x", "b"),            "Unknown option '-x'"                                   },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(values_done) Values v = {};
                const OptionSet sets[] = { { options, &v, .remedy = remedy_behind_words }, {} };
                _cleanup_strv_free_ char **copy = strv_copy((char **) cases[i].words), **rest = NULL;

                cr_expect_eq(options_parse(sets, copy, &rest), -EINVAL);
                cr_expect_str_eq(log_last_error(), cases[i].said);
        }
}

static bool ends_at_second_word(char *const *words)
{
        return words[0] && words[1];
}

/* What comes behind is another program's, whatever it looks like. */
Test(options, end_at_a_word)
{
        const struct {
                const char *const *words;
                const char *rest;
                const char *name; /* NULL: the option was not given */
        } cases[] = {
                { WORDS("a"),                                  "a",                NULL },
                { WORDS("a", "--name=x", "b", "--name=y"),     "a b --name=y",     "x"  },
                { WORDS("a", "b", "-f", "-x", "--bogus"),      "a b -f -x --bogus", NULL },
                { WORDS("--name", "x", "a", "b", "--", "-f"),  "a b -- -f",        "x"  },
                { WORDS("a", "--", "-f", "--", "b"),           "a -f -- b",        NULL },
                { WORDS("a", "--", "b", "--name=y"),           "a b --name=y",     NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(values_done) Values v = {};
                const OptionSet sets[] = { { options, &v, .ends = ends_at_second_word }, {} };
                _cleanup_strv_free_ char **copy = strv_copy((char **) cases[i].words), **rest = NULL;
                _cleanup_free_ char *joined = NULL;

                cr_assert_eq(options_parse(sets, copy, &rest), 0);
                joined = strv_join(rest, " ");
                cr_expect_str_eq(joined, cases[i].rest);
                cr_expect(cases[i].name ? streq_ptr(v.name, cases[i].name) : !v.name);
                cr_expect_not(v.flag);
        }
}

Test(options, finds)
{
        static const struct {
                const char *word;
                const char *name;
                bool takes_next;
        } cases[] = {
                { "--name", "name", true },  { "--name=a", "name", false }, { "-n", "name", true },
                { "-na", "name", false },    { "--flag", "flag", false },   { "-f", "flag", false },
                { "--users", "users", false }, { "--nam", NULL },           { "--name2", NULL },
                { "name", NULL },            { "-", NULL },                 { "--", NULL },
                { "", NULL },                { "-z", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Option *o = options_find(options, cases[i].word);

                cr_expect(streq_ptr(o ? o->name : NULL, cases[i].name), "%s", cases[i].word);
                if (o)
                        cr_expect_eq(option_takes_next_word(o, cases[i].word), cases[i].takes_next, "%s",
                                     cases[i].word);
        }
        cr_expect_null(options_find(NULL, "--name"));
}

Test(options, help)
{
        static const char expected[] = "      --color=COLOR                  Which\n"
                                       "  -f, --flag                         A flag\n"
                                       "  -n, --name=NAME                    The name\n"
                                       "      --number=N                     A number\n"
                                       "      --users[=BOOL]                 Three ways\n"
                                       "      --wait=TIME                    How long\n"
                                       "  -w, --word=WORD                    One of them\n";
        static const Option wide[] = {
                { "a-rather-long-name-of-an-option", &option_string, 0, "VALUE", "Still apart" },
                {},
        };
        _cleanup_free_ char *text = NULL, *long_text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        options_print_help(options, f);
        cr_assert_eq(fclose(f), 0);
        cr_expect_str_eq(text, expected);

        f = open_memstream(&long_text, &n);
        options_print_help(wide, f);
        options_print_help(NULL, f);
        cr_assert_eq(fclose(f), 0);
        cr_expect_str_eq(long_text, "      --a-rather-long-name-of-an-option=VALUE  Still apart\n");
}
