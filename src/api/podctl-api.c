/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "api/api-listen.h"
#include "api/api-method.h"
#include "basic/fd.h"
#include "basic/log.h"
#include "calls/call-server.h"
#include "serve/http-server.h"
#include "shared/sandbox.h"

/* rkt's API service: podctl-api.service(8). systemd passes its sockets, and it ends when nobody has been connected for
 * a while; or it is started by podctl api-service, listens itself, and goes on. */

typedef struct Args {
        Context context;
        char *listen;
} Args;

static const Option options[] = {
        { "listen", &option_string, offsetof(Args, listen), "ADDRESS:PORT", "Where to listen" },
        {},
};

static const CallMethod *const groups[] = {
        api_info_methods, api_pod_methods, api_image_methods, api_event_methods, api_log_methods, NULL,
};

static void args_done(Args *args)
{
        options_free(options, args);
        context_done(&args->context);
}

static int add_passed_sockets(CallServer *server, int n)
{
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
                int r = call_server_add(server, fd);

                if (r < 0)
                        return log_error_errno(r, "Cannot serve socket %i: %m", fd);
        }
        return 0;
}

/* It is root's process, and reads what others ask for: what is needed for that is all it keeps of root's. */
static int confine(void)
{
        static const char *const kept[] = { "cap_dac_read_search", "cap_sys_ptrace", NULL };
        int r = sandbox_keep_capabilities(kept);

        return r < 0 ? log_error_errno(r, "Cannot give up what root may do: %m") : 0;
}

static int add_own_sockets(CallServer *server, const char *where)
{
        _cleanup_free_ int *fds = NULL;
        size_t n = 0;
        int r = api_listen(where, &fds, &n);

        if (r == -EINVAL)
                return log_error_errno(r, "Option --listen takes ADDRESS:PORT, not '%s'", where);
        if (r < 0)
                return log_error_errno(r, "Cannot listen on %s: %m; is that an address of this host, and is no other "
                                          "program there, such as podctl-api.socket?",
                                       where);
        for (size_t i = 0; i < n; i++) {
                int k = call_server_add(server, fds[i]);

                r = r < 0 ? r : k;
        }
        if (r < 0)
                return log_error_errno(r, "Cannot serve %s: %m", where);
        return confine();
}

static int serve(const Args *args)
{
        const int n = sd_listen_fds(true);
        const char *where = args->listen ?: API_LISTEN_DEFAULT;
        _cleanup_(call_server_freep) CallServer *server = NULL;
        int r;

        if (n > 0 && args->listen)
                return log_error_errno(EINVAL, "Option --listen is of no use for podctl-api.service: its socket unit "
                                               "has the address");
        r = call_server_new(groups, &args->context, &server);
        if (r < 0)
                return log_error_errno(r, "Cannot start to serve: %m");
        r = n > 0 ? add_passed_sockets(server, n) : add_own_sockets(server, where);
        if (r < 0)
                return r;
        if (n <= 0)
                log_info("Serving on %s", where);
        r = call_server_run(server, n > 0 ? http_server_idle_seconds("PODCTL_API_IDLE") : 0, NULL, NULL);
        return r < 0 ? log_error_errno(r, "Cannot serve any more: %m") : 0;
}

int main(int argc, char *argv[])
{
        _cleanup_(args_done) Args args = {};
        const OptionSet sets[] = { { options, &args }, { context_options, &args.context }, {} };
        _cleanup_strv_free_ char **rest = NULL;

        log_setup("podctl-api");
        (void) signal(SIGPIPE, SIG_IGN);
        if (options_parse(sets, argv + 1, &rest) < 0)
                return EXIT_PODCTL_FAILED;
        return serve(&args) < 0 ? EXIT_PODCTL_FAILED : 0;
}
