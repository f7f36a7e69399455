/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mount.h>

#include "basic/log.h"
#include "pod/engine.h"
#include "unit/machine.h"

/* An nspawn that was killed leaves directories of its machine behind, and from systemd 257 on it refuses to start a
 * machine of the same name while they exist. The mounts in them are gone with our namespace. */
static void clear_places(const char *machine)
{
        static const char *const places[] = {
                "/run/systemd/nspawn/propagate/%s",
                "/run/systemd/nspawn/unix-export/%s",
                "/run/systemd/nspawn/%s/unix-export",
                "/run/systemd/nspawn/%s",
        };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                char path[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                (void) snprintf(path, sizeof(path), places[i], machine);
#pragma GCC diagnostic pop
                (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
                (void) rmdir(path);
        }
}

static int clear(const char *name)
{
        clear_places(name);
        return machine_forget_dead(name);
}

static const char *const rkt_names[] = { "nspawn", "stage1-coreos", "stage1-host", "stage1-src", NULL };

/* The properties of systemd's own systemd-nspawn@.service. */
static const char *const unit_properties[] = {
        "Type=notify",
        "NotifyAccess=main",
        "KillMode=mixed",
        "Delegate=yes",
        "TasksMax=16384",
        /* Zero would be the default of journald. */
        "LogRateLimitIntervalSec=1us",
        "LogRateLimitBurst=1000000",
        "DevicePolicy=closed",
        "DeviceAllow=/dev/net/tun rwm",
        "DeviceAllow=char-pts rw",
        "SuccessExitStatus=133",
        "CollectMode=inactive-or-failed",
        "PartOf=machines.target",
        "Before=machines.target",
        NULL,
};

const Engine engine_nspawn = {
        .name = "nspawn",
        .rkt = rkt_names,
        .has_init = true,
        .is_machine = true,
        .private_users = true,
        .private_pids = true,
        .recursive_volumes = true,
        .unit_prefix = "",
        .unit_properties = unit_properties,
        .kill_mode = "mixed",
        /* Of a container that requests a reboot. */
        .success_status = 133,
        .clear = clear,
};
