/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* An app's output in a file of the host, beside the journals. The file is not in the pod: a program on the host writes
 * it (logs/podctl-log-file.c) and listens at LOG_FILE_OUTPUT, a socket of type SOCK_SEQPACKET, which the launcher
 * of the app finds as LAUNCH_LOG_FILE. Nothing comes back, and nobody needs a descriptor of the file here. */

/* The longest part of a line, as Kubernetes' runtimes have it. */
#define LOG_FILE_PART 16384U
/* The text in a packet. */
#define LOG_FILE_TEXT 32768U

/* Text has whole lines of at most LOG_FILE_PART bytes, each with its newline, or a part of one at the end. A part
 * without a newline is not the last of its line, unless the stream ends. */
typedef struct LogFilePacket {
        uint8_t stream; /* 0: standard output, 1: standard error */
        char text[LOG_FILE_TEXT];
} LogFilePacket;

typedef struct AppLogFile {
        int fd; /* negative: there is no file, or nobody writes it any more */
} AppLogFile;

/* Negative, with errno: ENOENT if the app has no log file. */
int app_log_file_connect(const char *path);

/* Bytes of a stream as they come. Waits while the file is being written. */
void app_log_file_write(AppLogFile *f, int stream, const char *data, size_t n);
/* The stream has ended: what has no end is sent as a part. */
void app_log_file_end(AppLogFile *f, int stream);
/* Waits until all is in the file. */
void app_log_file_finish(AppLogFile *f);
