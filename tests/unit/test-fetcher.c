/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "basic/unix-socket.h"
#include "image/transport/fetch-protocol.h"
#include "image/transport/fetcher.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"
#include "manifest/oci-image.h"
#include "shared/json-pack.h"

/* The peer: this program again, started by the Fetcher in place of podctl-fetch, with its walls around it. What it does
 * with a request is the last part of the request's URL. */

#define SOCKET_FD 3
#define BODY "the body"

/* Requests that are put off. */
static FetchMessage *later[8];
static size_t n_later;

static void send_answer(const FetchMessage *m, FetchAnswer answer, const int *fds, size_t n_fds)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *packed = NULL;
        size_t size;

        answer.id = answer.id ?: m->id;
        answer.outcome = answer.outcome ?: (char *) "done";
        if (json_table_write(fetch_answer_type.table, &answer, &o) < 0 || json_pack(o, &packed, &size) < 0 ||
            unix_send(SOCKET_FD, packed, size, fds, n_fds) < 0)
                _exit(1);
}

static void answer_well(const FetchMessage *m, int fd)
{
        (void) loop_write(fd, BODY, strlen(BODY));
        safe_close(fd);
        send_answer(m, (FetchAnswer) {
                .size = strlen(BODY),
                .media_type = (char *) "text/plain",
                .digest = (char *) "sha256:ab",
                .etag = (char *) "\"tag\"",
                .last_modified = (char *) "then",
                .max_age = 60,
        }, NULL, 0);
}

/* What was understood of the request. */
static void answer_echo(const FetchMessage *m, int fd)
{
        FILE *f = fdopen(fd, "w");

        if (!f)
                _exit(1);
        (void) fprintf(f, "%s %s %s %s %s %s %" PRIu64 " %" PRIu64 "\n", m->kind, m->url ?: "-", m->repository ?: "-",
                       m->reference ?: "-", m->etag ?: "-", m->last_modified ?: "-", m->offset, m->max);
        for (size_t i = 0; i < m->n_endpoints; i++) {
                const FetchEndpoint *e = &m->endpoints[i];

                (void) fprintf(f, "%s %s:%s%s%s\n", e->url, e->user ?: "-", e->password ?: "-",
                               e->insecure_tls ? " insecure" : "", e->plain_http ? " plain" : "");
        }
        (void) fclose(f);
        send_answer(m, (FetchAnswer) {}, NULL, 0);
}

/* Answered when all of them have come, the last one first. */
static void answer_backwards(FetchMessage *m, int fd)
{
        safe_close(fd);
        later[n_later++] = m;
        if (n_later < 3)
                return;
        while (n_later-- > 0)
                send_answer(later[n_later], (FetchAnswer) { .media_type = later[n_later]->reference }, NULL, 0);
        n_later = 0;
}

static void answer_too_long(const FetchMessage *m, int fd)
{
        if (ftruncate(fd, (off_t) m->max + 1) < 0)
                _exit(1);
        send_answer(m, (FetchAnswer) {}, NULL, 0);
}

static void die(const FetchMessage *m, int fd)
{
        (void) loop_write(fd, BODY, strlen(BODY) / 2);
        _exit(0);
}

/* With a request that nobody has read. */
static void die_early(const FetchMessage *m, int fd)
{
        (void) poll(&(struct pollfd) { .fd = SOCKET_FD, .events = POLLIN }, 1, -1);
        _exit(0);
}

static void hang(const FetchMessage *m, int fd)
{
        for (;;)
                (void) pause();
}

static void flood(const FetchMessage *m, int fd)
{
        for (;;)
                send_answer(m, (FetchAnswer) { .id = m->id + 1 }, NULL, 0);
}

typedef struct Packet {
        const char *name;
        const char *data;
        size_t size;
} Packet;

#define PACKET(name, data) { name, data, sizeof(data) - 1 }
/* Members as shared/json-pack.h has them. */
#define MEMBER_ID "\2\0\0\0id" "i\1\0\0\0\0\0\0\0"
#define MEMBER_OUTCOME "\7\0\0\0outcome" "s\4\0\0\0done"

/* No answers, each for another reason. */
static const Packet packets[] = {
        PACKET("cut", "o\2\0\0\0" MEMBER_ID "\7\0\0\0outcome" "s\4\0\0\0don"),
        PACKET("cut-in-count", "o\2\0"),
        PACKET("cut-members", "o\2\0\0\0" MEMBER_ID),
        PACKET("left-over", "o\2\0\0\0" MEMBER_ID MEMBER_OUTCOME "x"),
        PACKET("text", "{\"id\":1,\"outcome\":\"done\"}"),
        PACKET("null", "n"),
        PACKET("list", "a\0\0\0\0"),
        PACKET("nothing-in-it", "o\0\0\0\0"),
        PACKET("no-id", "o\1\0\0\0" MEMBER_OUTCOME),
        PACKET("no-outcome", "o\1\0\0\0" MEMBER_ID),
        PACKET("id-of-another-type", "o\2\0\0\0" "\2\0\0\0id" "s\1\0\0\0" "1" MEMBER_OUTCOME),
        PACKET("many-promised", "o\377\377\377\377" MEMBER_ID MEMBER_OUTCOME),
};

/* More than a packet may have. */
static void send_too_much(const FetchMessage *m, int fd)
{
        static char large[FETCH_PACKET_MAX + 1] = "o\2\0\0\0" MEMBER_ID MEMBER_OUTCOME;

        if (unix_send(SOCKET_FD, large, sizeof(large), NULL, 0) < 0)
                _exit(1);
}

static void send_descriptors(const FetchMessage *m, int fd)
{
        send_answer(m, (FetchAnswer) {}, (const int[]) { fd, fd, fd, fd }, (size_t) atoi(m->reference));
}

static void answer_error(const FetchMessage *m, int fd)
{
        const uint64_t error = strtoull(m->reference, NULL, 10);

        send_answer(m, (FetchAnswer) { .error = error, .message = m->etag, .media_type = (char *) "x" }, NULL, 0);
}

static void answer_outcome(const FetchMessage *m, int fd)
{
        send_answer(m, (FetchAnswer) { .outcome = m->reference, .media_type = (char *) "x" }, NULL, 0);
}

static void answer_another(const FetchMessage *m, int fd)
{
        send_answer(m, (FetchAnswer) { .id = m->id + 1 }, NULL, 0);
}

static void answer_twice(const FetchMessage *m, int fd)
{
        send_answer(m, (FetchAnswer) { .media_type = (char *) "first" }, NULL, 0);
        send_answer(m, (FetchAnswer) { .media_type = (char *) "second" }, NULL, 0);
}

static void act(FetchMessage *m, int fd)
{
        static const struct {
                const char *name;
                void (*function)(const FetchMessage *m, int fd);
        } acts[] = {
                { "well", answer_well },          { "echo", answer_echo },       { "too-long", answer_too_long },
                { "die", die },                   { "die-early", die_early },    { "flood", flood },
                { "too-much", send_too_much },    { "error", answer_error },     { "descriptors", send_descriptors },
                { "outcome", answer_outcome },    { "another", answer_another }, { "twice", answer_twice },
                { "hang", hang },
        };
        const char *name = m->url ? strrchr(m->url, '/') + 1 : "echo";

        if (streq(name, "backwards")) {
                answer_backwards(m, fd);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(packets); i++)
                if (streq(packets[i].name, name) && unix_send(SOCKET_FD, packets[i].data, packets[i].size, NULL, 0) < 0)
                        _exit(1);
        for (size_t i = 0; i < ELEMENTSOF(acts); i++)
                if (streq(acts[i].name, name))
                        acts[i].function(m, fd);
}

static void peer(void)
{
        for (;;) {
                void *m;
                int fd = -EBADF;

                if (fetch_receive(SOCKET_FD, &fetch_message_type, &m, &fd) <= 0)
                        _exit(0);
                act(m, fd);
        }
}

__attribute__((constructor)) static void begin(int argc, char **argv)
{
        if (streq(argv[0], "podctl-fetch"))
                peer();
}

/* Nothing of whoever runs this is shown to anybody. */
static void setup(void)
{
        static const char *const variables[] = {
                "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "HOME", "DOCKER_CONFIG",
        };

        for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                (void) unsetenv(variables[i]);
}

TestSuite(fetcher, .init = setup, .timeout = 60);

static Fetcher *fetcher_of(const char *program, const char *const *roots)
{
        static const char *const none[] = { NULL };
        const FetcherOptions options = { .config_roots = roots ?: none, .program = program };
        _cleanup_free_ char *message = NULL;
        Fetcher *f;

        cr_assert_eq(fetcher_new(&options, &f, &message), 0, "%s", message);
        return f;
}

#define fetcher_to_peer() fetcher_of("/proc/self/exe", NULL)

static FetchRequest request_to(const char *what)
{
        static char url[64];

        (void) snprintf(url, sizeof(url), "https://peer.test/%s", what);
        return (FetchRequest) { .kind = FETCH_URL, .url = url };
}

Test(fetcher, answer)
{
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        _cleanup_free_ char *message = NULL;
        FetchRequest request = request_to("well");

        cr_assert_eq(fetcher_fetch(f, &request, &reply, &message), 0, "%s", message);
        cr_expect_null(message);
        cr_expect_eq(reply.outcome, FETCH_DONE);
        cr_expect_str_eq(reply.data, BODY);
        cr_expect_eq(reply.size, strlen(BODY));
        cr_expect_str_eq(reply.media_type, "text/plain");
        cr_expect_str_eq(reply.digest, "sha256:ab");
        cr_expect_str_eq(reply.etag, "\"tag\"");
        cr_expect_str_eq(reply.last_modified, "then");
        cr_expect_eq(reply.max_age, 60);
}

/* Into a file of the caller's, and the same process does it again. */
Test(fetcher, body_to_a_file)
{
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
        _cleanup_close_ int fd = memfd_create("body", MFD_CLOEXEC);
        FetchRequest request = request_to("well");

        request.fd = fd;
        for (off_t i = 0; i < 2; i++) {
                _cleanup_(fetch_reply_done) FetchReply reply = {};
                char text[sizeof(BODY)] = "";

                cr_assert_eq(fetcher_fetch(f, &request, &reply, NULL), 0);
                cr_expect_null(reply.data);
                cr_expect_eq(reply.size, strlen(BODY));
                cr_expect_eq(pread(fd, text, strlen(BODY), i * (off_t) strlen(BODY)), strlen(BODY));
                cr_expect_str_eq(text, BODY);
        }
}

static void expect_echo(Fetcher *f, const FetchRequest *request, const char *expected)
{
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(fetcher_fetch(f, request, &reply, &message), 0, "%s", message);
        cr_expect_str_eq(reply.data, expected);
}

/* Credentials go with the request for the host that they are for, and with no other. */
Test(fetcher, requests)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_(fetcher_freep) Fetcher *f = NULL;
        _cleanup_free_ char *auth = quoted("{'rktKind':'auth','rktVersion':'v1','domains':['peer.test'],'type':'basic',"
                                           "'credentials':{'user':'u','password':'p'}}"),
                            *docker = quoted("{'rktKind':'dockerAuth','rktVersion':'v1','registries':['r.test'],"
                                             "'credentials':{'user':'d','password':'q'}}"),
                            *mirrors = quoted("{'rktKind':'registries','rktVersion':'v1','registries':['r.test'],"
                                              "'tlsVerify':false,'mirrors':['http://m.test:5000/x']}");
        FetchRequest request = request_to("echo");

        cr_assert_eq(mkdir_p_at(t.fd, "auth.d", 0700), 0);
        cr_assert_eq(mkdir_p_at(t.fd, "registries.d", 0700), 0);
        cr_assert_eq(write_string_at(t.fd, "auth.d/a.json", auth, 0600), 0);
        cr_assert_eq(write_string_at(t.fd, "auth.d/b.json", docker, 0600), 0);
        cr_assert_eq(write_string_at(t.fd, "registries.d/a.json", mirrors, 0600), 0);
        f = fetcher_of("/proc/self/exe", (const char *const[]) { t.path, NULL });

        expect_echo(f, &request, "url https://peer.test/echo - - - - 0 4194304\nhttps://peer.test u:p\n");
        request = (FetchRequest) {
                .kind = FETCH_URL_HEAD, .url = "https://other.test/echo", .etag = "e", .last_modified = "l",
                .offset = 5, .max = 7000,
        };
        expect_echo(f, &request, "url-head https://other.test/echo - - e l 5 7000\nhttps://other.test -:-\n");
        request = (FetchRequest) { .kind = FETCH_BLOB, .registry = "r.test", .repository = "a/b", .reference = "1" };
        expect_echo(f, &request, "blob - a/b 1 - - 0 4194304\nhttp://m.test:5000/x -:- plain\n"
                                 "https://r.test d:q insecure\n");
        request.registry = "docker.io";
        expect_echo(f, &request, "blob - a/b 1 - - 0 4194304\nhttps://registry-1.docker.io -:-\n");
}

/* Refused before anything is asked. */
Test(fetcher, in_the_clear)
{
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
        const FetchRequest request = { .kind = FETCH_URL, .url = "http://peer.test/well" };
        _cleanup_free_ char *message = NULL;
        FetchReply reply;

        cr_expect_eq(fetcher_fetch(f, &request, &reply, &message), -EACCES);
        cr_expect_str_eq(message, "http://peer.test/well: is not https; give --insecure-options=http to fetch it in "
                                  "the clear");
}

/* Several at a time: each gets its own answer, in whatever order they come and are asked for. */
Test(fetcher, out_of_order)
{
        static const char *const names[] = { "0", "1", "2" };
        static const size_t orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 } };
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();

        for (size_t k = 0; k < ELEMENTSOF(orders); k++) {
                uint64_t ids[3];

                for (size_t i = 0; i < 3; i++) {
                        FetchRequest request = request_to("backwards");

                        request.reference = names[i];
                        cr_assert_eq(fetcher_start(f, &request, &ids[i], NULL), 0);
                }
                for (size_t i = 0; i < 3; i++) {
                        _cleanup_(fetch_reply_done) FetchReply reply = {};

                        cr_assert_eq(fetcher_finish(f, ids[orders[k][i]], &reply, NULL), 0);
                        cr_expect_str_eq(reply.media_type, names[orders[k][i]]);
                }
        }
}

/* One is put by when it comes, and is there when it is asked for. */
Test(fetcher, put_by)
{
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        FetchRequest request = request_to("well");
        struct pollfd pollfd;
        uint64_t id;

        cr_expect_lt(fetcher_fd(f), 0);
        cr_assert_eq(fetcher_start(f, &request, &id, NULL), 0);
        pollfd = (struct pollfd) { .fd = fetcher_fd(f), .events = POLLIN };
        cr_assert_eq(poll(&pollfd, 1, -1), 1);
        cr_assert_eq(fetcher_dispatch(f, NULL), 0);
        cr_expect_eq(poll(&pollfd, 1, 0), 0);
        cr_assert_eq(fetcher_finish(f, id, &reply, NULL), 0);
        cr_expect_str_eq(reply.media_type, "text/plain");
}

/* Answers that nobody asks for any more go with the Fetcher, and so does a peer that is still at work. */
Test(fetcher, given_up)
{
        size_t before = count_descriptors();

        for (size_t i = 0; i < 2; i++) {
                Fetcher *f = fetcher_to_peer();
                FetchRequest request = request_to(i == 0 ? "well" : "hang");
                uint64_t id;

                cr_assert_eq(fetcher_start(f, &request, &id, NULL), 0);
                if (i == 0)
                        cr_assert_eq(fetcher_dispatch(f, NULL), 0);
                fetcher_free(f);
                cr_expect_eq(count_descriptors(), before);
        }
}

/* Fetches once; what the message says behind what was asked for. */
static int fetch(Fetcher *f, const FetchRequest *request, char **ret_words)
{
        FetchReply reply = { .media_type = (char *) "untouched" };
        _cleanup_free_ char *message = NULL;
        int r = fetcher_fetch(f, request, &reply, &message);

        cr_expect_lt(r, 0);
        cr_expect_str_eq(reply.media_type, "untouched");
        cr_assert_not_null(message);
        cr_expect(startswith(message, request->url), "%s", message);
        *ret_words = strdup(message + strlen(request->url));
        return r;
}

/* What cannot be an answer. */
Test(fetcher, garbage)
{
        for (size_t i = 0; i < ELEMENTSOF(packets); i++) {
                _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
                FetchRequest request = request_to(packets[i].name);
                _cleanup_free_ char *words = NULL;

                cr_expect_neq(fetch(f, &request, &words), -ECHILD, "%s", packets[i].name);
                cr_expect_str_eq(words, ": the process that talks to the network sent an invalid answer");
        }
}

Test(fetcher, too_much)
{
        static const char *const names[] = { "too-much", "another", "flood" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
                FetchRequest request = request_to(names[i]);
                _cleanup_free_ char *words = NULL;

                cr_expect_eq(fetch(f, &request, &words), -EPROTO, "%s", names[i]);
                cr_expect_str_eq(words, ": the process that talks to the network sent an invalid answer");
        }
}

/* A second answer to the same is none to what comes next. */
Test(fetcher, answered_twice)
{
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        FetchRequest request = request_to("twice");
        _cleanup_free_ char *message = NULL;
        uint64_t id;

        cr_assert_eq(fetcher_start(f, &request, &id, NULL), 0);
        cr_assert_eq(fetcher_finish(f, id, &reply, NULL), 0);
        cr_expect_str_eq(reply.media_type, "first");
        cr_expect_eq(fetcher_dispatch(f, &message), -EPROTO);
        cr_expect_str_eq(message, "the process that talks to the network sent an invalid answer");
}

/* Files are nothing that belongs to an answer: none stays. */
Test(fetcher, descriptors)
{
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
        _cleanup_close_ int fd = memfd_create("body", MFD_CLOEXEC);
        FetchRequest request = request_to("descriptors");
        _cleanup_free_ char *words = NULL;
        FetchReply reply = {};
        size_t before;

        request.fd = fd;
        request.reference = "0";
        cr_assert_eq(fetcher_fetch(f, &request, &reply, NULL), 0);
        fetch_reply_done(&reply);
        before = count_descriptors();
        request.reference = "1";
        cr_expect_eq(fetcher_fetch(f, &request, &reply, NULL), 0);
        fetch_reply_done(&reply);
        cr_expect_eq(count_descriptors(), before);
        request.reference = "2";
        cr_expect_eq(fetch(f, &request, &words), -EPROTO);
        cr_expect_eq(count_descriptors(), before);
}

/* More than was asked for is not taken, be there an answer or not. */
Test(fetcher, body_too_long)
{
        static const uint64_t limits[] = { 1, 4096, 0 };
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();

        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                FetchRequest request = request_to("too-long");
                _cleanup_free_ char *words = NULL, *expected = NULL;

                request.max = limits[i];
                cr_expect_eq(fetch(f, &request, &words), -E2BIG);
                expected = strprintf(": is larger than %" PRIu64 " bytes", limits[i] ?: OCI_DOCUMENT_MAX);
                cr_expect_str_eq(words, expected);
        }
}

/* The end of the process is the end of all that was asked of it, and is said each time. */
Test(fetcher, peer_dies)
{
        static const char *const names[] = { "die", "die-early" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
                FetchRequest request = request_to(names[i]);
                uint64_t ids[2];

                cr_assert_eq(fetcher_start(f, &request, &ids[0], NULL), 0);
                if (i > 0)
                        cr_assert_eq(fetcher_start(f, &request, &ids[1], NULL), 0);
                for (size_t k = 0; k < 2; k++) {
                        _cleanup_free_ char *message = NULL;
                        FetchReply reply;

                        cr_expect_eq(fetcher_finish(f, ids[0], &reply, &message), -ECHILD, "%s", names[i]);
                        cr_expect_str_eq(message, "the process that talks to the network has ended");
                }
                for (size_t k = 0; k < 2; k++) {
                        _cleanup_free_ char *words = NULL;

                        cr_expect_eq(fetch(f, &request, &words), -ECHILD);
                        cr_expect_str_eq(words, ": the process that talks to the network has ended");
                }
        }
}

/* Errors are the peer's word: what it says goes to a terminal. */
Test(fetcher, errors)
{
        static const struct {
                const char *error, *message;
                int r;
                const char *words;
        } cases[] = {
                { "2", "not found", -ENOENT, ": not found" },
                { "2", NULL, -ENOENT, ": No such file or directory" },
                { "2", "\033[2J", -ENOENT, ": No such file or directory" },
                { "2", "two\nlines", -ENOENT, ": No such file or directory" },
                { "4096", "x", -EPROTO, ": x" },
                { "18446744073709551615", "x", -EPROTO, ": x" },
                { "4294967298", "x", -EPROTO, ": x" },
        };
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FetchRequest request = request_to("error");
                _cleanup_free_ char *words = NULL;

                request.reference = cases[i].error;
                request.etag = cases[i].message;
                cr_expect_eq(fetch(f, &request, &words), cases[i].r, "%zu", i);
                cr_expect_str_eq(words, cases[i].words);
        }
}

Test(fetcher, outcomes)
{
        static const struct {
                const char *outcome;
                int expected;
        } cases[] = {
                { "done", FETCH_DONE }, { "unchanged", FETCH_UNCHANGED }, { "deferred", FETCH_DEFERRED },
                { "x", -EPROTO }, { "", -EPROTO },
        };
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(fetch_reply_done) FetchReply reply = {};
                FetchRequest request = request_to("outcome");
                int r;

                request.reference = cases[i].outcome;
                r = fetcher_fetch(f, &request, &reply, NULL);
                cr_expect_eq(r < 0 ? r : (int) reply.outcome, cases[i].expected, "%s", cases[i].outcome);
        }
}

/* Without a file for the body, none of ours is handed over. */
Test(fetcher, no_file)
{
        _cleanup_close_ int fd = memfd_create("stdin", MFD_CLOEXEC);
        _cleanup_(fetcher_freep) Fetcher *f = fetcher_to_peer();
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        FetchRequest request = request_to("well");
        struct stat st;
        uint64_t id;

        cr_assert_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
        cr_assert_eq(fetcher_start(f, &request, &id, NULL), 0);
        cr_assert_eq(fetcher_finish(f, id, &reply, NULL), 0);
        cr_assert_eq(fstat(fd, &st), 0);
        cr_expect_eq(st.st_size, 0);
}

/* A program that is not there, and one that does not do what is expected of it. */
Test(fetcher, programs)
{
        static const struct {
                const char *program;
                int r;
                const char *message;
        } cases[] = {
                { "/nowhere/podctl-fetch", -ENOENT,
                  "/nowhere/podctl-fetch: cannot be started: No such file or directory" },
                { "/bin/true", -ECHILD, "the process that talks to the network has ended" },
                { "/dev/null", -ECHILD, "the process that talks to the network has ended" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(fetcher_freep) Fetcher *f = fetcher_of(cases[i].program, NULL);

                for (size_t k = 0; k < 2; k++) {
                        FetchRequest request = request_to("well");
                        _cleanup_free_ char *message = NULL;
                        FetchReply reply;

                        cr_expect_eq(fetcher_fetch(f, &request, &reply, &message), cases[i].r, "%s", message);
                        cr_expect(endswith(message, cases[i].message), "%s", message);
                }
        }
}
