/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls/call-server.h"

#include <signal.h>

#include "basic/alloc.h"
#include "basic/string-util.h"
#include "basic/time-util.h"
#include "calls/call-worker.h"

struct CallServer {
        sd_event *event;
        GrpcServer *grpc;
        GrpcService service;
        const Context *context;
        /* A row of methods for each call. */
        GrpcMethod *methods;
        size_t n_methods;
        /* The owner's. */
        bool (*is_busy)(void *userdata);
        void *userdata;
};

static void begin(GrpcCall *call, const GrpcMethod *method, const uint8_t *request, size_t n, void *userdata)
{
        const CallServer *s = userdata;

        call_worker_start(s->event, method->details, s->context, call, request, n);
}

static const GrpcMethod *find(const char *path, void *userdata)
{
        CallServer *s = userdata;

        for (size_t i = 0; i < s->n_methods; i++)
                if (streq(s->methods[i].path, path))
                        return &s->methods[i];
        return NULL;
}

static int fill_methods(CallServer *s, const CallMethod *const *groups)
{
        size_t n = 0;

        for (size_t i = 0; groups[i]; i++)
                for (const CallMethod *method = groups[i]; method->path; method++)
                        n++;
        s->methods = new0(GrpcMethod, n);
        if (!s->methods)
                return -ENOMEM;
        for (size_t i = 0; groups[i]; i++)
                for (const CallMethod *method = groups[i]; method->path; method++)
                        s->methods[s->n_methods++] = (GrpcMethod) { method->path, begin, method };
        return 0;
}

/* Ends of processes are events, and so is SIGTERM. */
static int watch_signals(sd_event *event)
{
        sigset_t signals;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &signals, NULL);
        return sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
}

int call_server_new(const CallMethod *const *groups, const Context *context, CallServer **ret)
{
        _cleanup_(call_server_freep) CallServer *s = new0(CallServer, 1);
        int r;

        if (!s)
                return -ENOMEM;
        s->service = (GrpcService) { find, s };
        s->context = context;
        r = sd_event_new(&s->event);
        if (r >= 0)
                r = watch_signals(s->event);
        if (r >= 0)
                r = fill_methods(s, groups);
        if (r >= 0)
                r = grpc_server_new(s->event, &s->service, &s->grpc);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

CallServer *call_server_free(CallServer *s)
{
        if (!s)
                return NULL;
        call_workers_let_go();
        grpc_server_free(s->grpc);
        sd_event_unref(s->event);
        free(s->methods);
        return mfree(s);
}

sd_event *call_server_event(CallServer *s)
{
        return s->event;
}

int call_server_add(CallServer *s, int fd)
{
        return grpc_server_add(s->grpc, fd);
}

/* Asked now and then: connections may stay for days. */
static int on_idle(sd_event_source *source, uint64_t now, void *userdata)
{
        CallServer *s = userdata;

        if (!grpc_server_is_busy(s->grpc) && call_workers() == 0 && !(s->is_busy && s->is_busy(s->userdata)))
                return sd_event_exit(s->event, 0);
        return 0;
}

int call_server_run(CallServer *s, unsigned idle_seconds, bool (*is_busy)(void *userdata), void *userdata)
{
        int r = 0;

        s->is_busy = is_busy;
        s->userdata = userdata;
        while (r >= 0 && sd_event_get_state(s->event) != SD_EVENT_FINISHED) {
                _cleanup_(sd_event_source_disable_unrefp) sd_event_source *idle = NULL;

                if (idle_seconds > 0)
                        r = sd_event_add_time_relative(s->event, &idle, CLOCK_MONOTONIC, idle_seconds * USEC_PER_SEC,
                                                       USEC_PER_SEC, on_idle, s);
                if (r >= 0)
                        r = sd_event_run(s->event, UINT64_MAX);
        }
        return r;
}
