/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* systemd puts a "_" before the name of a unit's control group that could be taken for an attribute of a controller, or
 * of control groups as such: "memory.service". The names are those of systemd 252 to 262. */
static inline const char *unit_group_prefix(const char *unit)
{
        static const char *const names[] = {
                "blkio", "bpf-bind-network-interface", "bpf-devices", "bpf-firewall", "bpf-foreign",
                "bpf-restrict-network-interfaces", "bpf-socket-bind", "cgroup", "cpu", "cpuacct", "cpuset", "devices",
                "io", "memory", "pids",
        };
        const size_t n = strcspn(unit, ".");

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                if (strlen(names[i]) == n && strncmp(names[i], unit, n) == 0)
                        return "_";
        return "";
}
