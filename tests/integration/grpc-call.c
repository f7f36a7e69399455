/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/macro.h"
#include "basic/unix-socket.h"

/* `grpc-call DIRECTORY WORD…` has the client that stays (grpc-client --stay=DIRECTORY) make a call with these words.
 * The call has this program's standard input, output and error, its working directory and its environment, and this
 * program ends with the call's exit status. If it is killed, so is the call. It starts within a millisecond, where
 * Python and its libraries take two hundred. */

/* What comes first, with the descriptors. Then come the words and the environment, each with its NUL. */
typedef struct Head {
        uint64_t size;
        uint64_t n_words;
} Head;

static int write_strings(FILE *f, char **strings)
{
        for (; *strings; strings++)
                if (fwrite(*strings, strlen(*strings) + 1, 1, f) != 1)
                        return -ENOMEM;
        return 0;
}

static int send_call(int server_fd, char **words, size_t n_words)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        _cleanup_close_ int here = open(".", O_PATH|O_DIRECTORY|O_CLOEXEC);
        Head head;
        FILE *f;
        int r;

        if (here < 0)
                return -errno;
        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        r = write_strings(f, words);
        if (r >= 0)
                r = write_strings(f, environ);
        if (fclose(f) != 0 || r < 0)
                return -ENOMEM;
        head = (Head) { .size = size, .n_words = n_words };
        r = unix_send(server_fd, &head, sizeof(head),
                      (int[]) { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, here }, 4);
        return r < 0 ? r : loop_write(server_fd, text, size);
}

/* The exit status is all that comes back. */
static int receive_status(int server_fd)
{
        uint8_t status;
        ssize_t n = recv(server_fd, &status, sizeof(status), 0);

        if (n < 0)
                return -errno;
        return n == 0 ? -ECONNRESET : status;
}

int main(int argc, char *argv[])
{
        _cleanup_close_ int directory_fd = -EBADF, server_fd = -EBADF;
        int r;

        if (argc < 2)
                return EXIT_FAILURE;
        directory_fd = open(argv[1], O_PATH|O_DIRECTORY|O_CLOEXEC);
        if (directory_fd >= 0)
                server_fd = unix_connect_at(directory_fd, "grpc-client", SOCK_STREAM|SOCK_CLOEXEC);
        r = directory_fd < 0 ? -errno : server_fd;
        if (r >= 0)
                r = send_call(server_fd, argv + 2, argc - 2);
        if (r >= 0)
                r = receive_status(server_fd);
        if (r < 0) {
                fprintf(stderr, "grpc-call: %s: %s\n", argv[1], strerror(-r));
                return 255;
        }
        return r;
}
