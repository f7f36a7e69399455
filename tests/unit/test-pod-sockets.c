/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include "stage1/pod-sockets.h"
#include "lib/test-plan.h"

/* Sockets that a service manager passes, and the ports of apps that they go to. PORT in a manifest stands for the
 * number that the kernel chose for the first of them. */

typedef struct Given {
        const char *name; /* FileDescriptorName= */
        int family;       /* 0: there is none */
        int type;
        bool deaf;        /* does not listen */
} Given;

static const PodSettings settings = { .name = (char *) "pod", .net = (char *) "default" };

static int make_socket(const Given *g, uint16_t *port)
{
        struct sockaddr_in in = { .sin_family = AF_INET,
                                  .sin_port = htons(*port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        socklen_t n = sizeof(in);
        int fd = socket(g->family, g->type, 0), r;

        (void) snprintf(un.sun_path, sizeof(un.sun_path), "%cpodctl-test-%i", 0, getpid());
        r = g->family == AF_UNIX
                    ? bind(fd, (struct sockaddr *) &un,
                           (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(un.sun_path + 1)))
                    : bind(fd, (struct sockaddr *) &in, sizeof(in));
        if (r < 0 || (g->type != SOCK_DGRAM && !g->deaf && listen(fd, 1) < 0))
                _exit(77);
        if (g->family == AF_INET && getsockname(fd, (struct sockaddr *) &in, &n) == 0)
                *port = ntohs(in.sin_port);
        return fd;
}

/* Takes the place of what the test's own programs have at these numbers, so in a process of its own. */
static void pass(const Given *given, uint16_t *port)
{
        int fds[4], n = 0;
        char names[256] = "", text[16];

        for (; n < 4 && given[n].family != 0; n++) {
                fds[n] = fcntl(make_socket(&given[n], port), F_DUPFD, 100);
                strcat(strcat(names, n > 0 ? ":" : ""), given[n].name);
        }
        if (n == 0)
                return;
        for (int i = 0; i < n; i++)
                (void) dup2(fds[i], SD_LISTEN_FDS_START + i);
        (void) snprintf(text, sizeof(text), "%i", getpid());
        (void) setenv("LISTEN_PID", text, 1);
        (void) snprintf(text, sizeof(text), "%i", n);
        (void) setenv("LISTEN_FDS", text, 1);
        (void) setenv("LISTEN_FDNAMES", names, 1);
}

static char *with_number(const char *text, uint16_t port)
{
        char *result = strdup("");

        for (const char *at; (at = strstr(text, "PORT")); text = at + strlen("PORT")) {
                _cleanup_free_ char *before = result;

                result = strprintf("%s%.*s%u", before, (int) (at - text), text, port);
        }
        _cleanup_free_ char *before = result;
        return strjoin(before, text);
}

static char *without_number(char *text, uint16_t port)
{
        _cleanup_free_ char *number = strprintf("%u", port);

        for (char *at; port > 0 && (at = strstr(text, number));) {
                _cleanup_free_ char *before = text;

                text = strprintf("%.*sPORT%s", (int) (at - before), before, at + strlen(number));
        }
        return text;
}

/* "APP.PORT:LISTENS;…forward PORT;…", or why not; numbers as "PORT". */
static char *describe(const PodPlan *plan, uint16_t port)
{
        _cleanup_(pod_sockets_done) PodSockets sockets = {};
        _cleanup_free_ NetPort *forwards = NULL;
        char *message = NULL, *text = strdup("");
        size_t n_forwards = 0;

        if (pod_sockets_take(plan, &sockets, &message) < 0) {
                free(text);
                return without_number(message ?: strdup("failed without a message"), port);
        }
        (void) pod_sockets_forwards(plan, &sockets, &forwards, &n_forwards);
        for (size_t i = 0; i < sockets.n; i++) {
                const PodSocket *s = &sockets.items[i];
                _cleanup_free_ char *listens = strv_join(s->listens, "+"), *before = text;

                text = strprintf("%s%s.%s:%s;", before, s->app->app->name, s->port->name, listens);
        }
        for (size_t i = 0; i < n_forwards; i++) {
                _cleanup_free_ char *before = text;

                text = strprintf("%sforward %s;", before, forwards[i].name);
        }
        return without_number(text, port);
}

static void report(const char *app, const char *pod, const Given *given, int to)
{
        _cleanup_free_ char *app_json = NULL, *pod_json = NULL, *text = NULL;
        Planned p = {};
        uint16_t port = 0;

        pass(given, &port);
        app_json = with_number(app, port);
        pod_json = with_number(pod, port);
        if (plan_app_json(&p, &settings, app_json, "", pod_json) < 0)
                _exit(1);
        text = describe(p.plan, port);
        (void) !write(to, text, strlen(text));
        _exit(0);
}

static void expect(const char *app, const char *pod, const Given *given, const char *expected)
{
        char text[1024] = "";
        int to[2], status = 0;
        size_t n = 0;
        pid_t pid;

        cr_assert_eq(pipe2(to, O_CLOEXEC), 0);
        pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0)
                report(app, pod, given, fcntl(to[1], F_DUPFD, 90));
        (void) close(to[1]);
        for (ssize_t r; (r = read(to[0], text + n, sizeof(text) - 1 - n)) > 0;)
                n += (size_t) r;
        (void) close(to[0]);
        (void) waitpid(pid, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                return; /* no sockets where this runs */
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %i", app, status);
        cr_expect(endswith(expected, ";") ? streq(text, expected) : strstr(text, expected) != NULL,
                  "%s %s: got '%s', expected '%s'", app, pod, text, expected);
}

#define PORT_OF_APP(name, port, more)                                                                                  \
        "'ports':[{'name':'" name "','protocol':'tcp','port':" port ",'socketActivated':true" more "}]"

Test(pod_sockets, matching)
{
        static const Given stream[] = { { "anything", AF_INET, SOCK_STREAM }, {} },
                           named[] = { { "web", AF_UNIX, SOCK_STREAM }, {} },
                           both[] = { { "web", AF_INET, SOCK_STREAM }, { "web", AF_UNIX, SOCK_STREAM }, {} },
                           datagram[] = { { "anything", AF_INET, SOCK_DGRAM }, {} },
                           deaf[] = { { "web", AF_INET, SOCK_STREAM, true }, {} },
                           none[] = { {} };
        static const struct {
                const char *app, *pod;
                const Given *given;
                const char *expected;
        } cases[] = {
                /* By the number of the port, by that of the host which leads to it, by its name. */
                { PORT_OF_APP("web", "PORT", ""), "", stream, "web.web:ListenStream=127.0.0.1:PORT;" },
                { PORT_OF_APP("web", "1", ""), "'ports':[{'name':'web','hostPort':PORT}]", stream,
                  "web.web:ListenStream=127.0.0.1:PORT;" },
                { PORT_OF_APP("web", "1", ""), "", named, "web.web:ListenStream=@podctl-test-" },
                { PORT_OF_APP("web", "1", ""), "", both, "ListenStream=127.0.0.1:PORT+ListenStream=@podctl-test-" },
                /* A port that is passed is not forwarded as well; one that is not, is. */
                { PORT_OF_APP("web", "1", ""), "'ports':[{'name':'web','hostPort':4711}]", none,
                  "web.web:ListenStream=1;forward web;" },
                /* Nobody passed any: the pod listens itself, on each of a range. */
                { PORT_OF_APP("web", "7", ",'count':2"), "", none, "web.web:ListenStream=7+ListenStream=8;" },
                { "'ports':[{'name':'web','protocol':'udp','port':7,'socketActivated':true}]", "", none,
                  "web.web:ListenDatagram=7;" },
                /* What fits no port. */
                { PORT_OF_APP("web", "1", ""), "", stream,
                  "no app has a socketActivated port for socket 'anything', 127.0.0.1:PORT" },
                { PORT_OF_APP("web", "PORT", ""), "", datagram,
                  "no app has a socketActivated port for socket 'anything'" },
                { "'ports':[{'name':'web','protocol':'tcp','port':PORT}]", "", stream,
                  "no app has a socketActivated port" },
                { PORT_OF_APP("web", "PORT", ""), "", deaf,
                  "what the unit was given as 'web' is not a listening socket" },
                { "'ports':[{'name':'web','protocol':'sctp','port':7,'socketActivated':true}]", "", none,
                  "which protocol 'sctp' cannot be" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect(cases[i].app, cases[i].pod, cases[i].given, cases[i].expected);
}

Test(pod_sockets, units)
{
        char *listens[] = { (char *) "ListenStream=7", (char *) "ListenStream=8", NULL };
        _cleanup_free_ char *name = NULL, *text = NULL, *of_app = NULL, *of_other = NULL;
        _cleanup_(planned_done) Planned p = {};
        PlanApp other = {};

        cr_assert_eq(plan_app_json(&p, &settings, PORT_OF_APP("http", "7", ",'count':2"), "", ""), 0, "%s", p.message);
        PodSocket socket = { .app = &p.plan->apps[0], .port = &p.plan->apps[0].app->app->ports[0], .listens = listens };
        const PodSockets sockets = { .items = &socket, .n = 1 };

        name = pod_socket_unit_name(&socket);
        cr_expect_str_eq(name, "web.http.socket");
        cr_assert_eq(pod_socket_format(&socket, &text), 0);
        cr_expect(strstr(text,
                         "[Socket]\nListenStream=7\nListenStream=8\nService=web.service\nFileDescriptorName=http\n"),
                  "%s", text);
        cr_assert_eq(pod_sockets_format_service(&sockets, socket.app, &of_app), 0);
        cr_expect(strstr(of_app, "Sockets=web.http.socket\n"), "%s", of_app);
        cr_assert_eq(pod_sockets_format_service(&sockets, &other, &of_other), 0);
        cr_expect_null(of_other);
}
