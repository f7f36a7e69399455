/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-files.h"
#include "network/net-resolv.h"
#include "network/net-state.h"
#include "pod/engine.h"
#include "pod/plan-network.h"
#include "pod/pod-etc.h"
#include "shared/explain.h"

#define HOST_FILE_MAX (1U << 20)

static int copy_host_file(int dir_fd, const char *path, const char *name, char **reterr_message)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(AT_FDCWD, path, HOST_FILE_MAX, &text, NULL);
        if (r < 0)
                return explain(reterr_message, r, "cannot read the host's %s: %s", path, strerror(-r));
        return write_string_at(dir_fd, name, text, 0644);
}

static int write_dns(int dir_fd, const NetDns *dns)
{
        _cleanup_free_ char *text = NULL;
        int r = net_resolv_conf_format(dns, &text);

        return r < 0 ? r : write_string_at(dir_fd, "resolv.conf", text, 0644);
}

#define WRITTEN "resolv.conf-written"

/* The host's address on the pod's route to the outside, if that leads through the host. */
static char *find_gateway(int pod_fd)
{
        _cleanup_(net_state_done) NetState state = {};

        return net_state_read(pod_fd, &state) < 0 || !net_state_gateway(&state) ? NULL
                                                                               : strdup(net_state_gateway(&state));
}

static int host_dns(const Pod *pod, const PodSettings *s, char **ret)
{
        _cleanup_free_ char *gateway = NULL;
        bool ignored;

        if (net_is_host(s->net))
                return net_resolv_conf_of_host(ret);
        gateway = find_gateway(pod->fd);
        return net_resolv_conf_for_pods(gateway, ret, &ignored);
}

/* Writes it twice: for the pod, and to find out later whether an app has changed it. */
static int write_host_dns(const Pod *pod, const PodSettings *s, int dir_fd)
{
        _cleanup_free_ char *text = NULL;
        int r = host_dns(pod, s, &text);

        if (r < 0)
                return r;
        r = write_string_at(dir_fd, WRITTEN, text, 0644);
        return r < 0 ? r : write_string_at(dir_fd, "resolv.conf", text, 0644);
}

static int write_in_place(int dir_fd, const char *name, const char *text)
{
        _cleanup_close_ int fd = openat(dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = pwrite(fd, text, strlen(text), 0);
        if (n < 0 || ftruncate(fd, n) < 0)
                return -errno;
        return (size_t) n == strlen(text) ? 0 : -ENOSPC;
}

int pod_refresh_etc(const Pod *pod)
{
        _cleanup_close_ int dir_fd = openat(pod->fd, POD_FILES_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *written = NULL, *now = NULL, *text = NULL;
        int r;

        if (dir_fd < 0 || read_file_at(dir_fd, WRITTEN, HOST_FILE_MAX, &written, NULL) < 0)
                return 0;
        r = host_dns(pod, pod->settings, &text);
        if (r < 0 || streq(text, written))
                return MIN(r, 0);
        /* An app has changed it, as VPN clients do: leave it alone. */
        if (read_foreign_file_at(dir_fd, "resolv.conf", HOST_FILE_MAX, &now, NULL) < 0 || !streq(now, written))
                return 0;
        r = write_in_place(dir_fd, "resolv.conf", text);
        if (r < 0)
                return r;
        r = write_in_place(dir_fd, WRITTEN, text);
        return r < 0 ? r : 1;
}

/* The name servers of the user, else of the first network that has some, else of the host. */
static int write_resolv_conf(Pod *pod, const PodSettings *s, int dir_fd, char **reterr_message)
{
        _cleanup_(net_state_done) NetState state = {};
        int r;

        if (streq_ptr(s->dns_mode, "host"))
                return copy_host_file(dir_fd, "/etc/resolv.conf", "resolv.conf", reterr_message);
        if (!net_dns_is_empty(&s->dns))
                return write_dns(dir_fd, &s->dns);
        if (streq_ptr(s->dns_mode, "none"))
                return 0;
        r = net_state_read(pod->fd, &state);
        if (r < 0 && r != -ENOENT)
                return r;
        for (size_t i = 0; i < state.n_joins; i++)
                if (!net_dns_is_empty(&state.joins[i].dns))
                        return write_dns(dir_fd, &state.joins[i].dns);
        return plan_follows_host_dns(s) ? write_host_dns(pod, s, dir_fd) : 0;
}

/* As programs in the pod find it with gethostname(2). */
static char *name_inside(const PodSettings *s)
{
        char own[HOST_NAME_MAX + 1] = {};

        if (engine_of(s)->has_init || gethostname(own, sizeof(own) - 1) < 0)
                return strdup(s->hostname ?: s->name);
        return strdup(own);
}

static int write_hosts(const Pod *pod, const PodSettings *s, int dir_fd, char **reterr_message)
{
        _cleanup_(net_state_done) NetState state = {};
        _cleanup_strv_free_ char **entries = NULL;
        _cleanup_free_ char *name = name_inside(s), *text = NULL;
        int r;

        if (s->hosts_host)
                return copy_host_file(dir_fd, "/etc/hosts", "hosts", reterr_message);
        r = net_state_read(pod->fd, &state);
        if (r < 0 && r != -ENOENT)
                return r;
        r = net_hosts_settle(s->hosts, net_is_host(s->net) ? "127.0.0.1" : net_state_host(&state), &entries,
                             reterr_message);
        if (r < 0)
                return r;
        r = name ? net_hosts_format(name, entries, &text) : -ENOMEM;
        return r < 0 ? r : write_string_at(dir_fd, "hosts", text, 0644);
}

int pod_write_etc(Pod *pod, const PodPlan *plan, char **reterr_message)
{
        _cleanup_close_ int dir_fd = mkdir_open_at(pod->fd, POD_FILES_DIR, 0755);
        const PodSettings *s = plan->settings;
        _cleanup_free_ char *name = name_inside(s), *hostname = name ? strjoin(name, "\n") : NULL;
        int r;

        if (dir_fd < 0)
                return dir_fd;
        if (!hostname)
                return -ENOMEM;
        r = write_string_at(dir_fd, "hostname", hostname, 0644);
        if (r < 0)
                return r;
        r = write_hosts(pod, s, dir_fd, reterr_message);
        return r < 0 ? r : write_resolv_conf(pod, s, dir_fd, reterr_message);
}
