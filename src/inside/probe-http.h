/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Where a request goes, and the answer comes from. Both return what send(2) and recv(2) do. */
typedef struct ProbeChannel {
        void *userdata;
        ssize_t (*send)(void *userdata, const void *data, size_t n);
        ssize_t (*receive)(void *userdata, void *data, size_t n);
} ProbeChannel;

/* Sends a GET request, of which words are HOST PORT PATH [HEADER…], ended by NULL. Prints the status of the answer, or
 * that there is none; true for one from 200 to 399. Nothing else of the answer is looked at. */
bool probe_http_ask(const ProbeChannel *channel, char *const words[]);
