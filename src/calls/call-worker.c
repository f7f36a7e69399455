/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls/call-worker.h"

#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "basic/string-util.h"
#include "calls/call-answer.h"
#include "calls/call-request.h"

#define FD_ANSWER 3

/* Before an answer, or before the text of an error, which is the last frame: of a call that succeeds, it is empty. */
typedef struct Frame {
        int32_t code; /* a GrpcCode, or this: */
#define FRAME_ANSWER (-1)
        uint32_t n;
} Frame;

/* A piece of a list has no more items when it is that large. */
#define PIECE_SIZE (256U * 1024)

/* Of answers that the client has not taken: more is left in the pipe. */
#define BACKLOG_MAX (256U * 1024)

typedef struct CallWorker {
        GrpcCall *call; /* NULL: nobody waits */
        sd_event_source *output, *child;
        uint8_t *data;
        size_t n, allocated;
        pid_t pid;
} CallWorker;

static size_t n_workers;

size_t call_workers(void)
{
        return n_workers;
}

/* The process */

struct CallStream {
        int fd;
};

static int write_frame(int fd, int32_t code, const void *bytes, size_t n)
{
        const Frame frame = { code, (uint32_t) n };
        int r = loop_write(fd, &frame, sizeof(frame));

        return r < 0 ? r : loop_write(fd, bytes, n);
}

int call_stream_send(CallStream *to, const void *answer)
{
        const size_t n = protobuf_c_message_get_packed_size(answer);
        _cleanup_free_ uint8_t *bytes = NULL;

        if (n > GRPC_MESSAGE_MAX)
                return -EMSGSIZE;
        bytes = malloc(MAX(n, (size_t) 1));
        if (!bytes)
                return -ENOMEM;
        (void) protobuf_c_message_pack(answer, bytes);
        return write_frame(to->fd, FRAME_ANSWER, bytes, n);
}

static void *field_at(const ProtobufCMessage *message, unsigned offset)
{
        return (char *) message + offset;
}

static int send_pieces(const ProtobufCMessageDescriptor *pieces, const ProtobufCMessage *answer, CallStream *to)
{
        const ProtobufCFieldDescriptor *from = &answer->descriptor->fields[0], *field = &pieces->fields[0];
        const size_t n = *(const size_t *) field_at(answer, from->quantifier_offset);
        ProtobufCMessage *const *items = *(ProtobufCMessage *const *const *) field_at(answer, from->offset);
        _cleanup_free_ ProtobufCMessage *piece = calloc(1, pieces->sizeof_message);
        int r = piece ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        protobuf_c_message_init(pieces, piece);
        for (size_t i = 0, k; r >= 0 && i < n; i += k) {
                size_t size = 0;

                for (k = 0; i + k < n && size < PIECE_SIZE; k++)
                        size += protobuf_c_message_get_packed_size(items[i + k]);
                *(size_t *) field_at(piece, field->quantifier_offset) = k;
                *(ProtobufCMessage *const **) field_at(piece, field->offset) = items + i;
                r = call_stream_send(to, piece);
        }
        return r;
}

static GrpcCode run_once(const CallMethod *method, Context *c, const ProtobufCMessage *asked, CallStream *to,
                         char **reterr_message)
{
        ProtobufCMessage *answer = calloc(1, method->response->sizeof_message);
        GrpcCode code;
        int r;

        if (!answer)
                return GRPC_RESOURCE_EXHAUSTED;
        protobuf_c_message_init(method->response, answer);
        code = method->run(c, asked, answer, reterr_message);
        if (code != GRPC_OK)
                return code;
        r = method->pieces ? send_pieces(method->pieces, answer, to) : call_stream_send(to, answer);
        if (r >= 0)
                return GRPC_OK;
        *reterr_message = strdup(r == -EMSGSIZE ? "the answer is larger than 16 MiB" : strerror(-r));
        return GRPC_RESOURCE_EXHAUSTED;
}

/* asked is what the bytes say. */
static GrpcCode check_request(const CallMethod *method, const uint8_t *request, size_t n,
                              const ProtobufCMessage *asked, char **reterr_message)
{
        const char *bad;
        int value;

        if (!asked)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "the request cannot be read");
        bad = call_request_find_nul(method->request, request, n);
        if (bad)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "%s has a NUL byte", bad);
        bad = call_request_find_bad_string(asked);
        if (bad)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "%s is not valid UTF-8", bad);
        bad = call_request_find_unknown(asked, &value);
        if (bad)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "%s does not take the value %i", bad, value);
        return GRPC_OK;
}

static GrpcCode run_method(const CallMethod *method, Context *c, const ProtobufCMessage *asked, CallStream *to,
                           char **reterr_message)
{
        return method->stream ? method->stream(c, asked, to, reterr_message)
                              : run_once(method, c, asked, to, reterr_message);
}

static void work(const CallMethod *method, const Context *presets, const uint8_t *request, size_t n, int fd)
{
        Context context = *presets;
        CallStream stream = { fd };
        ProtobufCMessage *asked = protobuf_c_message_unpack(method->request, NULL, n, request);
        char *message = NULL;
        const char *text = "";
        GrpcCode code = check_request(method, request, n, asked, &message);

        if (code == GRPC_OK)
                code = run_method(method, &context, asked, &stream, &message);
        if (code != GRPC_OK)
                text = message ?: log_last_error() ?: "it failed without a reason";
        (void) write_frame(fd, code, text, strlen(text));
        context_done(&context);
}

/* Commands print what they have done; nobody is to read it here. */
static int silence(void)
{
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        return null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ? -errno : 0;
}

/* A stream would go on for days with nobody to take it, and leaves nothing half-done. */
static int end_with(pid_t service)
{
        return prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 ? -errno : getppid() != service ? -ESRCH : 0;
}

/* Of the descriptors, only the standard ones and the pipe: connections of others are not its own. */
static _noreturn_ void become_worker(const CallMethod *method, const Context *presets, const uint8_t *request, size_t n,
                                     int fd, pid_t service)
{
        sigset_t none;

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup3(fd, FD_ANSWER, O_CLOEXEC) < 0 || close_range(FD_ANSWER + 1, UINT_MAX, 0) < 0 || silence() < 0 ||
            (method->stream && end_with(service) < 0))
                _exit(1);
        work(method, presets, request, n, FD_ANSWER);
        _exit(0);
}

/* The service */

static void worker_free(CallWorker *w)
{
        sd_event_source_disable_unref(w->output);
        sd_event_source_disable_unref(w->child);
        free(w->data);
        free(w);
        n_workers--;
}

static void end_call(CallWorker *w, GrpcCode code, const char *text)
{
        if (w->call)
                grpc_call_end(w->call, code, text);
        w->call = NULL;
}

static void take_frame(CallWorker *w, const Frame *frame, const uint8_t *bytes)
{
        _cleanup_free_ char *text = NULL;

        if (frame->code == FRAME_ANSWER) {
                if (w->call)
                        grpc_call_send(w->call, bytes, frame->n);
                return;
        }
        text = frame->n > 0 ? string_from_bytes((const char *) bytes, frame->n) : NULL;
        end_call(w, frame->code, text);
}

/* All frames that are whole. */
static void take_frames(CallWorker *w)
{
        size_t taken = 0;
        Frame frame;

        while (w->n - taken >= sizeof(frame)) {
                memcpy(&frame, w->data + taken, sizeof(frame));
                if (w->n - taken - sizeof(frame) < frame.n)
                        break;
                take_frame(w, &frame, w->data + taken + sizeof(frame));
                taken += sizeof(frame) + frame.n;
        }
        if (taken > 0 && w->n > taken)
                memmove(w->data, w->data + taken, w->n - taken);
        w->n -= taken;
}

/* A client that has taken what there was. */
static void on_room(void *userdata)
{
        CallWorker *w = userdata;

        if (w->output)
                (void) sd_event_source_set_enabled(w->output, SD_EVENT_ON);
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        CallWorker *w = userdata;
        ssize_t n;

        if (ARRAY_GROW(w->data, w->allocated, w->n, 65536) < 0)
                return 0;
        n = read(fd, w->data + w->n, 65536);
        if (n > 0) {
                w->n += (size_t) n;
                take_frames(w);
                if (w->call && grpc_call_backlog(w->call) > BACKLOG_MAX)
                        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        }
        if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
                return 0;
        end_call(w, GRPC_UNKNOWN, "the process of the call was ended");
        w->output = sd_event_source_disable_unref(w->output);
        if (!w->child)
                worker_free(w);
        return 0;
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        CallWorker *w = userdata;

        w->child = sd_event_source_disable_unref(w->child);
        if (!w->output)
                worker_free(w);
        return 0;
}

static bool let_go;

void call_workers_let_go(void)
{
        let_go = true;
}

static void on_cancel(void *userdata)
{
        CallWorker *w = userdata;

        w->call = NULL;
        if (w->child && !let_go)
                (void) kill(w->pid, SIGTERM);
        /* Its pipe may be full. */
        on_room(w);
}

static int watch(sd_event *event, CallWorker *w, int fd)
{
        int r = sd_event_add_io(event, &w->output, fd, EPOLLIN, on_output, w);

        if (r < 0)
                return r;
        (void) sd_event_source_set_io_fd_own(w->output, true);
        return sd_event_add_child(event, &w->child, w->pid, WEXITED, on_end, w);
}

void call_worker_start(sd_event *event, const CallMethod *method, const Context *context, GrpcCall *call,
                       const uint8_t *request, size_t n)
{
        CallWorker *w = new0(CallWorker, 1);
        const pid_t service = getpid();
        int fds[2];

        if (!w || pipe2(fds, O_CLOEXEC) < 0) {
                free(w);
                return grpc_call_end(call, GRPC_RESOURCE_EXHAUSTED, "out of memory or file descriptors");
        }
        n_workers++;
        w->call = call;
        w->pid = fork();
        if (w->pid == 0)
                become_worker(method, context, request, n, fds[1], service);
        safe_close(fds[1]);
        if (w->pid < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 || watch(event, w, fds[0]) < 0) {
                if (w->pid > 0)
                        (void) kill(w->pid, SIGTERM);
                if (!w->output)
                        safe_close(fds[0]);
                worker_free(w);
                return grpc_call_end(call, GRPC_RESOURCE_EXHAUSTED, "no further process can be started");
        }
        grpc_call_on_cancel(call, on_cancel, w);
        grpc_call_on_room(call, on_room, w);
}
