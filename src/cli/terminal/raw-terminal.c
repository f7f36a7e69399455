/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "cli/terminal/raw-terminal.h"

struct RawTerminal {
        bool is_raw;
        struct termios attributes; /* before, if it is */
        void (*resized)(void *userdata);
        void *userdata;
        sd_event_source *resize, *resumed;
};

static int set_raw(const RawTerminal *t)
{
        struct termios raw = t->attributes;

        cfmakeraw(&raw);
        return tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0 ? -errno : 0;
}

static int on_resize(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        const RawTerminal *t = userdata;

        t->resized(t->userdata);
        return 0;
}

/* In the background, the terminal is somebody else's, and to change it would stop this process again. It goes on once
 * more when it comes to the foreground. */
static int on_resumed(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        const RawTerminal *t = userdata;

        if (tcgetpgrp(STDIN_FILENO) == getpgrp())
                (void) set_raw(t);
        return on_resize(source, si, userdata);
}

static int watch(RawTerminal *t, sd_event *event)
{
        sigset_t set;
        int r;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGWINCH);
        if (t->is_raw)
                (void) sigaddset(&set, SIGCONT);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(event, &t->resize, SIGWINCH, on_resize, t);
        return r < 0 || !t->is_raw ? r : sd_event_add_signal(event, &t->resumed, SIGCONT, on_resumed, t);
}

int raw_terminal_new(sd_event *event, bool raw, void (*resized)(void *userdata), void *userdata, RawTerminal **ret)
{
        _cleanup_(raw_terminal_freep) RawTerminal *t = new0(RawTerminal, 1);
        int r;

        if (!t)
                return -ENOMEM;
        t->resized = resized;
        t->userdata = userdata;
        if (raw && isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &t->attributes) >= 0) {
                r = set_raw(t);
                if (r < 0)
                        return r;
                t->is_raw = true;
        }
        r = watch(t, event);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

RawTerminal *raw_terminal_free(RawTerminal *t)
{
        if (!t)
                return NULL;

        sd_event_source_disable_unref(t->resize);
        sd_event_source_disable_unref(t->resumed);
        if (t->is_raw)
                (void) tcsetattr(STDIN_FILENO, TCSANOW, &t->attributes);
        return mfree(t);
}

bool raw_terminal_is_raw(const RawTerminal *t)
{
        return t && t->is_raw;
}
