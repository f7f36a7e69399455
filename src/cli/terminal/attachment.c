/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/log.h"
#include "cli/terminal/attachment.h"
#include "cli/terminal/raw-terminal.h"

/* Of the input, so that a frame has room for keys that were held back. */
#define READ_MAX (ATTACH_DATA_MAX - DETACH_KEYS_MAX)
/* The server says what the app has as soon as somebody connects, unless it is stopped, or something else. */
#define SILENCE_USEC (10 * UINT64_C(1000000))

struct Attachment {
        AttachmentOptions options;
        sd_event *event;
        int fd;
        uint8_t has, chosen; /* 0: it has not said so yet */
        bool ended, input_ended;
        int error;           /* of the first output that could not be written, unless the reader has gone */
        RawTerminal *terminal;
        sd_event_source *incoming, *typed, *silence;
        uint8_t held[ATTACH_PACKET_MAX]; /* a frame that the other side does not take yet */
        size_t n_held;
};

static void end(Attachment *a, AttachmentEnd how)
{
        if (a->ended)
                return;
        a->ended = true;
        sd_event_source_disable_unref(a->incoming);
        sd_event_source_disable_unref(a->typed);
        sd_event_source_disable_unref(a->silence);
        a->incoming = a->typed = a->silence = NULL;
        if (a->options.at_end)
                a->options.at_end(how, a->has, a->options.userdata);
}

/* To the app */

/* False: the other side has no room for it now. If it is gone, that is seen where its frames are read. */
static bool send_packet(const Attachment *a, const uint8_t *packet, size_t n)
{
        ssize_t k;

        do
                k = send(a->fd, packet, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (k < 0 && errno == EINTR);
        return k >= 0 || errno != EAGAIN;
}

/* Nothing else is read from our standard input until what is held was taken. */
static void wait_for_room(Attachment *a, bool wait)
{
        (void) sd_event_source_set_io_events(a->incoming, wait ? EPOLLIN | EPOLLOUT : EPOLLIN);
        if (a->typed)
                (void) sd_event_source_set_enabled(a->typed, wait ? SD_EVENT_OFF : SD_EVENT_ON);
}

static void send_held(Attachment *a)
{
        if (!send_packet(a, a->held, a->n_held))
                return;
        a->n_held = 0;
        wait_for_room(a, false);
}

static void send_frame(Attachment *a, const AttachFrame *frame)
{
        a->n_held = attach_frame_write(frame, a->held);
        if (send_packet(a, a->held, a->n_held))
                a->n_held = 0;
        else
                wait_for_room(a, true);
}

/* Our size may be known on either side. Dropped where there is no room: the next one counts. */
static void send_size(const Attachment *a)
{
        uint8_t packet[ATTACH_PACKET_MAX];
        struct winsize size;
        AttachFrame frame;

        if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
                return;
        frame = (AttachFrame) { .type = ATTACH_SIZE, .rows = size.ws_row, .columns = size.ws_col };
        (void) send_packet(a, packet, attach_frame_write(&frame, packet));
}

static void on_resize(void *userdata)
{
        const Attachment *a = userdata;

        if (!a->ended)
                send_size(a);
}

/* Who gets nothing and has said everything is done. */
static void end_if_idle(Attachment *a)
{
        if (a->input_ended && a->n_held == 0 && !(a->chosen & ~ATTACH_ANY_IN))
                end(a, ATTACHMENT_DONE);
}

static void end_input(Attachment *a)
{
        static const uint8_t end_of_input = 4; /* Ctrl-D */

        sd_event_source_disable_unref(a->typed);
        a->typed = NULL;
        a->input_ended = true;
        if (a->options.ends_input)
                send_frame(a, a->chosen & ATTACH_TTY_IN
                                      ? &(AttachFrame) { .type = ATTACH_INPUT, .data = &end_of_input, .n = 1 }
                                      : &(AttachFrame) { .type = ATTACH_END });
        end_if_idle(a);
}

/* Without a terminal there are no keys. */
static void take_input(Attachment *a)
{
        uint8_t typed[READ_MAX], passed[ATTACH_DATA_MAX];
        ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));
        size_t n_passed = 0;
        bool detached = false;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                /* A raw terminal has no end, unless it is gone. */
                if (raw_terminal_is_raw(a->terminal))
                        end(a, ATTACHMENT_DETACHED);
                else
                        end_input(a);
                return;
        }
        if (raw_terminal_is_raw(a->terminal))
                detached = detach_keys_filter(&a->options.keys, typed, (size_t) n, passed, &n_passed);
        else
                memcpy(passed, typed, n_passed = (size_t) n);
        if (n_passed > 0)
                send_frame(a, &(AttachFrame) { .type = ATTACH_INPUT, .data = passed, .n = n_passed });
        if (detached)
                end(a, ATTACHMENT_DETACHED);
}

static int on_typed(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        take_input(userdata);
        return 0;
}

/* Of a file, which is always ready, and which epoll does not do. */
static int on_always_typed(sd_event_source *source, void *userdata)
{
        take_input(userdata);
        return 0;
}

static int watch_input(Attachment *a)
{
        int r = sd_event_add_io(a->event, &a->typed, STDIN_FILENO, EPOLLIN, on_typed, a);

        if (r == -EPERM)
                r = sd_event_add_defer(a->event, &a->typed, on_always_typed, a);
        return r < 0 ? r : sd_event_source_set_enabled(a->typed, SD_EVENT_ON);
}

/* The size comes first: the app may start with the choice. */
static int choose(Attachment *a)
{
        int r;

        a->silence = sd_event_source_disable_unref(a->silence);
        a->chosen = a->options.channels ?: a->has;
        if ((a->chosen & a->has) != a->chosen || a->chosen == 0) {
                end(a, ATTACHMENT_REFUSED);
                return 0;
        }
        if (a->chosen & ATTACH_ANY_TTY) {
                r = raw_terminal_new(a->event, a->chosen & ATTACH_TTY_IN, on_resize, a, &a->terminal);
                if (r < 0)
                        return r;
                send_size(a);
        }
        send_frame(a, &(AttachFrame) { .type = ATTACH_CHOICE, .channels = a->chosen });
        log_debug("attached to channels %u", a->chosen);
        return a->chosen & ATTACH_ANY_IN ? watch_input(a) : 0;
}

/* From the app */

/* At the pace of our reader. */
static int write_output(int fd, const uint8_t *data, size_t n)
{
        while (n > 0) {
                ssize_t k = write(fd, data, n);

                if (k < 0 && errno == EAGAIN)
                        (void) poll(&(struct pollfd) { .fd = fd, .events = POLLOUT }, 1, -1);
                else if (k < 0 && errno != EINTR)
                        return -errno;
                if (k > 0) {
                        data += k;
                        n -= (size_t) k;
                }
        }
        return 0;
}

/* A pipeline whose end has gone has nothing more to say, either: what feeds it would run for ever. */
static void lose_reader(Attachment *a, int error)
{
        if (error != -EPIPE && a->error == 0)
                a->error = error;
        if (!a->options.ends_input || (a->options.needs_output && a->error < 0))
                end(a, ATTACHMENT_DETACHED);
        else if (a->typed)
                end_input(a);
}

/* A raw terminal goes to the beginning of a line only if it is told so. */
static void tell_lost(const Attachment *a, uint64_t n)
{
        static const uint8_t line[] = "\r\n";

        if (raw_terminal_is_raw(a->terminal))
                (void) write_output(STDERR_FILENO, line, sizeof(line) - 1);
        log_warning("%llu bytes of output were left out here, since they came too fast; 'podctl logs' has them",
                    (unsigned long long) n);
        if (raw_terminal_is_raw(a->terminal))
                (void) write_output(STDERR_FILENO, line, 1);
}

static int take_frame(Attachment *a, const AttachFrame *frame)
{
        int r;

        switch (frame->type) {
        case ATTACH_HAS:
                if (a->chosen != 0 || frame->version != ATTACH_VERSION)
                        return -EBADMSG;
                a->has = frame->channels;
                return choose(a);
        case ATTACH_OUTPUT:
        case ATTACH_ERROR:
                r = write_output(frame->type == ATTACH_ERROR ? STDERR_FILENO : STDOUT_FILENO, frame->data, frame->n);
                if (r < 0)
                        lose_reader(a, r);
                return 0;
        case ATTACH_LOST:
                tell_lost(a, frame->lost);
                return 0;
        default:
                return -EBADMSG;
        }
}

/* Returns 0 when there is nothing more. */
static int read_frame(Attachment *a)
{
        uint8_t packet[ATTACH_PACKET_MAX];
        ssize_t n = recv(a->fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
        AttachFrame frame;
        int r;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0) {
                end(a, ATTACHMENT_ENDED);
                return 0;
        }
        r = (size_t) n <= sizeof(packet) && attach_frame_read(packet, (size_t) n, &frame) ? take_frame(a, &frame)
                                                                                          : -EBADMSG;
        if (r == -EBADMSG)
                end(a, ATTACHMENT_BROKEN);
        return r == -EBADMSG || a->ended ? 0 : r < 0 ? r : 1;
}

static int on_incoming(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Attachment *a = userdata;
        int r;

        if ((events & EPOLLOUT) && a->n_held > 0)
                send_held(a);
        end_if_idle(a);
        if (a->ended)
                return 0;
        r = events & ~(uint32_t) EPOLLOUT ? read_frame(a) : 0;
        return r < 0 ? r : 0;
}

static int on_silence(sd_event_source *source, uint64_t usec, void *userdata)
{
        end(userdata, ATTACHMENT_SILENT);
        return 0;
}

int attachment_new(sd_event *event, int socket_fd, const AttachmentOptions *options, Attachment **ret)
{
        _cleanup_(attachment_freep) Attachment *a = new0(Attachment, 1);
        int r;

        if (!a) {
                safe_close(socket_fd);
                return -ENOMEM;
        }
        a->fd = socket_fd;
        a->options = *options;
        a->event = sd_event_ref(event);
        r = sd_event_add_io(event, &a->incoming, socket_fd, EPOLLIN, on_incoming, a);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &a->silence, CLOCK_MONOTONIC, SILENCE_USEC, 0, on_silence, a);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}

int attachment_finish(Attachment *a)
{
        while (!a->ended && a->chosen != 0 && read_frame(a) > 0)
                ;
        raw_terminal_free(a->terminal);
        a->terminal = NULL;
        return a->error;
}

Attachment *attachment_free(Attachment *a)
{
        if (!a)
                return NULL;

        (void) attachment_finish(a);
        a->options.at_end = NULL;
        end(a, ATTACHMENT_ENDED);
        safe_close(a->fd);
        sd_event_unref(a->event);
        return mfree(a);
}

int attachment_hello(int socket_fd, uint8_t *ret_channels)
{
        struct pollfd incoming = { .fd = socket_fd, .events = POLLIN };
        uint8_t packet[ATTACH_PACKET_MAX];
        AttachFrame frame;
        ssize_t n;

        if (poll(&incoming, 1, SILENCE_USEC / 1000) == 0)
                return -ETIMEDOUT;
        n = recv(socket_fd, packet, sizeof(packet), MSG_TRUNC);
        if (n < 0)
                return -errno;
        if ((size_t) n > sizeof(packet) || !attach_frame_read(packet, (size_t) n, &frame) ||
            frame.type != ATTACH_HAS || frame.version != ATTACH_VERSION)
                return -EBADMSG;
        *ret_channels = frame.channels;
        return 0;
}
