/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stage1/nspawn/nspawn-keep.h"

/* Loaded into systemd-nspawn (LD_PRELOAD), with nspawn-keep-filter.c, for things for which it has no option. This ends
 * when nspawn executes PID 1, which gets an environment of its own. */

/* If the network namespace is podctl's and the user namespace nspawn's (KEEP_LOW_PORTS), nspawn takes
 * CAP_NET_BIND_SERVICE from the whole container, "to indicate" that low ports need the capability and that it does not
 * count. In podctl's namespaces low ports need no privileges (net_sysctl_of_pod()). But programs of images that have
 * this capability in their file, as web servers do, could not even be started without it in the bounding set
 * (capabilities(7), "Safety checking for capability-dumb binaries"). So it stays in the set, and the pod's own PID 1
 * handles it like all others. */
__attribute__((visibility("default"))) int prctl(int option, ...);

int prctl(int option, ...)
{
        unsigned long a[4];
        va_list ap;

        va_start(ap, option);
        for (unsigned i = 0; i < 4; i++)
                a[i] = va_arg(ap, unsigned long);
        va_end(ap);

        if (option == PR_CAPBSET_DROP && a[0] == CAP_NET_BIND_SERVICE && getenv(NSPAWN_KEEP_LOW_PORTS))
                return 0;
        return (int) syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}

/* The kernel drops signals for which PID 1 has no handler, unless they are blocked (signal(7), pid_namespaces(7)). So a
 * request to end that comes before the pod's systemd listens would be lost, and its sender would wait in vain. systemd
 * inherits these signals blocked (systemd(1), "Signals"); they stay pending until it reads them. */
static void block_requests(sigset_t *set)
{
        const int requests[] = { SIGINT, SIGPWR, SIGRTMIN + 3, SIGRTMIN + 4, SIGRTMIN + 5, SIGRTMIN + 6 };

        for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
                (void) sigaddset(set, requests[i]);
}

__attribute__((visibility("default"))) int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
        sigset_t more;

        if (set && how == SIG_SETMASK && sigisemptyset(set)) {
                more = *set;
                block_requests(&more);
                set = &more;
        }
        return (int) syscall(SYS_rt_sigprocmask, how, set, old, NSIG / 8);
}

/* nspawn keeps its connection to the system bus as long as the container runs, and dbus-daemon lets root have 256 of
 * them (dbus-daemon(1), "max_connections_per_user"): a host would be full at that many pods. All that nspawn wants of
 * the bus before its very end is done when it attaches it to its loop. In the end it would ask machined to forget the
 * machine; where `podctl tear-down` does that (KEEP_NO_BUS), the connection is closed. */
__attribute__((visibility("default"))) int sd_bus_attach_event(void *bus, void *event, int priority);

int sd_bus_attach_event(void *bus, void *event, int priority)
{
        int (*attach)(void *, void *, int) = (int (*)(void *, void *, int)) dlsym(RTLD_NEXT, "sd_bus_attach_event");
        void (*close_bus)(void *) = (void (*)(void *)) dlsym(RTLD_NEXT, "sd_bus_close");

        if (!close_bus || !getenv(NSPAWN_KEEP_NO_BUS))
                return attach ? attach(bus, event, priority) : -ENOSYS;
        close_bus(bus);
        return 0;
}
