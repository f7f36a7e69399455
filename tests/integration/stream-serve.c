/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "streaming/stream-server.h"

/* What podctl-cri does for its clients, without a kubelet:
 *
 *   stream-serve DIRECTORY                          serve the URLs until a signal ends it
 *   stream-serve DIRECTORY WORK POD APP STREAMS [WORD…]
 *                                                   print the URL of what STREAMS says: 't'ty, std'i'n, std'o'ut,
 *                                                   std'e'rr, 'x': the end of input is the app's. WORD: of the command,
 *                                                   or a port */

static int serve(const char *directory)
{
        _cleanup_(stream_server_freep) StreamServer *server = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        sigset_t signals;
        int r = sd_event_new(&event);

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &signals, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = stream_server_new(event, directory, &server);
        return r < 0 ? r : sd_event_loop(event);
}

static int offer(const char *directory, char **words)
{
        const char *streams = words[3];
        StreamRequest request = {
                .work = stream_work_from_string(words[0]),
                .pod = words[1],
                .app = words[2],
                .argv = words + 4,
                .tty = strchr(streams, 't'),
                .has_stdin = strchr(streams, 'i'),
                .has_stdout = strchr(streams, 'o'),
                .has_stderr = strchr(streams, 'e'),
                .ends_stdin = strchr(streams, 'x'),
        };
        _cleanup_free_ char *url = NULL;
        uint32_t port = 0;
        int r;

        if (request.work == STREAM_PORT_FORWARD && words[4]) {
                r = parse_uint32(words[4], &port);
                if (r < 0)
                        return r;
                request.ports = &port;
                request.n_ports = 1;
        }
        r = stream_server_offer(directory, &request, &url);
        return r < 0 ? r : puts(url);
}

int main(int argc, char *argv[])
{
        int r;

        log_setup("stream-serve");
        if (argc != 2 && argc < 6)
                return 2;
        r = argc == 2 ? serve(argv[1]) : offer(argv[1], argv + 2);
        return r < 0 ? log_error_errno(r, "it failed: %m") != 0 : 0;
}
