/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/string-util.h"
#include "metadata/metadata-server.h"
#include "pod/registration.h"
#include "serve/http-server.h"
#include "shared/sandbox.h"

/* The metadata service: podctl-metadata.service(8). systemd passes its sockets, and names its directories in
 * $STATE_DIRECTORY and $RUNTIME_DIRECTORY; the service ends when there have been no clients for a while. Started as
 * "podctl-metadata PORT", by podctl metadata-service, it makes all of these itself, becomes its user, and keeps
 * running. */

#define STATE_DIRECTORY "/var/lib/podctl/metadata"

static int own_directory(const char *variable, const char *otherwise, int *ret)
{
        const char *path = getenv(variable) ?: otherwise;
        int fd = open_directory_at(AT_FDCWD, path);

        if (fd < 0)
                return log_error_errno(fd, "Cannot open %s: %m", path);
        *ret = fd;
        return 0;
}

static int service_open(MetadataService *s)
{
        _cleanup_close_ int state = -EBADF;
        int r;

        r = own_directory("STATE_DIRECTORY", STATE_DIRECTORY, &state);
        if (r < 0)
                return r;
        r = metadata_key_load(state, &s->key);
        if (r == -EUCLEAN)
                return log_error_errno(r, "%s/hmac-key is not a valid key: restore the original, or remove it, which "
                                          "makes signatures of pods worthless",
                                       getenv("STATE_DIRECTORY") ?: STATE_DIRECTORY);
        if (r < 0)
                return log_error_errno(r, "Cannot read or make the host's key: %m");
        r = own_directory("RUNTIME_DIRECTORY", REGISTRATION_FOREIGN_DIRECTORY, &s->foreign_fd);
        if (r < 0)
                return r;
        s->registration_fd = open_directory_at(AT_FDCWD, REGISTRATION_DIRECTORY);
        if (s->registration_fd < 0)
                return log_error_errno(s->registration_fd,
                                       "Cannot open " REGISTRATION_DIRECTORY ": %m; systemd-tmpfiles "
                                       "--create makes it");
        return 0;
}

/* Sockets */

static int add_passed_sockets(MetadataServer *server)
{
        int n = sd_listen_fds(true), r;

        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
                r = metadata_server_add(server, fd, sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0);
                if (r < 0)
                        return log_error_errno(r, "Cannot serve socket %i: %m", fd);
        }
        return n;
}

static int listen_on(const struct sockaddr *address, socklen_t size)
{
        _cleanup_close_ int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        if (address->sa_family != AF_UNIX && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int) { 1 }, sizeof(int)) < 0)
                return -errno;
        if (bind(fd, address, size) < 0 || listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int add_unix_socket(MetadataServer *server)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = REGISTRATION_SOCKET };
        _cleanup_close_ int fd = -EBADF;

        if (registration_is_served())
                return log_error_errno(EADDRINUSE, "A metadata service is running already; systemctl stop "
                                       "podctl-metadata.socket ends it");
        (void) unlink(REGISTRATION_SOCKET);
        fd = listen_on((struct sockaddr *) &address, sizeof(address));
        if (fd < 0 || chmod(REGISTRATION_SOCKET, 0660) < 0)
                return log_error_errno(fd < 0 ? fd : errno, "Cannot listen on " REGISTRATION_SOCKET ": %m");
        return metadata_server_add(server, TAKE_FD(fd), true);
}

static int add_tcp_socket(MetadataServer *server, uint16_t port)
{
        struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
        int fd = listen_on((struct sockaddr *) &any6, sizeof(any6));

        if (fd == -EAFNOSUPPORT)
                fd = listen_on((struct sockaddr *) &any, sizeof(any));
        if (fd < 0)
                return log_error_errno(fd, "Cannot listen on port %u: %m", port);
        return metadata_server_add(server, fd, false);
}

/* In the foreground */

static int make_directory_for(const char *path, const struct passwd *user)
{
        int r = mkdir_p_at(AT_FDCWD, path, 0755);

        if (r < 0 || chmod(path, 0700) < 0 || chown(path, user->pw_uid, user->pw_gid) < 0)
                return log_error_errno(r < 0 ? r : errno, "Cannot make %s: %m", path);
        return 0;
}

static int serve_in_foreground(MetadataServer *server, const char *port_text)
{
        const struct passwd *user = getpwnam(REGISTRATION_GROUP);
        _cleanup_close_ int registry = -EBADF;
        uint32_t port;
        int r;

        if (parse_uint32(port_text, &port) < 0 || port == 0 || port > UINT16_MAX)
                return log_error_errno(EINVAL, "'%s' is not a valid port: a number from 1 to 65535", port_text);
        if (!user)
                return log_error_errno(ESRCH, "There is no user " REGISTRATION_GROUP "; systemd-sysusers makes it");
        r = registration_open(&registry);
        if (r < 0)
                return log_error_errno(r, "Cannot make " REGISTRATION_DIRECTORY ": %m");
        r = make_directory_for(STATE_DIRECTORY, user);
        if (r < 0)
                return r;
        r = make_directory_for(REGISTRATION_FOREIGN_DIRECTORY, user);
        if (r < 0)
                return r;
        r = add_unix_socket(server);
        if (r < 0)
                return r;
        r = add_tcp_socket(server, (uint16_t) port);
        if (r < 0)
                return r;
        r = sandbox_set_user(user->pw_uid, user->pw_gid);
        if (r >= 0)
                r = sandbox_keep_capabilities(NULL);
        return r < 0 ? log_error_errno(r, "Cannot become user " REGISTRATION_GROUP ": %m") : 0;
}

static int serve(const char *port)
{
        MetadataService service = { .registration_fd = -EBADF, .foreign_fd = -EBADF };
        _cleanup_(metadata_server_freep) MetadataServer *server = NULL;
        int r, n;

        r = metadata_server_new(&service, &server);
        if (r < 0)
                return log_oom();
        n = port ? 0 : add_passed_sockets(server);
        if (n < 0)
                return n;
        if (n == 0 && !port)
                return log_error_errno(EINVAL, "There are no sockets: podctl-metadata.socket starts this, or podctl "
                                       "metadata-service");
        r = port ? serve_in_foreground(server, port) : 0;
        if (r < 0)
                return r;
        r = service_open(&service);
        if (r < 0)
                return r;
        if (port)
                log_info("Serving metadata on port %s", port);
        r = metadata_server_run(server, port ? 0 : http_server_idle_seconds("PODCTL_METADATA_IDLE"));
        return r < 0 ? log_error_errno(r, "Cannot serve metadata any more: %m") : 0;
}

int main(int argc, char *argv[])
{
        log_setup("podctl-metadata");
        (void) signal(SIGPIPE, SIG_IGN);
        if (argc > 2)
                return log_error_errno(EINVAL, "One port at most, or the sockets of the service manager") < 0 ? 254 : 0;
        return serve(argv[1]) < 0 ? 254 : 0;
}
