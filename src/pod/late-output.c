/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/fs.h"
#include "basic/unix-socket.h"
#include "pod/late-output.h"

/* -ENOENT, -ECONNREFUSED: nobody prints. */
static int connect_control(const Pod *pod, int *ret_directory)
{
        _cleanup_close_ int directory = open_directory_at(pod->fd, POD_OUTPUT_DIR);
        int fd = directory < 0 ? directory
                               : unix_connect_at(directory, LATE_OUTPUT_CONTROL, SOCK_DGRAM | SOCK_NONBLOCK);

        *ret_directory = fd < 0 ? -EBADF : TAKE_FD(directory);
        return fd;
}

int late_output_offer(const Pod *pod, const char *app)
{
        _cleanup_close_ int directory = -EBADF, control = connect_control(pod, &directory), output = -EBADF;

        late_output_offered(pod);
        if (control < 0)
                return control == -ENOENT || control == -ECONNREFUSED ? 0 : control;
        output = unix_listen_at(directory, LATE_OUTPUT_SOCKET, SOCK_STREAM | SOCK_NONBLOCK);
        return output < 0 ? output : unix_send(control, app, strlen(app), &output, 1);
}

void late_output_offered(const Pod *pod)
{
        (void) unlinkat(pod->fd, POD_OUTPUT_DIR "/" LATE_OUTPUT_SOCKET, 0);
}

/* Whoever prints and does not hear of it has one more socket, until the pod ends. */
void late_output_withdraw(const Pod *pod, const char *app)
{
        _cleanup_close_ int directory = -EBADF, control = connect_control(pod, &directory);

        if (control >= 0)
                (void) unix_send(control, app, strlen(app), NULL, 0);
}

int late_output_listen(int directory)
{
        return unix_listen_at(directory, LATE_OUTPUT_CONTROL, SOCK_DGRAM | SOCK_NONBLOCK);
}

int late_output_receive(int control, char **ret_app, int *ret_socket)
{
        char app[NAME_MAX + 1];
        ssize_t n = unix_receive(control, app, sizeof(app), ret_socket, 1);
        char *name;

        if (n < 0)
                return (int) n;
        name = strndup(app, (size_t) n);
        if (!name) {
                *ret_socket = safe_close(*ret_socket);
                return -ENOMEM;
        }
        *ret_app = name;
        return 0;
}
