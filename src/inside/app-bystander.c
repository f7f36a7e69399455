/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside/app-bystander.h"
#include "inside/app-die.h"

static void drop_privileges(uint32_t kept)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { { .effective = kept, .permitted = kept } };

        for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
                (void) prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || syscall(SYS_capset, &header, data) < 0)
                _exit(EXIT_EXEC);
}

void app_bystander_become(int fd, uint32_t kept)
{
        drop_privileges(kept);
        if (chdir("/") < 0 || dup2(fd, 0) < 0 || close_range(1, ~0U, 0) < 0)
                _exit(EXIT_EXEC);
}

int app_bystander_signals(void)
{
        sigset_t all;

        (void) sigfillset(&all);
        return signalfd(-1, &all, SFD_CLOEXEC);
}
