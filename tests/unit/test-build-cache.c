/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <unistd.h>

#include "basic/fs.h"
#include "build/build-cache.h"
#include "build/build-config.h"
#include "build/build-layer.h"
#include "lib/test-temporary.h"

/* Every test is in a process of its own, whose working directory has the build and the cache. */
#define BUILD "b"
#define CACHE "c"

static char *const words[] = { (char *) "copy", NULL };

static BuildContext begin(void)
{
        BuildContext c = BUILD_CONTEXT_NONE;

        cr_assert_eq(build_context_begin(BUILD, 1000, &c, NULL), 0);
        cr_assert_eq(build_config_new("linux/amd64", 1000, &c.record->config, NULL), 0);
        cr_assert_eq(build_context_save(&c, NULL), 0);
        return c;
}

static Temporary enter(void)
{
        Temporary t = temporary_new();

        cr_assert_eq(fchdir(t.fd), 0);
        return t;
}

static BuildCache *open_cache(void)
{
        BuildCache *cache;

        cr_assert_eq(build_cache_open(CACHE, &cache, NULL), 0);
        return cache;
}

/* What a step makes beside its text, and differs although the step is the same. */
static const char *chance = "";

/* A step that copies a file with this text, unless it is there. Returns whether it was. */
static bool step(BuildCache *cache, BuildContext *c, const char *text)
{
        _cleanup_free_ char *made = strjoin(text, chance);
        char *sources[] = { (char *) "f", NULL };
        Digest digest;

        cr_assert_eq(write_string_at(AT_FDCWD, "f", made, 0644), 0);
        cr_assert_eq(digest_of_memory(DIGEST_SHA256, text, strlen(text), &digest), 0);
        cr_assert_eq(build_cache_next(cache, c, words, &digest), 0);
        if (build_cache_find(cache))
                return true;
        cr_assert_eq(build_cache_apply(cache, c, NULL), 0);
        cr_assert_eq(build_layer_copy(c, &(BuildCopy) { .sources = sources, .destination = "/f" }, NULL), 0);
        cr_assert_eq(build_cache_keep(cache, c), 0);
        return false;
}

/* The same steps in a new build: how many of them were there. */
static int found_of(const char *const *texts, uint64_t limit)
{
        BuildContext c = begin();
        BuildCache *cache = open_cache();
        int found = 0;

        for (size_t i = 0; texts[i]; i++)
                found += step(cache, &c, texts[i]);
        cr_expect_eq(build_cache_apply(cache, &c, NULL), 0);
        for (size_t n = 0; texts[n]; n++)
                cr_expect_lt(n, c.record->n_changes);
        cr_expect_eq(build_cache_trim(cache, limit, BUILD_CACHE_UNUSED_SEC), 0);
        build_cache_free(cache);
        cr_expect_eq(build_context_end(&c, BUILD, NULL), 0);
        build_context_done(&c);
        return found;
}

static size_t count(const char *directory)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_all_at(AT_FDCWD, directory, &names), 0);
        return strv_length(names);
}

Test(build_cache, chain)
{
        Temporary t = enter();

        cr_expect_eq(found_of((const char *[]) { "1", "2", "3", NULL }, UINT64_MAX), 0);
        cr_expect_eq(found_of((const char *[]) { "1", "2", "3", NULL }, UINT64_MAX), 3);
        /* The same after something else is another step. */
        cr_expect_eq(found_of((const char *[]) { "1", "x", "3", NULL }, UINT64_MAX), 1);
        cr_expect_eq(found_of((const char *[]) { "2", NULL }, UINT64_MAX), 0);
        cr_expect_eq(count(CACHE "/steps"), 6);
        /* A file for each, which later steps share. */
        cr_expect_eq(count(CACHE "/files"), 6);
        temporary_done(&t);
}

/* What somebody else could have put there is not believed. */
Test(build_cache, of_others)
{
        Temporary t = enter();
        BuildCache *cache = NULL;

        cr_assert_eq(mkdir(CACHE, 0777), 0);
        for (int i = 0; i < 2; i++) {
                _cleanup_free_ char *message = NULL;

                cr_assert_eq(chmod(CACHE, i == 0 ? 0770 : 0755), 0);
                if (i == 1 && (geteuid() != 0 || chown(CACHE, 1234, 1234) < 0))
                        break;
                cr_expect_eq(build_cache_open(CACHE, &cache, &message), -EPERM);
                cr_expect_str_eq(message, i == 0 ? CACHE ": others may write to it; remove it"
                                                 : CACHE ": it belongs to user 1234, who alone can use it; remove it");
        }
        temporary_done(&t);
}

Test(build_cache, of_others_within)
{
        static const char *const parts[] = { "steps", "files", "shared", "partial" };
        Temporary t = enter();

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                _cleanup_free_ char *path = strjoin(CACHE "/", parts[i]), *message = NULL;
                _cleanup_free_ char *wanted = strjoin(CACHE ": ", parts[i], ": others may write to it; remove it");
                BuildCache *cache = open_cache();

                build_cache_free(cache);
                cr_assert_eq(chmod(path, 0770), 0);
                cr_expect_eq(build_cache_open(CACHE, &cache, &message), -EPERM);
                cr_expect_str_eq(message, wanted);
                cr_assert_eq(chmod(path, 0700), 0);
        }
        temporary_done(&t);
}

static void damage_files(void)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_all_at(AT_FDCWD, CACHE "/files", &names), 0);
        for (size_t i = 0; names[i]; i++) {
                _cleanup_free_ char *path = strjoin(CACHE "/files/", names[i]);
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

                cr_assert_eq(pwrite(fd, "XXXX", 4, 0), 4);
        }
}

/* What is not what it was is made again, and is there the next time. */
Test(build_cache, damaged_files)
{
        static const char *const texts[] = { "1", "2", "3", NULL };
        Temporary t = enter();

        cr_expect_eq(found_of(texts, UINT64_MAX), 0);
        damage_files();
        cr_expect_eq(found_of(texts, UINT64_MAX), 0);
        cr_expect_eq(found_of(texts, UINT64_MAX), 3);
        temporary_done(&t);
}

/* The same where what is made again is not what it was: later steps do not take it for damaged. */
Test(build_cache, damaged_files_of_chance)
{
        static const char *const texts[] = { "1", "2", "3", NULL };
        Temporary t = enter();

        cr_expect_eq(found_of(texts, UINT64_MAX), 0);
        damage_files();
        chance = "another";
        cr_expect_eq(found_of(texts, UINT64_MAX), 0);
        cr_expect_eq(found_of(texts, UINT64_MAX), 3);
        temporary_done(&t);
}

/* What is needed by nothing goes, and what was not used for long. */
Test(build_cache, trim)
{
        static const char *const texts[] = { "1", "2", NULL };
        const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
        _cleanup_strv_free_ char **names = NULL;
        Temporary t = enter();

        cr_expect_eq(found_of(texts, UINT64_MAX), 0);
        cr_assert_eq(write_string_at(AT_FDCWD, CACHE "/files/rubbish", "x", 0600), 0);
        cr_assert_eq(write_string_at(AT_FDCWD, CACHE "/steps/rubbish", "x", 0600), 0);
        cr_expect_eq(found_of(texts, UINT64_MAX), 2);
        cr_expect_eq(count(CACHE "/steps"), 2);
        cr_expect_eq(count(CACHE "/files"), 2);

        cr_assert_eq(list_directory_all_at(AT_FDCWD, CACHE "/steps", &names), 0);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = strjoin(CACHE "/steps/", *name);

                cr_assert_eq(utimensat(AT_FDCWD, path, old, 0), 0);
        }
        cr_expect_eq(found_of((const char *[]) { "1", NULL }, UINT64_MAX), 1);
        cr_expect_eq(count(CACHE "/steps"), 1);
        cr_expect_eq(count(CACHE "/files"), 1);
        cr_expect_eq(found_of(texts, 0), 1);
        cr_expect_eq(count(CACHE "/steps"), 0);
        cr_expect_eq(count(CACHE "/files"), 0);
        temporary_done(&t);
}

/* A step whose file is missing goes, and one that cannot be read, also where there is no limit. */
Test(build_cache, trim_without_files)
{
        static const char *const texts[] = { "1", "2", NULL };
        Temporary t = enter();
        BuildCache *cache;

        cr_expect_eq(found_of(texts, UINT64_MAX), 0);
        cr_assert_eq(rm_rf_at(AT_FDCWD, CACHE "/files"), 0);
        cr_assert_eq(write_string_at(AT_FDCWD, CACHE "/steps/rubbish", "x", 0600), 0);
        cache = open_cache();
        cr_expect_eq(build_cache_trim(cache, UINT64_MAX, BUILD_CACHE_UNUSED_SEC), 0);
        build_cache_free(cache);
        cr_expect_eq(count(CACHE "/steps"), 0);
        temporary_done(&t);
}

/* Another build uses it: nothing is taken from under it. */
Test(build_cache, trim_while_used)
{
        static const char *const texts[] = { "1", NULL };
        Temporary t = enter();
        BuildCache *other = open_cache();

        cr_expect_eq(found_of(texts, 0), 0);
        cr_expect_eq(count(CACHE "/steps"), 1);
        build_cache_free(other);
        cr_expect_eq(found_of(texts, 0), 1);
        cr_expect_eq(count(CACHE "/steps"), 0);
        temporary_done(&t);
}

/* An entry that leads out of the build is none. */
Test(build_cache, hostile_entry)
{
        Temporary t = enter();
        BuildContext c = begin();
        BuildCache *cache = open_cache();
        Digest digest;

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, "", 0, &digest), 0);
        cr_assert_eq(build_cache_next(cache, &c, words, &digest), 0);
        cr_assert_eq(build_cache_keep(cache, &c), 0);
        cr_assert(build_cache_find(cache));
        cr_assert_eq(build_cache_apply(cache, &c, NULL), 0);
        for (size_t i = 0; i < 4; i++) {
                static const char *const entries[] = {
                        "{\"record\":\"{}\",\"files\":[{\"path\":\"../x\",\"file\":\"y\",\"digest\":\"0\"}]}",
                        "{\"record\":\"{}\",\"files\":[{\"path\":\"x\",\"file\":\"../y\",\"digest\":\"0\"}]}",
                        "{\"record\":\"{}\",\"files\":[{\"path\":\"x\",\"file\":\"y\"}]}", "{\"record\":",
                };
                _cleanup_strv_free_ char **names = NULL;
                _cleanup_free_ char *path = NULL;

                cr_assert_eq(list_directory_all_at(AT_FDCWD, CACHE "/steps", &names), 0);
                path = strjoin(CACHE "/steps/", names[0]);
                cr_assert_eq(write_string_at(AT_FDCWD, path, entries[i], 0600), 0);
                cr_expect_not(build_cache_find(cache), "%zu", i);
        }
        build_cache_free(cache);
        build_context_done(&c);
        temporary_done(&t);
}
