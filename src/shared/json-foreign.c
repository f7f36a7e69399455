/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "basic/utf8.h"
#include "shared/json-foreign.h"
#include "shared/json-pack.h"
#include "shared/sandbox.h"
#include "shared/unprivileged.h"
#include "shared/worker.h"

/* Request and reply: a header, followed by the number of bytes it gives. */
typedef struct Header {
        int32_t error;          /* 0 followed by the packed value, or a negative errno followed by a message */
        uint32_t size;
} Header;

/* "[]," takes six bytes when it is packed: no text grows by a larger factor. */
#define PACKED_MAX (8 * JSON_MAX_SIZE)
#define MESSAGE_MAX 1024
#define ERRNO_MAX 4095
/* No document needs a tenth of that. */
#define CPU_SECONDS 20

static struct {
        Worker worker;
        int fd;
        pid_t owner;            /* the process that started it; a process forked since must not use the socket */
} reader = { .worker = WORKER_NONE, .fd = -EBADF };

/* The other process */

static const char *const syscalls[] = {
        "brk", "exit", "exit_group", "futex", "getrandom", "madvise", "mmap", "mprotect", "mremap", "munmap", "read",
        "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "write", NULL,
};

/* Do the things that libraries do once and open files for, before no file can be opened any more: the seed of json-c's
 * hashes. */
static int warm_up(void)
{
        _cleanup_json_object_ json_object *o = NULL;

        return json_parse_memory("{\"a\":1}", 7, &o, NULL);
}

int json_foreign_confine(int fd)
{
        uid_t uid;
        gid_t gid;
        int r;

        unprivileged_user(&uid, &gid);
        r = warm_up();
        if (r < 0)
                return r;
        r = sandbox_drop_terminal();
        if (r < 0)
                return r;
        r = sandbox_close_all_but(&fd, 1);
        if (r < 0)
                return r;
        if (geteuid() == 0) {
                r = sandbox_set_user(uid, gid);
                if (r < 0)
                        return r;
        }
        /* The change of user reset this. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                return -errno;
        r = sandbox_keep_capabilities(NULL);
        if (r < 0)
                return r;
        if (setrlimit(RLIMIT_CORE, &(struct rlimit) {}) < 0 ||
            setrlimit(RLIMIT_CPU, &(struct rlimit) { CPU_SECONDS, CPU_SECONDS }) < 0)
                return -errno;
        return sandbox_filter_syscalls(syscalls, NULL);
}

static int answer(int fd, int error, const char *data, size_t n)
{
        const Header header = { error, (uint32_t) n };
        int r;

        r = loop_write(fd, &header, sizeof(header));
        return r < 0 ? r : loop_write(fd, data, n);
}

static int parse_and_pack(const char *data, size_t n, char **ret, size_t *ret_size, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_memory(data, n, &o, e);
        return r < 0 ? r : json_pack(o, ret, ret_size);
}

static int answer_document(int fd, const char *data, size_t n)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *packed = NULL;
        size_t size;
        int r;

        r = parse_and_pack(data, n, &packed, &size, &error);
        if (r < 0)
                return answer(fd, r, strempty(error.message),
                              MIN(strlen(strempty(error.message)), (size_t) MESSAGE_MAX));
        return answer(fd, 0, packed, size);
}

/* 0: the other side is gone. */
static int serve_one(int fd)
{
        _cleanup_free_ char *data = NULL;
        Header header;
        ssize_t n;
        int r;

        n = loop_read(fd, &header, sizeof(header));
        if (n <= 0)
                return (int) n;
        if (n != sizeof(header) || header.size > JSON_MAX_SIZE)
                return -EBADMSG;
        data = malloc((size_t) header.size + 1);
        if (!data)
                return -ENOMEM;
        n = loop_read(fd, data, header.size);
        if (n != header.size)
                return n < 0 ? (int) n : -EBADMSG;
        r = answer_document(fd, data, header.size);
        return r < 0 ? r : 1;
}

static int serve(void *userdata, WorkerReport *report, char **reterr_message)
{
        const int fd = *(const int *) userdata;
        int r;

        r = json_foreign_confine(fd);
        if (r < 0)
                return r;
        do
                r = serve_one(fd);
        while (r > 0);
        return r;
}

/* This process */

static int start(void)
{
        _cleanup_close_ int here = -EBADF, there = -EBADF;
        int fds[2], r;

        if (reader.fd >= 0 && reader.owner == getpid())
                return 0;
        json_foreign_done();
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        here = fds[0];
        there = fds[1];
        r = worker_start(serve, &there, &reader.worker);
        if (r < 0)
                return r;
        reader.fd = TAKE_FD(here);
        reader.owner = getpid();
        return 0;
}

void json_foreign_done(void)
{
        reader.fd = safe_close(reader.fd);
        if (reader.owner != getpid())
                reader.worker.pid = 0;
        worker_done(&reader.worker);
}

/* Without the SIGPIPE that a write to an ended process would cause. */
static int tell(const void *data, size_t n)
{
        for (size_t done = 0; done < n;) {
                ssize_t k = send(reader.fd, (const char *) data + done, n - done, MSG_NOSIGNAL);

                if (k < 0 && errno != EINTR)
                        return -errno;
                done += k > 0 ? (size_t) k : 0;
        }
        return 0;
}

static int hear(void *ret, size_t n)
{
        ssize_t k = loop_read(reader.fd, ret, n);

        return k < 0 ? (int) k : (size_t) k < n ? -ECONNRESET : 0;
}

/* Neither the header nor the text is trusted: the process may have been taken over. */
static int ask(const char *data, size_t n, Header *ret, char **ret_answer)
{
        const Header question = { 0, (uint32_t) n };
        _cleanup_free_ char *text = NULL;
        Header header;
        int r;

        r = tell(&question, sizeof(question));
        if (r < 0)
                return r;
        r = tell(data, n);
        if (r < 0)
                return r;
        r = hear(&header, sizeof(header));
        if (r < 0)
                return r;
        if (header.error > 0 || header.error < -ERRNO_MAX ||
            header.size > (header.error < 0 ? MESSAGE_MAX : PACKED_MAX))
                return -EPROTO;
        text = new0(char, (size_t) header.size + 1);
        if (!text)
                return -ENOMEM;
        r = hear(text, header.size);
        if (r < 0)
                return r;
        *ret = header;
        *ret_answer = TAKE_PTR(text);
        return 0;
}

static int ask_and_unpack(const char *data, size_t n, Header *ret, char **ret_answer, json_object **ret_object)
{
        int r = ask(data, n, ret, ret_answer);

        return r < 0 || ret->error != 0 ? r : json_unpack(*ret_answer, ret->size, ret_object);
}

int json_parse_foreign(const char *data, size_t n, json_object **ret, JsonError *e)
{
        _cleanup_free_ char *text = NULL;
        Header header;
        int r;

        if (n > JSON_MAX_SIZE)
                return json_error_set(e, -E2BIG, NULL, "longer than %u bytes", JSON_MAX_SIZE);
        r = start();
        if (r < 0)
                return r;
        r = ask_and_unpack(data, n, &header, &text, ret);
        if (r < 0) {
                json_foreign_done();
                return r == -ENOMEM
                               ? r
                               : json_error_set(e, -EBADMSG, NULL, "the process that parses it died unexpectedly");
        }
        if (header.error == 0)
                return 0;
        utf8_make_printable(text);
        return isempty(text) ? header.error : json_error_set(e, header.error, NULL, "%s", text);
}

int json_document_parse_foreign(const JsonType *type, const char *data, size_t n, void **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_foreign(data, n, &o, e);
        return r < 0 ? r : json_document_read(type, o, ret, e);
}
