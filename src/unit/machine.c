/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "shared/bus.h"
#include "unit/machine.h"

/* machined's own record, a file of NAME=VALUE lines: looking at it costs no connection where there is nothing to do. */
#define MACHINES "/run/systemd/machines/"

int machine_forget_dead(const char *name)
{
        _cleanup_free_ char *path = strjoin(MACHINES, name), *text = NULL;
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_bus_ sd_bus *bus = NULL;
        const char *leader;
        uint32_t pid;
        int r;

        if (!path)
                return -ENOMEM;
        r = read_file_at(AT_FDCWD, path, 64 * 1024, &text, NULL);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = strv_split(text, '\n', &lines);
        if (r < 0)
                return r;

        leader = strv_env_get(lines, "LEADER");
        if (leader && parse_uint32(leader, &pid) >= 0 && (kill((pid_t) pid, 0) >= 0 || errno != ESRCH))
                return -EEXIST;

        r = sd_bus_open_system(&bus);
        if (r < 0)
                return r;
        /* Should it be gone by now, all the better. */
        (void) bus_call(bus, &bus_machine_manager, "UnregisterMachine", NULL, NULL, "s", name);
        return 0;
}
