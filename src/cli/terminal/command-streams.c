/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/magic.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "cli/terminal/command-streams.h"
#include "cli/terminal/pump.h"

#define N_STREAMS 3

typedef struct Stream {
        int ours; /* of the pipe; negative: there is none, or it is over */
        Pump *pump;
} Stream;

struct CommandStreams {
        sd_event *event; /* the caller's */
        uid_t owner;
        Stream streams[N_STREAMS];
        int theirs[N_STREAMS];
        bool borrowed[N_STREAMS]; /* not to be closed */
};

static bool is_null_device(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* A pipe without a name is only between those who have it. */
static bool is_plain_pipe(int fd)
{
        struct statfs fs;

        return fstatfs(fd, &fs) >= 0 && fs.f_type == PIPEFS_MAGIC;
}

static bool input_is_harmless(bool own_users)
{
        struct stat st;

        if (fstat(STDIN_FILENO, &st) < 0)
                return false;
        return is_null_device(&st) || S_ISSOCK(st.st_mode) || is_plain_pipe(STDIN_FILENO) ||
               (S_ISREG(st.st_mode) && own_users);
}

/* In one pipe, what goes to the same place stays in order. */
static bool is_same_output(void)
{
        struct stat a, b;

        return fstat(STDOUT_FILENO, &a) >= 0 && fstat(STDERR_FILENO, &b) >= 0 && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino && a.st_rdev == b.st_rdev;
}

static void on_end(void *userdata)
{
        Stream *s = userdata;

        s->ours = safe_close(s->ours);
}

static int make_pipe(CommandStreams *s, int fd)
{
        const bool input = fd == STDIN_FILENO;
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        s->streams[fd].ours = ends[input];
        s->theirs[fd] = ends[!input];
        /* In the pod, its own user IDs have no right to give it away. */
        if (fchown(s->theirs[fd], s->owner, (gid_t) -1) < 0 || fcntl(s->streams[fd].ours, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        return pump_new(s->event, input ? fd : s->streams[fd].ours, input ? s->streams[fd].ours : fd, on_end,
                        &s->streams[fd], &s->streams[fd].pump);
}

static void borrow(CommandStreams *s, int fd, int from)
{
        s->theirs[fd] = from;
        s->borrowed[fd] = true;
}

static int make_all(CommandStreams *s, bool own_users)
{
        int r = 0;

        if (!input_is_harmless(own_users))
                r = make_pipe(s, STDIN_FILENO);
        else {
                borrow(s, STDIN_FILENO, STDIN_FILENO);
                if (is_plain_pipe(STDIN_FILENO))
                        (void) fchown(STDIN_FILENO, s->owner, (gid_t) -1);
        }
        if (r >= 0)
                r = make_pipe(s, STDOUT_FILENO);
        if (r >= 0 && is_same_output())
                borrow(s, STDERR_FILENO, s->theirs[STDOUT_FILENO]);
        else if (r >= 0)
                r = make_pipe(s, STDERR_FILENO);
        return r;
}

int command_streams_new(sd_event *event, uid_t owner, bool own_users, CommandStreams **ret)
{
        _cleanup_(command_streams_freep) CommandStreams *s = new0(CommandStreams, 1);
        int r;

        if (!s)
                return -ENOMEM;
        s->event = event;
        s->owner = owner;
        for (int fd = 0; fd < N_STREAMS; fd++)
                s->streams[fd].ours = s->theirs[fd] = -EBADF;
        r = make_all(s, own_users);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

static void close_theirs(CommandStreams *s)
{
        for (int fd = 0; fd < N_STREAMS; fd++) {
                if (!s->borrowed[fd])
                        safe_close(s->theirs[fd]);
                s->theirs[fd] = -EBADF;
        }
}

int command_streams_finish(CommandStreams *s)
{
        int r = 0;

        close_theirs(s);
        for (int fd = STDOUT_FILENO; fd < N_STREAMS; fd++) {
                Stream *stream = &s->streams[fd];

                if (stream->pump && stream->ours >= 0)
                        pump_drain(stream->pump);
                if (stream->pump && r >= 0)
                        r = pump_error(stream->pump);
        }
        return r;
}

CommandStreams *command_streams_free(CommandStreams *s)
{
        if (!s)
                return NULL;
        close_theirs(s);
        for (int fd = 0; fd < N_STREAMS; fd++) {
                pump_free(s->streams[fd].pump);
                safe_close(s->streams[fd].ours);
        }
        return mfree(s);
}

const int *command_streams_fds(const CommandStreams *s)
{
        return s->theirs;
}

int command_streams_started(CommandStreams *s)
{
        int r = 0;

        close_theirs(s);
        for (int fd = 0; fd < N_STREAMS; fd++)
                if (r >= 0 && s->streams[fd].pump)
                        r = pump_enable(s->streams[fd].pump);
        return r;
}
