/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/capability.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Loaded into systemd-nspawn (LD_PRELOAD) when the network namespace is ours and the user namespace nspawn's. Then
 * nspawn takes CAP_NET_BIND_SERVICE from the whole container, "to indicate" that low ports need it and it does not
 * count, and no option keeps it from that. In our namespaces low ports need no privileges (net_sysctl_of_pod()), while
 * programs of images that have this capability in their file, as web servers do, could not even be started without it
 * in the bounding set (capabilities(7), "Safety checking for capability-dumb binaries"). So it stays there, for the
 * pod's own PID 1 to deal with as with all others.
 *
 * This ends with nspawn's exec of PID 1, which gets an environment of its own. */

__attribute__((visibility("default"))) int prctl(int option, ...);

int prctl(int option, ...)
{
        unsigned long a[4];
        va_list ap;

        va_start(ap, option);
        for (unsigned i = 0; i < 4; i++)
                a[i] = va_arg(ap, unsigned long);
        va_end(ap);

        if (option == PR_CAPBSET_DROP && a[0] == CAP_NET_BIND_SERVICE)
                return 0;
        return (int) syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}
