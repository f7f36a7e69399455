/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "basic/string-util.h"
#include "cri/cri-worker.h"

#define FD_ANSWER 3

/* Before the answer, or in its place the text of the error. */
typedef struct Head {
        int32_t code;
} Head;

typedef struct CriWorker {
        GrpcCall *call; /* NULL: nobody waits */
        sd_event_source *output, *child;
        uint8_t *data;
        size_t n, allocated;
        pid_t pid;
} CriWorker;

static size_t n_workers;

size_t cri_workers(void)
{
        return n_workers;
}

/* The process */

static int write_answer(int fd, GrpcCode code, const ProtobufCMessage *answer, const char *text)
{
        const Head head = { code };
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n = code == GRPC_OK ? protobuf_c_message_get_packed_size(answer) : strlen(text);
        int r = loop_write(fd, &head, sizeof(head));

        if (r < 0)
                return r;
        if (code != GRPC_OK)
                return loop_write(fd, text, n);
        bytes = malloc(MAX(n, (size_t) 1));
        if (!bytes)
                return -ENOMEM;
        (void) protobuf_c_message_pack(answer, bytes);
        return loop_write(fd, bytes, n);
}

static void work(const CriMethod *method, const uint8_t *request, size_t n, int fd)
{
        Context context = {};
        ProtobufCMessage *asked = protobuf_c_message_unpack(method->request, NULL, n, request);
        ProtobufCMessage *answer = calloc(1, method->response->sizeof_message);
        char *message = NULL;
        GrpcCode code;

        if (!asked || !answer)
                (void) write_answer(fd, asked ? GRPC_RESOURCE_EXHAUSTED : GRPC_INVALID_ARGUMENT, NULL,
                                    asked ? "out of memory" : "the request cannot be read");
        if (!asked || !answer)
                return;
        protobuf_c_message_init(method->response, answer);
        code = method->run(&context, asked, answer, &message);
        (void) write_answer(fd, code, answer, message ?: log_last_error() ?: "it failed without a reason");
        context_done(&context);
}

/* Of the descriptors, only the standard ones and the pipe: connections of others are not its own. */
static _noreturn_ void become_worker(const CriMethod *method, const uint8_t *request, size_t n, int fd)
{
        sigset_t none;

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup3(fd, FD_ANSWER, O_CLOEXEC) < 0 || close_range(FD_ANSWER + 1, UINT_MAX, 0) < 0)
                _exit(1);
        work(method, request, n, FD_ANSWER);
        _exit(0);
}

/* The service */

static void worker_free(CriWorker *w)
{
        sd_event_source_disable_unref(w->output);
        sd_event_source_disable_unref(w->child);
        free(w->data);
        free(w);
        n_workers--;
}

static void finish(CriWorker *w)
{
        Head head;

        if (!w->call)
                return;
        if (w->n < sizeof(head)) {
                grpc_call_end(w->call, GRPC_UNKNOWN, "the process of the call was ended");
                return;
        }
        memcpy(&head, w->data, sizeof(head));
        if (head.code == GRPC_OK) {
                grpc_call_send(w->call, w->data + sizeof(head), w->n - sizeof(head));
                grpc_call_end(w->call, GRPC_OK, NULL);
        } else {
                _cleanup_free_ char *text = string_from_bytes((const char *) w->data + sizeof(head),
                                                              w->n - sizeof(head));

                grpc_call_end(w->call, head.code, text);
        }
        w->call = NULL;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        CriWorker *w = userdata;
        ssize_t n;

        if (ARRAY_GROW(w->data, w->allocated, w->n, 65536) < 0)
                return 0;
        n = read(fd, w->data + w->n, 65536);
        if (n > 0)
                w->n += (size_t) n;
        if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
                return 0;
        finish(w);
        w->output = sd_event_source_disable_unref(w->output);
        if (!w->child)
                worker_free(w);
        return 0;
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        CriWorker *w = userdata;

        w->child = sd_event_source_disable_unref(w->child);
        if (!w->output)
                worker_free(w);
        return 0;
}

static void on_cancel(void *userdata)
{
        CriWorker *w = userdata;

        w->call = NULL;
        (void) kill(w->pid, SIGTERM);
}

static int watch(sd_event *event, CriWorker *w, int fd)
{
        int r = sd_event_add_io(event, &w->output, fd, EPOLLIN, on_output, w);

        if (r < 0)
                return r;
        (void) sd_event_source_set_io_fd_own(w->output, true);
        return sd_event_add_child(event, &w->child, w->pid, WEXITED, on_end, w);
}

void cri_worker_start(sd_event *event, const CriMethod *method, GrpcCall *call, const uint8_t *request, size_t n)
{
        CriWorker *w = new0(CriWorker, 1);
        int fds[2];

        if (!w || pipe2(fds, O_CLOEXEC) < 0) {
                free(w);
                return grpc_call_end(call, GRPC_RESOURCE_EXHAUSTED, "out of memory or file descriptors");
        }
        n_workers++;
        w->call = call;
        w->pid = fork();
        if (w->pid == 0)
                become_worker(method, request, n, fds[1]);
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
}
