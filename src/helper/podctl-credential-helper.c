/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "basic/string-util.h"
#include "helper/helper-run.h"
#include "image/transport/credential-helper.h"

/* Runs a credential helper, in podctl-credential-helper@NAME.service: the name of the server comes in on standard
 * input, and the answer goes out on standard output (image/transport/credential-answer.h); both are podctl's socket. It
 * is no more trusted than the helper, as whose user it runs. */

static int read_server(int fd, char *buffer, size_t size)
{
        ssize_t n = loop_read(fd, buffer, size);

        if (n < 0)
                return (int) n;
        /* Nothing: podctl has given up. */
        if ((size_t) n >= size || memchr(buffer, 0, (size_t) n))
                return -EBADMSG;
        buffer[n] = 0;
        return (int) n;
}

static int find_and_run(const char *name, const char *server, HelperResult *ret)
{
        _cleanup_free_ char *program = NULL, *message = NULL;
        int r;

        r = credential_helper_find(name, &program, &message);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_error_errno(r, "%s", strempty(message));
                *ret = (HelperResult) { .header = { .outcome = HELPER_NOT_STARTED, .status = -r } };
                return 0;
        }
        return helper_run(program, server, ret);
}

static int serve(const char *name)
{
        _cleanup_(helper_result_done) HelperResult result = {};
        char server[HELPER_SERVER_MAX + 1];
        int r;

        r = read_server(STDIN_FILENO, server, sizeof(server));
        if (r <= 0)
                return r;
        r = find_and_run(name, server, &result);
        if (r < 0)
                return r;
        r = loop_write(STDOUT_FILENO, &result.header, sizeof(result.header));
        return r < 0 ? r : loop_write(STDOUT_FILENO, result.output, result.size);
}

static int run(const char *name)
{
        int r;

        if (!credential_helper_name_is_valid(name))
                return log_error_errno(EINVAL, "'%s' is not a valid name of a credential helper", strempty(name));
        r = serve(name);
        /* podctl may have given up at any time. */
        return r < 0 && r != -EPIPE && r != -ECONNRESET
                       ? log_error_errno(r, "Cannot run credential helper '%s': %m", name)
                       : 0;
}

int main(int argc, char *argv[])
{
        log_setup("podctl-credential-helper");
        (void) signal(SIGPIPE, SIG_IGN);
        return run(argc > 1 ? argv[1] : NULL) < 0 ? 254 : EXIT_SUCCESS;
}
