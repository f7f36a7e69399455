/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/start/enter-app.h"
#include "cli/start/pod-json.h"
#include "cri/cri-answer.h"
#include "cri/cri-find.h"
#include "cri/cri-method.h"

/* A command beside a container's own, whose output is the answer. */

#define PROGRAM "podctl"

/* Of either stream; an answer with both has to fit into a message of gRPC. */
#define OUTPUT_MAX (GRPC_MESSAGE_MAX / 2 - 4096)

enum { OUTPUT, ERRORS, FAILURE, N_PIPES };

/* In the place of a reason. */
#define COMMAND_RAN ""

typedef struct Stream {
        int fd;
        uint8_t *data;
        size_t n, allocated;
} Stream;

typedef struct Command {
        pid_t pid;
        int pidfd;
        Stream output, errors;
        int failure; /* where it says what kept it from running the command: any exit status is that of a command */
} Command;

static void command_done(Command *c)
{
        safe_close(c->pidfd);
        safe_close(c->output.fd);
        safe_close(c->errors.fd);
        safe_close(c->failure);
        free(c->output.data);
        free(c->errors.data);
}

/* The process */

static _noreturn_ void fail(int failure)
{
        const char *text = log_last_error() ?: "the command cannot be run";

        _exit(loop_write(failure, text, strlen(text)) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* If the client does not wait any more, that of the call is ended, and the command with it. */
static _noreturn_ void run(Context *c, const CriContainer *found, char **words, uint64_t usec, const int *outputs)
{
        int r;

        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || dup2(outputs[OUTPUT], STDOUT_FILENO) < 0 ||
            dup2(outputs[ERRORS], STDERR_FILENO) < 0)
                fail(outputs[FAILURE]);
        /* Its words are for the client, and not for the journal. */
        (void) unsetenv("JOURNAL_STREAM");
        log_setup(PROGRAM);
        r = enter_app_for(c, found->pod->uuid.s, found->app->name, usec, words);
        if (r < 0 || loop_write(outputs[FAILURE], COMMAND_RAN, sizeof(COMMAND_RAN)) < 0)
                fail(outputs[FAILURE]);
        _exit(r);
}

static int start(Context *c, const CriContainer *found, char **words, uint64_t usec, Command *ret)
{
        int *const ours[N_PIPES] = { &ret->output.fd, &ret->errors.fd, &ret->failure };
        int theirs[N_PIPES] = { -EBADF, -EBADF, -EBADF }, fds[2], r = 0;

        for (size_t i = 0; r >= 0 && i < N_PIPES; i++) {
                r = pipe2(fds, O_CLOEXEC) < 0 ? -errno : 0;
                if (r >= 0) {
                        *ours[i] = fds[0];
                        theirs[i] = fds[1];
                }
        }
        ret->pid = r < 0 ? r : fork();
        if (ret->pid == 0)
                run(c, found, words, usec, theirs);
        for (size_t i = 0; i < N_PIPES; i++)
                safe_close(theirs[i]);
        if (r < 0)
                return r;
        if (ret->pid < 0)
                return -errno;
        ret->pidfd = (int) syscall(SYS_pidfd_open, ret->pid, 0);
        return ret->pidfd < 0 ? -errno : 0;
}

/* Its output */

/* Beyond the limit it is read, so that the command goes on, and left out. */
static void take(Stream *s)
{
        uint8_t rest[16384];
        const size_t left = OUTPUT_MAX - s->n, wanted = MIN(sizeof(rest), left);
        ssize_t n;

        if (wanted > 0 && ARRAY_GROW(s->data, s->allocated, s->n, wanted) < 0)
                return;
        n = wanted > 0 ? read(s->fd, s->data + s->n, wanted) : read(s->fd, rest, sizeof(rest));
        if (n > 0 && wanted > 0)
                s->n += (size_t) n;
        if (n == 0 || (n < 0 && errno != EINTR))
                s->fd = safe_close(s->fd);
}

/* Until the command has ended, with its output. What it has left running may hold that open, and is not waited for. */
static int collect(Command *c)
{
        bool ended = false;

        for (;;) {
                struct pollfd fds[] = { { .fd = c->output.fd, .events = POLLIN },
                                        { .fd = c->errors.fd, .events = POLLIN },
                                        { .fd = ended ? -1 : c->pidfd, .events = POLLIN } };
                int n = poll(fds, ELEMENTSOF(fds), ended ? 0 : -1);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return 0;
                if (n < 0)
                        continue;
                if (fds[0].revents)
                        take(&c->output);
                if (fds[1].revents)
                        take(&c->errors);
                ended = ended || fds[2].revents;
                if (ended && c->output.fd < 0 && c->errors.fd < 0)
                        return 0;
        }
}

static int reap(const Command *c)
{
        siginfo_t info = {};

        while (waitid(P_PID, (id_t) c->pid, &info, WEXITED) < 0)
                if (errno != EINTR)
                        return -errno;
        return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/* Whether the command has not run; our process has said why, unless it was ended. */
static bool has_failed(const Command *c, char **reterr_message)
{
        char text[1024];
        ssize_t n = loop_read(c->failure, text, sizeof(text) - 1);

        if (n > 0 && *text == *COMMAND_RAN)
                return false;
        text[MAX(n, 0)] = 0;
        (void) call_refuse(GRPC_UNKNOWN, reterr_message, "%s",
                           *text ? text : "the process that watches the command was ended");
        return true;
}

static void give(Stream *s, ProtobufCBinaryData *to)
{
        to->data = TAKE_PTR(s->data);
        to->len = s->n;
}

static GrpcCode run_command(Context *c, const CriContainer *found, const Cri__ExecSyncRequest *asked,
                            Command *command, Cri__ExecSyncResponse *answer, char **reterr_message)
{
        const uint64_t usec = asked->timeout > 0 ? (uint64_t) MIN(asked->timeout, UINT32_MAX) * USEC_PER_SEC
                                                 : UINT64_MAX,
                       began = now_monotonic_usec();
        _cleanup_strv_free_ char **words = NULL;
        int r = 0, status;

        for (size_t i = 0; r >= 0 && i < asked->n_cmd; i++)
                r = strv_extend(&words, asked->cmd[i]);
        if (r >= 0)
                r = start(c, found, words, usec, command);
        if (r >= 0)
                r = collect(command);
        if (r < 0)
                return call_code_of(log_error_errno(r, "Cannot run the command: %m"));
        status = reap(command);
        if (status == 128 + SIGKILL && now_monotonic_usec() - began >= usec)
                return call_refuse(GRPC_DEADLINE_EXCEEDED, reterr_message, "the command took longer than %lld s",
                                   (long long) asked->timeout);
        if (has_failed(command, reterr_message))
                return GRPC_UNKNOWN;
        answer->exit_code = status;
        give(&command->output, &answer->stdout);
        give(&command->errors, &answer->stderr);
        return GRPC_OK;
}

static GrpcCode exec_sync(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ExecSyncRequest *asked = request;
        _cleanup_(command_done) Command command = { .pidfd = -EBADF, .output.fd = -EBADF, .errors.fd = -EBADF,
                                                    .failure = -EBADF };
        _cleanup_(cri_container_done) CriContainer found = {};
        GrpcCode code = cri_container_ask(c, asked->container_id, &found, reterr_message);

        if (code != GRPC_OK)
                return code;
        if (asked->n_cmd == 0)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "the command has no words");
        if (!streq(pod_app_state(found.pod, found.app->name), "running"))
                return call_refuse(GRPC_FAILED_PRECONDITION, reterr_message, "container '%s' is not running",
                                   asked->container_id);
        return run_command(c, &found, asked, &command, response, reterr_message);
}

const CriMethod cri_exec_methods[] = {
        CRI_METHOD(RuntimeService, ExecSync, exec_sync, exec_sync),
        {},
};
