/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/unix-socket.h"
#include "cli/start/attach-app.h"
#include "cli/start/attached-run.h"

struct AttachedRun {
        sd_event *event;
        const char *app; /* of the pod's manifest */
        DetachKeys keys;
        void (*left)(void *userdata);
        void *userdata;
        int listen_fd;
        int error; /* of the first output that could not be written */
        sd_event_source *incoming;
        Attachment *attachment;
};

static void on_end(AttachmentEnd end, uint8_t had, void *userdata)
{
        AttachedRun *a = userdata;

        if (end == ATTACHMENT_DETACHED)
                a->left(a->userdata);
        else
                (void) attach_report_end(end, had, a->app);
}

int attached_run_finish(AttachedRun *a)
{
        int r = a->attachment ? attachment_finish(a->attachment) : 0;

        a->attachment = attachment_free(a->attachment);
        a->error = a->error < 0 ? a->error : r;
        return a->error;
}

static int on_connection(sd_event_source *source, int listen_fd, uint32_t events, void *userdata)
{
        AttachedRun *a = userdata;
        AttachmentOptions options = { .keys = a->keys, .ends_input = true, .at_end = on_end, .userdata = a };
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
                return 0;
        (void) attached_run_finish(a);
        return attachment_new(a->event, fd, &options, &a->attachment);
}

int attached_run_new(sd_event *event, const Pod *pod, const DetachKeys *keys, void (*left)(void *userdata),
                     void *userdata, AttachedRun **ret)
{
        _cleanup_(attached_run_freep) AttachedRun *a = new0(AttachedRun, 1);
        _cleanup_close_ int directory = mkdir_open_at(pod->fd, POD_OUTPUT_DIR, 0700);
        int r;

        if (!a)
                return -ENOMEM;
        *a = (AttachedRun) { .event = sd_event_ref(event), .app = pod->manifest->apps[0].name, .keys = *keys,
                             .left = left, .userdata = userdata, .listen_fd = -EBADF };
        if (directory < 0)
                return directory;
        a->listen_fd = unix_listen_at(directory, POD_ATTACHED_SOCKET, SOCK_SEQPACKET | SOCK_NONBLOCK);
        if (a->listen_fd < 0)
                return a->listen_fd;
        r = sd_event_add_io(event, &a->incoming, a->listen_fd, EPOLLIN, on_connection, a);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}

AttachedRun *attached_run_free(AttachedRun *a)
{
        if (!a)
                return NULL;

        (void) attached_run_finish(a);
        sd_event_source_disable_unref(a->incoming);
        safe_close(a->listen_fd);
        sd_event_unref(a->event);
        return mfree(a);
}
