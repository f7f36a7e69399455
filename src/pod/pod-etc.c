/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-files.h"
#include "network/net-state.h"
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

/* What was asked for, else the first network that says something. */
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
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        for (size_t i = 0; i < state.n_joins; i++)
                if (!net_dns_is_empty(&state.joins[i].dns))
                        return write_dns(dir_fd, &state.joins[i].dns);
        return 0;
}

static int write_hosts(const PodSettings *s, int dir_fd, char **reterr_message)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (s->hosts_host)
                return copy_host_file(dir_fd, "/etc/hosts", "hosts", reterr_message);
        r = net_hosts_format(s->hostname ?: s->name, s->hosts, &text);
        return r < 0 ? r : write_string_at(dir_fd, "hosts", text, 0644);
}

int pod_write_etc(Pod *pod, const PodPlan *plan, char **reterr_message)
{
        _cleanup_close_ int dir_fd = mkdir_open_at(pod->fd, POD_FILES_DIR, 0755);
        const PodSettings *s = plan->settings;
        _cleanup_free_ char *hostname = strjoin(s->hostname ?: s->name, "\n");
        int r;

        if (dir_fd < 0)
                return dir_fd;
        if (!hostname)
                return -ENOMEM;
        r = write_string_at(dir_fd, "hostname", hostname, 0644);
        if (r >= 0)
                r = write_hosts(s, dir_fd, reterr_message);
        return r < 0 ? r : write_resolv_conf(pod, s, dir_fd, reterr_message);
}
