/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "basic/string-util.h"
#include "cli/start/attach-app.h"
#include "cli/start/enter-app.h"
#include "streaming/stream-program.h"

#define REPORT_FD 3
#define REPORT_MAX 4096U /* fits into a pipe that nobody reads yet */

/* The other ends, which the child gets. */
typedef struct Ends {
        int in, out, err, report;
} Ends;

void stream_program_done(StreamProgram *p)
{
        p->err = safe_close(p->err);
        if (p->out != p->in)
                safe_close(p->out);
        p->out = -EBADF;
        p->in = safe_close(p->in);
        p->report = safe_close(p->report);
}

static void close_ends(Ends *ends)
{
        if (ends->out != ends->in)
                safe_close(ends->out);
        if (ends->err != ends->in)
                safe_close(ends->err);
        safe_close(ends->in);
        safe_close(ends->report);
}

/* The child */

/* Errors are for the report; the rest is for who looks at the output. */
static void on_line(int level, const LogPlace *place, const char *line, void *userdata)
{
        if (level > LOG_ERR)
                (void) dprintf(STDERR_FILENO, "%s%s", line, isatty(STDERR_FILENO) ? "\r\n" : "\n");
}

static uint8_t attach_channels(const StreamRequest *request)
{
        uint8_t in = request->tty ? ATTACH_TTY_IN : ATTACH_STDIN, out = request->tty ? ATTACH_TTY_OUT : ATTACH_STDOUT;

        return (uint8_t) ((request->has_stdin ? in : 0) | (request->has_stdout ? out : 0) |
                          (request->has_stderr && !request->tty ? ATTACH_STDERR : 0));
}

static int run(const StreamRequest *request)
{
        Context context = {};
        AttachmentOptions options = { .ends_input = request->ends_stdin };

        log_set_listener(on_line, NULL);
        if (request->work == STREAM_EXEC)
                return enter_app(&context, request->pod, request->app, false, request->argv);
        options.channels = attach_channels(request);
        return attach_app(&context, request->pod, request->app, &options);
}

/* All signals as usual, and of the descriptors only its own. */
static int become_child(const Ends *ends, bool tty)
{
        sigset_t none;

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) signal(SIGPIPE, SIG_DFL);
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || setsid() < 0)
                return -errno;
        if (dup2(ends->in, STDIN_FILENO) < 0 || dup2(ends->out, STDOUT_FILENO) < 0 ||
            dup2(ends->err, STDERR_FILENO) < 0 || dup3(ends->report, REPORT_FD, O_CLOEXEC) < 0 ||
            close_range(REPORT_FD + 1, UINT_MAX, 0) < 0)
                return -errno;
        return tty && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0 ? -errno : 0;
}

static _noreturn_ void be_child(const StreamRequest *request, const Ends *ends)
{
        int r = become_child(ends, request->tty);
        const char *text;

        if (r >= 0)
                r = run(request);
        if (r >= 0)
                _exit(MIN(r, 255));
        text = log_last_error() ?: "it failed without a reason";
        (void) loop_write(REPORT_FD, text, MIN(strlen(text), (size_t) REPORT_MAX));
        _exit(EXIT_PODCTL_FAILED);
}

/* Our side */

static int make_pipe(bool wanted, bool to_child, int *ret_ours, int *ret_theirs)
{
        int fds[2];

        if (!wanted) {
                *ret_theirs = open("/dev/null", O_RDWR | O_CLOEXEC);
                return *ret_theirs < 0 ? -errno : 0;
        }
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        *ret_ours = fds[to_child];
        *ret_theirs = fds[!to_child];
        return 0;
}

/* Raw from the beginning: what is typed before the child is ready is for the terminal in the pod, not for this one. */
static int make_terminal(StreamProgram *p, Ends *ends)
{
        struct termios raw;

        p->in = p->out = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (p->in < 0 || ioctl(p->in, TIOCSPTLCK, &(int) { 0 }) < 0)
                return -errno;
        ends->in = ends->out = ends->err = ioctl(p->in, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (ends->in < 0 || tcgetattr(ends->in, &raw) < 0)
                return -errno;
        cfmakeraw(&raw);
        return tcsetattr(ends->in, TCSANOW, &raw) < 0 ? -errno : 0;
}

static int make_pipes(const StreamRequest *request, StreamProgram *p, Ends *ends)
{
        int r = make_pipe(request->has_stdin, true, &p->in, &ends->in);

        if (r >= 0)
                r = make_pipe(request->has_stdout, false, &p->out, &ends->out);
        return r < 0 ? r : make_pipe(request->has_stderr, false, &p->err, &ends->err);
}

int stream_program_start(const StreamRequest *request, StreamProgram *ret)
{
        _cleanup_(stream_program_done) StreamProgram p = STREAM_PROGRAM_NONE;
        _cleanup_(close_ends) Ends ends = { -EBADF, -EBADF, -EBADF, -EBADF };
        int r = request->tty ? make_terminal(&p, &ends) : make_pipes(request, &p, &ends);

        if (r >= 0)
                r = make_pipe(true, false, &p.report, &ends.report);
        if (r < 0)
                return r;
        p.pid = fork();
        if (p.pid < 0)
                return -errno;
        if (p.pid == 0)
                be_child(request, &ends);
        *ret = p;
        p = (StreamProgram) STREAM_PROGRAM_NONE;
        return 0;
}

void stream_program_resize(const StreamProgram *p, uint16_t rows, uint16_t columns)
{
        if (p->in >= 0)
                (void) ioctl(p->in, TIOCSWINSZ, &(struct winsize) { .ws_row = rows, .ws_col = columns });
}

int stream_program_result(const StreamProgram *p, int code, int status, char **reterr_message)
{
        char text[REPORT_MAX];
        ssize_t n = loop_read(p->report, text, sizeof(text));

        if (code == CLD_EXITED && n == 0)
                return status;
        *reterr_message = n > 0 ? string_from_bytes(text, (size_t) n) : strdup("the process of the stream was ended");
        if (*reterr_message)
                string_make_plain(*reterr_message);
        return -EIO;
}
