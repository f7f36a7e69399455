/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* The user's terminal, if standard input is one: raw, so that every key is passed on, until this is freed. The shell
 * gives a process that was stopped and goes on a terminal that is not raw any more; that is put right. */

typedef struct RawTerminal RawTerminal;

/* resized: the size of our terminal may be another now. */
int raw_terminal_new(sd_event *event, bool raw, void (*resized)(void *userdata), void *userdata, RawTerminal **ret);
RawTerminal *raw_terminal_free(RawTerminal *t);
DEFINE_TRIVIAL_CLEANUP_FUNC(RawTerminal *, raw_terminal_free);

/* False also for NULL. */
bool raw_terminal_is_raw(const RawTerminal *t);
