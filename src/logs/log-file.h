/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A log file of an app, on the host. Whoever rotates it renames it, and then asks for another at its path. */

/* Where the program that writes it has what it needs, and its sockets: a directory for each pod, of that for each
 * app. */
#define LOG_FILE_DIRECTORY "/run/podctl/log-file"
#define LOG_FILE_PATH "path"       /* a link to the file */
#define LOG_FILE_OUTPUT "output"   /* for the app's output: inside/app-log-file.h */
#define LOG_FILE_CONTROL "control" /* for requests, of type SOCK_SEQPACKET; only root of the host gets there */

/* A request is one of these. The answer is an int: 0, or a negative errno. */
typedef enum LogFileRequest {
        LOG_FILE_REOPEN = 'r', /* to write to what is at the path, made if it is missing */
        LOG_FILE_END = 'e',    /* to write what has come until now, and end */
} LogFileRequest;

/* Opens it for appending, and makes it if it is missing. Its directory must exist, and neither of the two may be a
 * link: such a directory could be of a pod, in a volume. -ENXIO: there is something else than a file. */
int log_file_open(const char *path);

/* Appends whole lines. On failure, *ret_n is how much of it is there, up to the end of a line. */
int log_file_append(int fd, const char *data, size_t n, size_t *ret_n);
