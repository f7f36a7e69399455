/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside/launch-words.h"

/* Reads the whole file, and appends a NUL. */
static char *read_all(int fd, size_t size)
{
        char *data = malloc(size + 1);
        size_t done = 0;

        while (data && done < size) {
                ssize_t n = read(fd, data + done, size - done);

                if (n <= 0) {
                        free(data);
                        return NULL;
                }
                done += (size_t) n;
        }
        if (data)
                data[size] = 0;
        return data;
}

static char **split(char *data, size_t size, size_t room, size_t *ret_n)
{
        size_t n = 0;
        char **words;

        for (size_t i = 0; i < size; i++)
                n += data[i] == 0;
        words = calloc(n + room + 1, sizeof(char *));
        if (!words)
                return NULL;
        *ret_n = n;
        for (size_t i = 0; i < n; i++, data += strlen(data) + 1)
                words[i] = data;
        return words;
}

char **launch_words_read(const char *path, size_t room, size_t *ret_n)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char **words = NULL, *data = NULL;
        struct stat st;

        if (fd >= 0 && fstat(fd, &st) == 0)
                data = read_all(fd, (size_t) st.st_size);
        if (data)
                words = split(data, (size_t) st.st_size, room, ret_n);
        if (fd >= 0)
                (void) close(fd);
        return words;
}
