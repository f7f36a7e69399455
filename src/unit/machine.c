/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "shared/bus.h"
#include "unit/machine.h"

/* machined's own records, files of NAME=VALUE lines: reading one saves a connection if there is nothing to do. */
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
        if (r < 0)
                return r;
        r = strv_split(text, '\n', &lines);
        if (r < 0)
                return r;

        leader = strv_env_get(lines, "LEADER");
        if (leader && parse_uint32(leader, &pid) >= 0 && (kill((pid_t) pid, 0) >= 0 || errno != ESRCH))
                return -EEXIST;

        r = sd_bus_open_system(&bus);
        if (r < 0)
                return r;
        /* Ignore failures: the machine may be gone by now. */
        (void) bus_call(bus, &bus_machine_manager, "UnregisterMachine", NULL, NULL, "s", name);
        return 0;
}

/* As systemd defines it (systemd.unit(5)): the first file of the unit is empty or a link to /dev/null. */
static int unit_is_masked(const char *unit)
{
        static const char *const directories[] = {
                "/etc/systemd/system.control/", "/run/systemd/system.control/", "/etc/systemd/system/",
                "/run/systemd/system/",         "/usr/local/lib/systemd/system/", "/usr/lib/systemd/system/",
        };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = strjoin(directories[i], unit);
                struct stat st;

                if (!path)
                        return -ENOMEM;
                if (stat(path, &st) >= 0)
                        return S_ISCHR(st.st_mode) || st.st_size == 0;
        }
        return -ENOENT;
}

const char *machine_registry_missing(void)
{
        /* The second is the unit that D-Bus starts for the first client (D-Bus specification, SystemdService=). */
        static const char *const units[] = { "systemd-machined.service", "dbus-org.freedesktop.machine1.service" };

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                int r = unit_is_masked(units[i]);

                if (r == -ENOENT)
                        return "is not installed";
                if (r > 0)
                        return "is masked";
        }
        return NULL;
}
