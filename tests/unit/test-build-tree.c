/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sys/stat.h>

#include "build/build-tree.h"
#include "basic/string-util.h"

/* "f PATH", "d PATH" and "l PATH TARGET" are entries, "h PATH TARGET" is a hard link, "-" begins another layer. */
static BuildTree *tree_of(const char *const *entries)
{
        BuildTree *t;

        cr_assert_eq(build_tree_new(&t), 0);
        for (uint64_t n = 1; *entries; entries++, n++) {
                _cleanup_free_ char *path = NULL, *target = NULL;
                const char kind = **entries;

                if (kind == '-') {
                        build_tree_next_layer(t);
                        continue;
                }
                cr_assert_eq(split_pair(*entries + 2, ' ', &path, &target), 0);
                if (kind == 'h')
                        cr_assert_eq(build_tree_link(t, path, target), 0);
                else
                        cr_assert_eq(build_tree_apply_origin(t, path, kind == 'd'   ? S_IFDIR
                                                                      : kind == 'l' ? S_IFLNK
                                                                                    : S_IFREG, target, n), 0);
        }
        return t;
}

static int append(const BuildTreeNode *n, void *userdata)
{
        const char kind = S_ISDIR(n->type) ? 'd' : S_ISLNK(n->type) ? 'l' : 'f';
        char **list = userdata,
             *grown = strprintf("%s%c %s%s%s;", *list, kind, n->path, n->target ? " " : "", strempty(n->target));

        free(*list);
        *list = grown;
        return 0;
}

static const struct {
        const char *entries[10];
        const char *tree;
} layers[] = {
        { { "f a/b/c", "d z" },                                "d a;d a/b;f a/b/c;d z;" },
        { { "f b", "f a", "f ab", "f aa" },                    "f a;f aa;f ab;f b;" },
        { { "d a", "f a/b", "-", "d a", "f a/c" },             "d a;f a/b;f a/c;" },
        { { "f a/b", "-", "f a" },                             "f a;" },
        { { "f a", "-", "f a/b" },                             "d a;f a/b;" },
        { { "f a/b", "f a/c", "-", "f a/.wh.b" },              "d a;f a/c;" },
        { { "f a/b", "-", "f .wh.a" },                         "" },
        /* A whiteout never hides its own layer, whichever comes first. */
        { { "f a/b", "-", "f a/c", "f .wh.a" },                "d a;f a/c;" },
        { { "f a/b", "-", "f .wh.a", "f a/c" },                "d a;f a/c;" },
        { { "f a/b/c", "-", "f a/d", "f a/.wh..wh..opq" },     "d a;f a/d;" },
        { { "f a", "f .wh.b" },                                "f a;" },
        /* Entries go where a link of their own layer leads, but replace one of a lower layer. */
        { { "l a b", "f a/c" },                                "l a b;d b;f b/c;" },
        { { "l a b", "-", "f a/c" },                           "d a;f a/c;" },
        { { "l a b", "-", "l a c" },                           "l a c;" },
        { { "l a b", "f c", "h d a", "h e c" },                "l a b;f c;l d b;f e;" },
};

Test(build_tree, layers)
{
        for (size_t i = 0; i < ELEMENTSOF(layers); i++) {
                _cleanup_(build_tree_freep) BuildTree *t = tree_of(layers[i].entries);
                _cleanup_free_ char *found = strdup("");

                cr_assert_eq(build_tree_walk(t, append, &found), 0);
                cr_expect_str_eq(found, layers[i].tree, "%zu: %s", i, found);
        }
}

static int append_origin(const BuildTreeNode *n, void *userdata)
{
        char **list = userdata, *grown = strprintf("%s%s %d;", *list, n->path, (int) n->origin);

        free(*list);
        *list = grown;
        return 0;
}

/* Which entry each path comes from in the end: its number in the list. */
static const struct {
        const char *entries[10];
        const char *tree;
} origins[] = {
        { { "d a", "f a/b", "h c a/b" },                       "a 1;a/b 2;c 2;" },
        { { "f a", "-", "h b a", "-", "f a" },                 "a 5;b 1;" },
        { { "f a/b" },                                         "a 0;a/b 1;" },
        { { "d a", "-", "d a" },                               "a 3;" },
        { { "f a", "-", "f a/b" },                             "a 0;a/b 3;" },
        /* What a whiteout hides has no part in what comes in its place. */
        { { "d a", "f a/x", "-", "f .wh.a", "f a/b" },         "a 0;a/b 5;" },
        { { "d a", "d a/x", "-", "f a/x/y", "f .wh.a" },       "a 0;a/x 0;a/x/y 4;" },
        { { "d a", "d a/x", "-", "f a/x/y", "f a/.wh..wh..opq" }, "a 1;a/x 0;a/x/y 4;" },
};

Test(build_tree, origins)
{
        for (size_t i = 0; i < ELEMENTSOF(origins); i++) {
                _cleanup_(build_tree_freep) BuildTree *t = tree_of(origins[i].entries);
                _cleanup_free_ char *found = strdup("");

                cr_assert_eq(build_tree_walk(t, append_origin, &found), 0);
                cr_expect_str_eq(found, origins[i].tree, "%zu: %s", i, found);
        }
}

static const struct {
        const char *path;
        const char *real;
        int error;
} paths[] = {
        { "",              ""            },
        { "/usr/./bin/",   "usr/bin"     },
        { "bin/sh",        "usr/bin/sh"  },
        { "a/b/c",         "a/b/c"       },
        { "up/x",          "x"           },
        { "../../usr",     "usr"         },
        { "usr/root/bin",  "usr/bin"     },
        { "dangling/x",    "no/where/x"  },
        { "usr/../a",      "a"           },
        { "circle/a",      NULL, -ELOOP  },
        /* As the kernel does: ".." is of a directory that is there. */
        { "none/../usr",   NULL, -ENOENT },
        { "usr/none/..",   NULL, -ENOENT },
        { "dangling/..",   NULL, -ENOENT },
        { "out/../usr",    NULL, -ENOTDIR },
        { "none/./x",      "none/x"      },
};

Test(build_tree, follow)
{
        static const char *const entries[] = { "d usr/bin", "l bin usr/bin", "l up ../../..", "l usr/root /",
                                               "l dangling no/where", "l circle circle", "f out", NULL };
        _cleanup_(build_tree_freep) BuildTree *t = tree_of(entries);

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_free_ char *real = NULL;

                cr_expect_eq(build_tree_follow(t, paths[i].path, &real), paths[i].error);
                cr_expect(streq_ptr(real, paths[i].real), "%s: %s", paths[i].path, strempty(real));
        }
        cr_expect(S_ISLNK(build_tree_type(t, "bin")));
        cr_expect_eq(build_tree_type(t, "bin/sh"), 0);
        cr_expect_eq(build_tree_link(t, "new", "missing"), -ENOENT);
}
