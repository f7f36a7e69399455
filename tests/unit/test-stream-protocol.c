/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "streaming/stream-protocol.h"
#include "streaming/stream-status.h"

static const char *choose(StreamTransport transport, StreamWork work, const char *first, const char *second)
{
        char *lines[] = { (char *) first, (char *) second, NULL };
        const StreamProtocol *protocol = stream_protocol_choose(transport, work, lines);

        return protocol ? protocol->name : "none";
}

/* As the client prefers it, among what there is. */
Test(stream_protocol, choosing)
{
        static const struct {
                StreamTransport transport;
                StreamWork work;
                const char *first, *second, *chosen;
        } cases[] = {
                { STREAM_SPDY, STREAM_EXEC, "v4.channel.k8s.io", "v3.channel.k8s.io", "v4.channel.k8s.io" },
                { STREAM_SPDY, STREAM_EXEC, "v5.channel.k8s.io,v2.channel.k8s.io", NULL, "v2.channel.k8s.io" },
                { STREAM_SPDY, STREAM_ATTACH, "channel.k8s.io", NULL, "channel.k8s.io" },
                { STREAM_SPDY, STREAM_ATTACH, NULL, NULL, "none" },
                { STREAM_SPDY, STREAM_EXEC, "portforward.k8s.io", NULL, "none" },
                { STREAM_SPDY, STREAM_PORT_FORWARD, "portforward.k8s.io", NULL, "portforward.k8s.io" },
                { STREAM_WEBSOCKET, STREAM_EXEC, " v5.channel.k8s.io ,v4.channel.k8s.io", NULL, "v5.channel.k8s.io" },
                { STREAM_WEBSOCKET, STREAM_EXEC, "x", ",,v4.channel.k8s.io", "v4.channel.k8s.io" },
                { STREAM_WEBSOCKET, STREAM_EXEC, "v3.channel.k8s.io", NULL, "none" },
                { STREAM_WEBSOCKET, STREAM_EXEC, "v4.channel", "", "none" },
                { STREAM_WEBSOCKET, STREAM_PORT_FORWARD, "SPDY/3.1+portforward.k8s.io", NULL,
                  "SPDY/3.1+portforward.k8s.io" },
                { STREAM_WEBSOCKET, STREAM_PORT_FORWARD, "v5.channel.k8s.io, v4.channel.k8s.io", NULL,
                  "v4.channel.k8s.io" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_str_eq(choose(cases[i].transport, cases[i].work, cases[i].first, cases[i].second),
                                 cases[i].chosen, "%zu", i);
}

Test(stream_protocol, channels)
{
        const StreamProtocol *v4 = stream_protocol_choose(STREAM_SPDY, STREAM_EXEC,
                                                          (char *[]) { (char *) "v4.channel.k8s.io", NULL });
        const StreamProtocol *v2 = stream_protocol_choose(STREAM_SPDY, STREAM_EXEC,
                                                          (char *[]) { (char *) "v2.channel.k8s.io", NULL });
        const StreamRequest all = { .has_stdin = true, .has_stdout = true, .has_stderr = true },
                            terminal = { .has_stdout = true, .has_stderr = true, .tty = true };

        cr_expect_eq(stream_protocol_channels(v4, &all),
                     1U << STREAM_STDIN | 1U << STREAM_STDOUT | 1U << STREAM_STDERR | 1U << STREAM_ERROR);
        cr_expect_eq(stream_protocol_channels(v4, &terminal),
                     1U << STREAM_STDOUT | 1U << STREAM_ERROR | 1U << STREAM_RESIZE);
        cr_expect_eq(stream_protocol_channels(v2, &terminal), 1U << STREAM_STDOUT | 1U << STREAM_ERROR);
}

/* As clients of Kubernetes read it: the exit status is in the cause of that name. */
Test(stream_status, json)
{
        static const struct {
                int status;
                const char *message, *json, *text;
        } cases[] = {
                { 0, NULL, "{\"metadata\":{},\"status\":\"Success\"}", NULL },
                { 7, NULL,
                  "{\"metadata\":{},\"status\":\"Failure\","
                  "\"message\":\"command terminated with non-zero exit code: 7\",\"reason\":\"NonZeroExitCode\","
                  "\"details\":{\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"7\"}]}}",
                  "command terminated with non-zero exit code: 7" },
                { -EIO, "no \"such\" app",
                  "{\"metadata\":{},\"status\":\"Failure\","
                  "\"message\":\"Internal error occurred: no \\\"such\\\" app\",\"reason\":\"InternalError\","
                  "\"details\":{\"causes\":[{\"message\":\"no \\\"such\\\" app\"}]},\"code\":500}",
                  "Internal error occurred: no \"such\" app" },
        };
        const StreamProtocol with = { .tells_status = true }, without = {};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = NULL, *text = NULL;

                cr_expect_eq(stream_status_write(&with, cases[i].status, cases[i].message, &json), 0);
                cr_expect_str_eq(json, cases[i].json, "%zu", i);
                cr_expect_eq(stream_status_write(&without, cases[i].status, cases[i].message, &text), 0);
                cr_expect(streq_ptr(text, cases[i].text), "%zu: %s", i, text);
        }
}
