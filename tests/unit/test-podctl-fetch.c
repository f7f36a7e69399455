/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>
#include <sys/wait.h>

#include "basic/unix-socket.h"
#include "image/transport/fetch-protocol.h"
#include "image/transport/fetcher-process.h"
#include "lib/test-cases.h"
#include "lib/test-server.h"

/* The program itself ($PODCTL_FETCH), with its walls around it, and what it says to requests as they come over its
 * socket. */

TestSuite(podctl_fetch, .timeout = 60);

typedef struct Peer {
        pid_t pid;
        int fd;
} Peer;

static Peer peer_start(void)
{
        const char *program = getenv("PODCTL_FETCH");
        int fds[2];
        Peer p;

        if (!program)
                cr_skip_test("there is no $PODCTL_FETCH");
        cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
        cr_assert_eq(fetcher_process_start(program, fds[1], &p.pid), 0);
        safe_close(fds[1]);
        p.fd = fds[0];
        return p;
}

/* How it ended. */
static int peer_wait(Peer *p)
{
        int status;

        cr_assert_eq(waitpid(p->pid, &status, 0), p->pid);
        safe_close(p->fd);
        cr_assert(WIFEXITED(status), "status %x", (unsigned) status);
        return WEXITSTATUS(status);
}

static int peer_stop(Peer *p)
{
        (void) shutdown(p->fd, SHUT_WR);
        return peer_wait(p);
}

static FetchAnswer *next_answer(const Peer *p)
{
        void *answer;

        cr_assert_eq(fetch_receive(p->fd, &fetch_answer_type, &answer, NULL), 1);
        return answer;
}

static void answer_free(FetchAnswer *a)
{
        json_document_free(&fetch_answer_type, a);
}

/* What it does with a URL that may be fetched in the clear. */
static FetchAnswer *ask(const Peer *p, FetchMessage m, int fd)
{
        FetchEndpoint endpoint = { .url = m.url, .plain_http = true };

        m.endpoints = &endpoint;
        m.n_endpoints = 1;
        cr_assert_eq(fetch_send(p->fd, &fetch_message_type, &m, fd), 0);
        return next_answer(p);
}

Test(podctl_fetch, ends_with_its_socket)
{
        Peer p = peer_start();

        cr_expect_eq(peer_stop(&p), EXIT_SUCCESS);
}

/* The body is complete by the time that the answer comes, and nothing holds the file any more. */
Test(podctl_fetch, body)
{
        Server s = server_start((const char *[]) { "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Type: text/plain; q=1\r\n"
                                                   "Content-Length: 8\r\nConnection: close\r\n\r\nthe body", NULL });
        char text[16] = "";
        Peer p = peer_start();
        FetchAnswer *a;
        int fds[2];

        cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
        a = ask(&p, (FetchMessage) { .id = UINT64_MAX, .kind = (char *) "url", .url = s.url }, fds[1]);
        safe_close(fds[1]);
        cr_expect_eq(loop_read(fds[0], text, sizeof(text)), 8);
        cr_expect_str_eq(text, "the body");
        cr_expect_eq(a->id, UINT64_MAX);
        cr_expect_eq(a->error, 0, "%s", a->message);
        cr_expect_str_eq(a->outcome, "done");
        cr_expect_eq(a->size, 8);
        cr_expect_str_eq(a->etag, "\"a\"");
        cr_expect_str_eq(a->media_type, "text/plain");
        answer_free(a);
        safe_close(fds[0]);
        cr_expect_eq(peer_stop(&p), EXIT_SUCCESS);
        server_stop(&s);
}

/* How it may end: the status of the server, and what there is to a body. */
Test(podctl_fetch, outcomes)
{
#define EMPTY "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        static const struct {
                const char *answer;
                uint64_t max;
                uint64_t error;
                const char *outcome;    /* or a part of the message */
        } cases[] = {
                { "HTTP/1.1 304 Not Modified" EMPTY, 0, 0, "unchanged" },
                { "HTTP/1.1 202 Accepted" EMPTY, 0, 0, "deferred" },
                { "HTTP/1.1 404 Not Found" EMPTY, 0, ENOENT, "not found" },
                { "HTTP/1.1 403 Forbidden" EMPTY, 0, EACCES, "access denied" },
                { "HTTP/1.1 418 Teapot" EMPTY, 0, EPROTO, "status 418" },
                { "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nthe body", 7, E2BIG,
                  "larger than" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Server s = server_start((const char *[]) { cases[i].answer, NULL });
                FILE *f = tmpfile();
                Peer p = peer_start();
                FetchAnswer *a = ask(&p, (FetchMessage) { .id = 1, .kind = (char *) "url", .url = s.url,
                                                          .max = cases[i].max }, fileno(f));

                cr_expect_eq(a->error, cases[i].error, "%zu: %" PRIu64 " %s", i, a->error, a->message);
                cr_expect_not_null(strstr(a->error ? a->message : a->outcome, cases[i].outcome), "%zu: %s", i,
                                   a->message);
                answer_free(a);
                (void) fclose(f);
                cr_expect_eq(peer_stop(&p), EXIT_SUCCESS);
                server_stop(&s);
        }
}

/* Without a file for the body there is an answer as well. */
Test(podctl_fetch, no_file)
{
        Server s = server_start((const char *[]) { "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n"
                                                   "the body", NULL });
        Peer p = peer_start();
        FetchAnswer *a = ask(&p, (FetchMessage) { .id = 1, .kind = (char *) "url", .url = s.url }, -EBADF);

        cr_expect_eq(a->error, 0, "%s", a->message);
        cr_expect_eq(a->size, 8);
        answer_free(a);
        cr_expect_eq(peer_stop(&p), EXIT_SUCCESS);
        server_stop(&s);
}

/* Requests that cannot be carried out are answered each, and others after them. */
Test(podctl_fetch, bad_requests)
{
        FetchMessage bad[] = {
                { .id = 1, .kind = (char *) "nonsense", .url = (char *) "https://127.0.0.1/" },
                { .id = 2, .kind = (char *) "url", .url = (char *) "https://127.0.0.1/" }, /* no endpoint */
                { .id = 3, .kind = (char *) "url" },
                { .id = 4, .kind = (char *) "blob" },
                { .id = 5, .kind = (char *) "manifest" },
                { .id = 6, .kind = (char *) "discovery" },
        };
        bool seen[ELEMENTSOF(bad) + 1] = {};
        Peer p = peer_start();

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_assert_eq(fetch_send(p.fd, &fetch_message_type, &bad[i], -EBADF), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                FetchAnswer *a = next_answer(&p);

                cr_expect_neq(a->error, 0, "%" PRIu64, a->id);
                cr_assert(a->id >= 1 && a->id <= ELEMENTSOF(bad) && !seen[a->id]);
                seen[a->id] = true;
                answer_free(a);
        }
        cr_expect_eq(peer_stop(&p), EXIT_SUCCESS);
}

/* Members as shared/json-pack.h has them. */
#define MEMBER_ID "\2\0\0\0id" "i\1\0\0\0\0\0\0\0"
#define MEMBER_KIND "\4\0\0\0kind" "s\3\0\0\0url"
#define PACKET(data) data, sizeof(data) - 1

/* What cannot be a request ends it. */
Test(podctl_fetch, garbage)
{
        static char large[FETCH_PACKET_MAX + 1];
        static const struct {
                const char *data;
                size_t size, n_fds;
        } cases[] = {
                { PACKET("{\"id\":1,\"kind\":\"url\"}"), 0 },
                { PACKET("o\2\0\0\0" MEMBER_ID "\4\0\0\0kin"), 0 },
                { PACKET("o\1\0\0\0" MEMBER_ID), 0 },
                { PACKET("o\0\0\0\0"), 0 },
                { PACKET("n"), 0 },
                { large, sizeof(large), 0 },
                { PACKET("o\2\0\0\0" MEMBER_ID MEMBER_KIND), 2 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Peer p = peer_start();

                cr_assert_eq(unix_send(p.fd, cases[i].data, cases[i].size, (const int[]) { 0, 0 }, cases[i].n_fds), 0);
                cr_expect_eq(peer_wait(&p), EXIT_FAILURE, "%zu", i);
        }
}

/* A request as large as a packet may be is one. */
Test(podctl_fetch, large_request)
{
        char *large = malloc(FETCH_PACKET_MAX - 512);
        Peer p = peer_start();
        FetchAnswer *a;

        memset(large, 'x', FETCH_PACKET_MAX - 513);
        large[FETCH_PACKET_MAX - 513] = 0;
        a = ask(&p, (FetchMessage) { .id = 1, .kind = (char *) "nonsense", .reference = large }, -EBADF);
        cr_expect_eq(a->error, EINVAL);
        answer_free(a);
        free(large);
        cr_expect_eq(peer_stop(&p), EXIT_SUCCESS);
}
