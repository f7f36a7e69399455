/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/strv.h"
#include "fuzz.h"

/* Where there is no libFuzzer: gives the target each file of the directories named, and then some changed copies of
 * them, the same ones each time. The first argument tells how many in all. */

static uint64_t state = 0x9e3779b97f4a7c15;

static size_t below(size_t n)
{
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return n > 0 ? (size_t) (state % n) : 0;
}

/* An allocation of just that size, so that a byte read behind it is seen. */
static void give(const char *data, size_t size)
{
        uint8_t *copy = malloc(size > 0 ? size : 1);

        FUZZ_ASSERT(copy);
        if (size > 0)
                memcpy(copy, data, size);
        (void) LLVMFuzzerTestOneInput(copy, size);
        free(copy);
}

static void change(char *data, size_t *size)
{
        static const char odd[] = "\0\xff\x80\x7f\"\\{}[]<>:,=/.%'\n\r 09-+eE";
        size_t at = below(*size), n = below(MIN(*size - at, (size_t) 16) + 1);

        if (*size == 0)
                return;
        switch (below(6)) {
        case 0:
                data[at] = (char) below(256);
                break;
        case 1:
                data[at] = odd[below(sizeof(odd))];
                break;
        case 2:
                data[at] ^= (char) (1 << below(8));
                break;
        case 3:
                *size = at;
                break;
        case 4:
                memmove(data + at, data + at + n, *size - at - n);
                *size -= n;
                break;
        default:
                memmove(data + at + n, data + at, *size - at);
                *size += n;
        }
}

static void give_changed(const char *data, size_t size, size_t times)
{
        for (size_t i = 0; i < times; i++) {
                size_t n = size, changes = 1 + below(6);
                char *copy = malloc(size + changes * 16 + 1);

                FUZZ_ASSERT(copy);
                memcpy(copy, data, size);
                for (size_t k = 0; k < changes; k++)
                        change(copy, &n);
                give(copy, n);
                free(copy);
        }
}

static size_t count_files(char *const *directories)
{
        size_t n = 0;

        STRV_FOREACH(directory, directories) {
                _cleanup_strv_free_ char **names = NULL;

                if (list_directory_at(AT_FDCWD, *directory, &names) >= 0)
                        n += strv_length(names);
        }
        return n;
}

static void give_directory(const char *directory, size_t times)
{
        _cleanup_strv_free_ char **names = NULL;

        /* Those beside this checkout need not be there. */
        if (list_directory_at(AT_FDCWD, directory, &names) < 0)
                return;
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = path_join(directory, *name), *data = NULL;
                size_t size;

                FUZZ_ASSERT(path && read_file_at(AT_FDCWD, path, 16 << 20, &data, &size) >= 0);
                give(data, size);
                give_changed(data, size, times);
        }
}

int main(int argc, char *argv[])
{
        size_t n, times = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

        if (argc < 3)
                return EXIT_FAILURE;
        n = count_files(argv + 2);
        if (n == 0) {
                (void) fprintf(stderr, "no inputs in %s\n", argv[2]);
                return EXIT_FAILURE;
        }
        give(NULL, 0);
        STRV_FOREACH(directory, argv + 2)
                give_directory(*directory, (times + n - 1) / n);
        (void) printf("%zu inputs, %zu changed copies of each\n", n, (times + n - 1) / n);
        return EXIT_SUCCESS;
}
