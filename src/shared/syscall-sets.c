/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "shared/syscall-sets.h"

/* Which calls Docker and podman allow a container (their default profiles, as of 2025), which calls systemd has in a
 * group (systemd.exec(5), SystemCallFilter=), and which rkt denied (its Documentation/seccomp-guide.md). Names that a
 * machine does not have are ignored. */

const SyscallSet syscall_sets[] = {
        { "@podctl/allowed",
          "_llseek _newselect accept accept4 access adjtimex alarm arch_prctl arm_fadvise64_64 "
          "arm_sync_file_range bind breakpoint brk cacheflush cachestat capget capset chdir chmod chown chown32 "
          "clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
          "clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 "
          "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
          "epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 "
          "fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl "
          "fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 "
          "fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait "
          "futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 "
          "getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername "
          "getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 "
          "getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr "
          "getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy "
          "io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc "
          "kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link "
          "linkat listen listmount listxattr listxattrat llistxattr lremovexattr lseek lsetxattr "
          "lsm_get_self_attr lsm_list_modules lsm_set_self_attr lstat lstat64 madvise map_shadow_stack "
          "membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap "
          "mmap2 modify_ldt mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 "
          "mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock "
          "munlockall munmap nanosleep newfstatat open openat openat2 pause pidfd_getfd pidfd_open "
          "pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl "
          "pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv process_vm_writev pselect6 "
          "pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv "
          "recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat "
          "renameat2 restart_syscall riscv_flush_icache rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask "
          "rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo "
          "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr sched_get_priority_max "
          "sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler "
          "sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam "
          "sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send "
          "sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address set_tls "
          "setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid "
          "setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 "
          "setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown "
          "sigaltstack signal signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 "
          "statfs statfs64 statmount statx swapcontext symlink symlinkat sync sync_file_range sync_file_range2 "
          "syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime "
          "timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 "
          "timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink "
          "unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write "
          "writev" },
        { "@podctl/denied",
          "_sysctl acct add_key bdflush bpf chroot clock_settime clock_settime64 clone3 create_module "
          "delete_module fanotify_init finit_module fsconfig fsmount fsopen fspick get_kernel_syms "
          "get_mempolicy init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp "
          "kexec_file_load kexec_load keyctl lookup_dcookie mbind migrate_pages mount mount_setattr move_mount "
          "move_pages name_to_handle_at nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname "
          "open_by_handle_at open_tree open_tree_attr pciconfig_iobase pciconfig_read pciconfig_write "
          "perf_event_open pivot_root process_madvise query_module quotactl quotactl_fd reboot request_key "
          "set_mempolicy set_mempolicy_home_node setdomainname sethostname setns settimeofday sgetmask "
          "ssetmask stime swapoff swapon syscall sysfs syslog umount umount2 unshare uselib userfaultfd ustat "
          "vhangup vm86 vm86old" },
        { "@docker/default-blacklist",
          "acct add_key adjtimex bpf clock_adjtime clock_settime @podctl/namespaces create_module delete_module "
          "finit_module "
          "get_kernel_syms get_mempolicy init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl "
          "lookup_dcookie mbind mount move_pages name_to_handle_at nfsservctl open_by_handle_at perf_event_open "
          "personality pivot_root process_vm_readv process_vm_writev ptrace query_module quotactl reboot "
          "request_key set_mempolicy setns settimeofday stime swapon swapoff sysfs _sysctl umount umount2 "
          "unshare uselib userfaultfd ustat vm86 vm86old" },
        { "@docker/default-whitelist", "@podctl/allowed @podctl/conditional" },
        { "@rkt/default-whitelist", "@docker/default-whitelist" },
        { "@rkt/default-blacklist", "@docker/default-blacklist" },
        { "@systemd/clock", "adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday" },
        { "@systemd/default-whitelist",
          "@systemd/sandbox arch_prctl brk cacheflush clock_getres clock_getres_time64 clock_gettime "
          "clock_gettime64 clock_nanosleep clock_nanosleep_time64 execve exit exit_group futex futex_time64 "
          "futex_waitv get_robust_list get_thread_area getegid getegid32 geteuid geteuid32 getgid getgid32 "
          "getgroups getgroups32 getpgid getpgrp getpid getppid getrandom getresgid getresgid32 getresuid "
          "getresuid32 getrlimit getsid gettid gettimeofday getuid getuid32 lsm_get_self_attr lsm_list_modules "
          "membarrier mmap mmap2 mprotect mseal munmap nanosleep pause prlimit64 restart_syscall "
          "riscv_flush_icache riscv_hwprobe rseq rt_sigreturn sched_getaffinity sched_yield set_robust_list "
          "set_thread_area set_tid_address set_tls sigreturn time ugetrlimit uretprobe" },
        { "@systemd/mount",
          "chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root umount "
          "umount2" },
        { "@systemd/network-io",
          "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg "
          "recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socket socketcall "
          "socketpair" },
        { "@systemd/obsolete",
          "_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock mpx "
          "prof profil putpmsg query_module security sgetmask ssetmask stime stty sysfs tuxcall ulimit uselib "
          "ustat vserver" },
        { "@systemd/privileged",
          "@systemd/chown @systemd/clock @systemd/module @systemd/raw-io @systemd/reboot @systemd/swap _sysctl "
          "acct bpf capset chroot fanotify_init fanotify_mark nfsservctl open_by_handle_at pivot_root quotactl "
          "quotactl_fd setdomainname setfsuid setfsuid32 setgroups setgroups32 sethostname setresuid "
          "setresuid32 setreuid setreuid32 setuid setuid32 vhangup" },
        { "@systemd/process",
          "capget clone clone3 execveat fork getrusage kill pidfd_open pidfd_send_signal prctl rt_sigqueueinfo "
          "rt_tgsigqueueinfo setns swapcontext tgkill times tkill unshare vfork wait4 waitid waitpid" },
        { "@systemd/raw-io",
          "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read s390_pci_mmio_write" },
        { "@systemd/chown", "chown chown32 fchown fchown32 fchownat lchown lchown32" },
        { "@systemd/module", "delete_module finit_module init_module" },
        { "@systemd/reboot", "kexec_file_load kexec_load reboot" },
        { "@systemd/swap", "swapoff swapon" },
        { "@systemd/sandbox", "landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp" },
        {},
};

/* Calls without which a capability is useless. */
const SyscallSet syscall_sets_of_capabilities[] = {
        { "DAC_READ_SEARCH",
          "open_by_handle_at" },
        { "SYS_ADMIN",
          "bpf clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr "
          "move_mount name_to_handle_at open_tree perf_event_open quotactl quotactl_fd setdomainname "
          "sethostname setns syslog umount umount2 unshare" },
        { "SYS_BOOT",
          "reboot" },
        { "SYS_CHROOT",
          "chroot" },
        { "SYS_MODULE",
          "delete_module init_module finit_module query_module" },
        { "SYS_PACCT",
          "acct" },
        { "SYS_PTRACE",
          "kcmp process_madvise" },
        { "SYS_RAWIO",
          "iopl ioperm" },
        { "SYS_TIME",
          "settimeofday stime clock_settime clock_settime64" },
        { "SYS_TTY_CONFIG",
          "vhangup" },
        { "SYS_NICE",
          "get_mempolicy mbind set_mempolicy set_mempolicy_home_node" },
        { "SYSLOG",
          "syslog" },
        { "BPF",
          "bpf" },
        { "PERFMON",
          "perf_event_open" },
        {},
};

const char *syscall_set_find(const char *name)
{
        for (const SyscallSet *s = syscall_sets; s->name; s++)
                if (strcmp(s->name, name) == 0)
                        return s->calls;
        return NULL;
}
