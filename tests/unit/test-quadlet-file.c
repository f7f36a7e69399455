/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "foreign/quadlet/quadlet-file.h"

static char *entries_of(const QuadletFile *f)
{
        char *text = strdup("");

        for (size_t i = 0; i < f->n_entries; i++) {
                const QuadletEntry *e = &f->entries[i];
                char *longer = strprintf("%s%s.%s=%s@%u|", text, e->section, e->key, e->value, e->line);

                free(text);
                text = longer;
        }
        return text;
}

Test(quadlet_file, texts)
{
        static const struct {
                const char *text, *expected; /* what begins with '!' is a message */
        } cases[] = {
                { "", "" },
                { "[Container]\nImage=a\n", "Container.Image=a@2|" },
                { "# c\n; c\n\n [Container] \r\n Image = a b \r\n", "Container.Image=a b@5|" },
                { "[A]\nx=1 \\\n# c\n2\\\n;c\n 3\ny=4", "A.x=1  2  3@2|A.y=4@7|" },
                { "[A]\nx=1\nx=2\n", "A.x=1@2|A.x=2@3|" },
                { "[A]\nx=1\ny=2\nx=\nx=3", "A.y=2@3|A.x=3@5|" },
                { "[Service]\nExecStartPre=1\nExecStartPre=\n", "Service.ExecStartPre=1@2|Service.ExecStartPre=@3|" },
                { "[A]\nx=a=b", "A.x=a=b@2|" },
                { "[A]\nx=a\\", "A.x=a@2|" },
                { "x=1", "!f:1: there is no section before this line" },
                { "[A]\nx", "!f:2: 'x' is not KEY=VALUE" },
                { "[A]\n=x", "!f:2: '=x' is not KEY=VALUE" },
                { "[A", "!f:1: '[A' is not a valid section" },
                { "[]", "!f:1: '[]' is not a valid section" },
                { "[A]]", "!f:1: '[A]]' is not a valid section" },
                { "[A]\n\nx=\xff", "!f:3: this line is not valid UTF-8 text" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL, *text = NULL;
                QuadletFile f = {};
                int r = quadlet_file_parse(&f, "f", cases[i].text, strlen(cases[i].text), &message);

                text = r < 0 ? strjoin("!", strempty(message)) : entries_of(&f);
                cr_expect_str_eq(text, cases[i].expected, "%zu: %s", i, text);
                quadlet_file_done(&f);
        }
}

Test(quadlet_file, hostile_bytes)
{
        _cleanup_free_ char *message = NULL, *large = malloc(1024 * 1024);
        QuadletFile f = {};

        cr_expect_lt(quadlet_file_parse(&f, "f", "[A]\nx=\0y", 8, &message), 0);
        cr_expect_str_eq(message, "f:2: this line is not valid UTF-8 text");
        memset(large, 'x', 1024 * 1024);
        memcpy(large, "[A]\nx=", 6);
        cr_expect_eq(quadlet_file_parse(&f, "f", large, 1024 * 1024, NULL), 0);
        cr_expect_eq(strlen(f.entries[0].value), 1024 * 1024 - 6);
        quadlet_file_done(&f);
}

Test(quadlet_file, words)
{
        static const struct {
                const char *value, *expected;
        } cases[] = {
                { "", "" },
                { "  ", "" },
                { "a b", "a|b" },
                { "\"a b\" 'c d' e\"f g\"h", "a b|c d|ef gh" },
                { "\"\" x", "|x" },
                { "a\\sb \\x41\\102 \\\"", "a b|AB|\"" },
                { "'a\\'b'", "a'b" },
                { "\"a", NULL },
                { "a\\q", NULL },
                { "a\\", NULL },
                { "\\x00", NULL },
                { "caf\\u00e9 \\u20ac\\U0001F600x \\u0041", "caf\xc3\xa9|\xe2\x82\xac\xf0\x9f\x98\x80x|A" },
                { "\\ud800", NULL },
                { "\\U00110000", NULL },
                { "\\u12", NULL },
                { "\\777", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **words = NULL;
                _cleanup_free_ char *joined = NULL;
                int r = quadlet_split_words(cases[i].value, &words);

                joined = r < 0 ? NULL : strv_join(words, "|");
                cr_expect(streq_ptr(joined, cases[i].expected), "%s: %s", cases[i].value, strempty(joined));
        }
}

Test(quadlet_file, specifiers)
{
        static const struct {
                const char *stem, *value, *expected, *in_drop_in;
        } cases[] = {
                { "web", "a", "a", "a" },
                { "web", "%n %N %p [%i] %%", "web.service web web [] %", "%n web web [] %%" },
                { "a-b@c-d", "%p %j %i %I", "a-b b c-d c/d", "a-b b c-d c/d" },
                { "web", "%t/x %S %h", "/run/x /var/lib /root", "%t/x %S %h" },
                { "web", "%H", NULL, "%H" },
                { "web", "100%", NULL, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL, *in_drop_in = NULL;
                QuadletFile f = { .stem = (char *) cases[i].stem, .suffix = (char *) "container" };

                (void) quadlet_expand(&f, cases[i].value, false, &text, NULL);
                (void) quadlet_expand(&f, cases[i].value, true, &in_drop_in, NULL);
                cr_expect(streq_ptr(text, cases[i].expected), "%s: %s", cases[i].value, strempty(text));
                cr_expect(streq_ptr(in_drop_in, cases[i].in_drop_in), "%s: %s", cases[i].value, strempty(in_drop_in));
        }
}

/* Files */

static void put(const char *path, const char *text)
{
        _cleanup_free_ char *directory = strndup(path, strrchr(path, '/') - path);

        cr_assert_geq(mkdir_p_at(AT_FDCWD, directory, 0755), 0);
        cr_assert_geq(write_file_at(AT_FDCWD, path, text, strlen(text), 0644), 0);
}

static void check(const char *path, const char *expected)
{
        _cleanup_free_ char *message = NULL, *text = NULL;
        QuadletFile f = {};
        int r = quadlet_file_read(path, &f, &message);

        text = r < 0 ? strjoin("!", strempty(message)) : entries_of(&f);
        cr_expect_str_eq(text, expected, "%s: %s", path, text);
        quadlet_file_done(&f);
}

Test(quadlet_file, files)
{
        char directory[] = "/tmp/test-quadlet-XXXXXX";
        QuadletFile instance = {};

        cr_assert_not_null(mkdtemp(directory));
        cr_assert_eq(chdir(directory), 0);
        put("./a-b@.container", "[C]\nx=0\n");
        cr_assert_eq(symlink("a-b@.container", "a-b@i.container"), 0);
        put("./container.d/10-x.conf", "[C]\nx=kind\n");
        put("./container.d/20-x.conf", "[C]\nx=kind 20\n");
        put("./a-.container.d/20-x.conf", "[C]\nx=prefix\n");
        put("./a-b@.container.d/30-x.conf", "[C]\nx=template\n");
        put("./a-b@i.container.d/25-x.conf", "[C]\nx=instance\n");
        put("./a-b@i.container.d/ignored", "[C]\nx=ignored\n");
        check("./a-b@i.container",
              "C.x=0@2|C.x=kind@2|C.x=prefix@2|C.x=instance@2|C.x=template@2|");

        put("./d@.pod", "[Install]\nDefaultInstance=main\n");
        cr_assert_geq(quadlet_file_read("./d@.pod", &instance, NULL), 0);
        cr_expect_str_eq(instance.stem, "d@main");
        quadlet_file_done(&instance);

        cr_assert_eq(symlink("loop.pod", "loop.pod"), 0);
        cr_assert_eq(mkdir("dir.pod", 0755), 0);
        cr_assert_eq(mkfifo("fifo.pod", 0644), 0);
        put("./last.pod", "[C]\nx=1\n");
        put("./last.pod.d/x.conf", "[C\n");
        check("./loop.pod", "!./loop.pod: Too many levels of symbolic links");
        check("./dir.pod", "!./dir.pod: Is a directory");
        check("./fifo.pod", "!./fifo.pod: not a regular file");
        check("./none.pod", "!./none.pod: No such file or directory");
        check("./last.pod", "!./last.pod.d/x.conf:1: '[C' is not a valid section");
        check("plain", "!plain: not a file of Quadlet: they are called NAME.container, NAME.pod and so on");
        cr_assert_eq(truncate("last.pod", 1024 * 1024 + 1), 0);
        check("./last.pod", "!./last.pod: File too large");
        cr_assert_geq(rm_rf_at(AT_FDCWD, directory), 0);
}
