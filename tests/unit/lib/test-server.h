/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <criterion/criterion.h>
#include <sys/types.h>

/* A server on the loopback interface that gives one scripted answer after the other, whatever it is asked. */
typedef struct Server {
        pid_t pid;
        char url[64];
} Server;

/* The list ends with NULL. */
Server server_start(const char *const *answers);
void server_stop(Server *s);
