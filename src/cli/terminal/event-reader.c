/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/terminal/event-reader.h"

#include <unistd.h>

#include "basic/fd.h"
#include "cli/terminal/pod-journal.h"

typedef struct Reading {
        char **argv;
        int output;
        unsigned seconds;
} Reading;

static int become_journalctl(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Reading *r = userdata;

        if (dup2(r->output, STDOUT_FILENO) < 0)
                return -errno;
        (void) alarm(r->seconds);
        (void) execv(JOURNALCTL, r->argv);
        return -errno;
}

int event_reader_open(PodStore *pods, const EventQuery *query, unsigned seconds, EventReader *ret)
{
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_close_ int from = -EBADF, to = -EBADF;
        int pair[2], r;

        r = event_query_command(query, &argv);
        if (r < 0)
                return r;
        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        from = pair[0];
        to = pair[1];
        r = worker_start(become_journalctl, &(Reading) { argv, to, seconds }, &ret->journalctl);
        if (r < 0)
                return r;
        ret->pods = pods;
        ret->f = fdopen(from, "r");
        if (!ret->f)
                return -errno;
        (void) TAKE_FD(from);
        return 0;
}

void event_reader_done(EventReader *r)
{
        if (r->f)
                (void) fclose(r->f);
        r->f = NULL;
        worker_done(&r->journalctl);
}

/* The pod of an entry; NULL: there is none any more, or the entry was not made by podctl. */
static Pod *pod_of(PodStore *pods, const EventEntry *e)
{
        Pod *pod = NULL;
        Uuid uuid;

        if (uuid_parse(strempty(e->fields[EVENT_POD_UUID]), &uuid) < 0 || pod_open(pods, &uuid, &pod) < 0)
                return NULL;
        return pod_load(pod, NULL) < 0 ? pod_free(pod) : pod;
}

int event_reader_next(EventReader *r, EventEntry *ret)
{
        for (;;) {
                _cleanup_(event_entry_done) EventEntry e = {};
                _cleanup_(pod_freep) Pod *pod = NULL;
                int k = event_entry_read(r->f, &e);

                if (k <= 0)
                        return k;
                pod = pod_of(r->pods, &e);
                if (!event_is_genuine(&e, pod ? pod->settings : NULL))
                        continue;
                *ret = e;
                e = (EventEntry) {};
                return 1;
        }
}

int event_reader_finish(EventReader *r)
{
        return worker_finish(&r->journalctl, NULL, 0, NULL);
}
