/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first program of every app: does what systemd cannot say of a service, gives up what it needed for that, and
 * becomes the app. PID 1 starts it in the app's root, where it is mounted at LAUNCH_BIN for this moment, as root
 * with all the pod's capabilities:
 *
 *   app-exec [--OPTION=VALUE…] -- PROGRAM ARGV0 [ARGUMENT…]
 *   app-exec --words=FILE    the same words, from a file
 *
 * The app's variables come in a file as well (--environment=). They are never our own, nor those of what is started
 * beside the app: a variable of an image decides nothing outside of the app.
 *
 * Also the first program of what is run beside an app, with --join= the app's main process and --unit= its service:
 * then it is started in the pod's root and goes to where the app is.
 *
 * The filter of system calls was compiled before, so that it costs no app any time, and is loaded last, so that it need
 * not let pass what is done here; it does not take no_new_privs, which would break programs that gain privileges.
 * capabilities(7), "Effect of user ID changes on capabilities" and "Transformation of capabilities during execve()",
 * tell why there is nothing left to drop after it: execve() itself leaves what the bounding set has to root, and
 * nothing to others. Static, since the app's root may have any libraries or none. */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inside/app-credentials.h"
#include "inside/app-devices.h"
#include "inside/app-die.h"
#include "inside/app-open.h"
#include "inside/app-output.h"
#include "inside/app-paths.h"
#include "inside/app-variables.h"
#include "inside/launch-places.h"
#include "inside/launch-words.h"

#define PROC_ROOT_INO 1 /* include/linux/proc_fs.h of the kernel */
#define FILTER_MAX 4096 /* BPF_MAXINSNS of the kernel */
#define START_MSEC_MAX 30000

typedef struct Launch {
        uid_t uid;
        gid_t gid;
        gid_t *groups;
        size_t n_groups;
        uint64_t capabilities;
        bool restrict_capabilities;
        bool no_new_privileges;
        const char *filter;
        const char *apparmor;
        const char *selinux;
        const char *directory;
        const char *relay; /* "journal" or "raw", where there is one */
        int client;        /* see app-output.h */
        const char *credentials;
        const char *join;
        const char *unit;
        char *protect;
        char *hide;
        char **limits; /* "NOFILE=1024:4096" */
        char **keep; /* what of the protected is a volume: it stays as it is */
        AppVariables environment;
        size_t n_words; /* of our own, more than there are variables among them */
        struct sock_filter program[FILTER_MAX];
        unsigned short n_program;
} Launch;

static void read_groups(Launch *l, char *text)
{
        size_t n = 1;

        for (const char *p = text; *p; p++)
                n += *p == ',';
        l->groups = calloc(n, sizeof(gid_t));
        if (!l->groups)
                die("cannot set the groups: %m");
        for (char *word = strtok(text, ","); word; word = strtok(NULL, ","))
                l->groups[l->n_groups++] = (gid_t) strtoul(word, NULL, 10);
}

/* A NULL-terminated list that grows by one. */
static void add_word(char ***list, char *word)
{
        size_t n = 0;
        char **grown;

        while (*list && (*list)[n])
                n++;
        grown = reallocarray(*list, n + 2, sizeof(char *));
        if (!grown)
                die("cannot read the options: %m");
        grown[n] = word;
        grown[n + 1] = NULL;
        *list = grown;
}

static void *field_of(Launch *l, size_t offset)
{
        return (char *) l + offset;
}

static void take_text(Launch *l, size_t offset, char *value)
{
        *(const char **) field_of(l, offset) = value;
}

/* They are taken apart in place. */
static void take_paths(Launch *l, size_t offset, char *value)
{
        *(char **) field_of(l, offset) = value;
}

static void take_id(Launch *l, size_t offset, char *value)
{
        *(uint32_t *) field_of(l, offset) = (uint32_t) strtoul(value, NULL, 10);
}

static void take_groups(Launch *l, size_t offset, char *value)
{
        read_groups(l, value);
}

static void take_capabilities(Launch *l, size_t offset, char *value)
{
        l->capabilities = strtoull(value, NULL, 16);
        l->restrict_capabilities = true;
}

static void take_no_new_privileges(Launch *l, size_t offset, char *value)
{
        l->no_new_privileges = *value == '1';
}

static void take_kept(Launch *l, size_t offset, char *value)
{
        add_word(&l->keep, value);
}

static void take_limit(Launch *l, size_t offset, char *value)
{
        add_word(&l->limits, value);
}

static void take_environment(Launch *l, size_t offset, char *value)
{
        app_variables_read(&l->environment, value, l->n_words);
}

static void take_variable(Launch *l, size_t offset, char *value)
{
        app_variables_set(&l->environment, value);
}

static const struct {
        const char *name;
        void (*take)(Launch *l, size_t offset, char *value);
        size_t offset;
} options[] = {
        { "--uid", take_id, offsetof(Launch, uid) },
        { "--gid", take_id, offsetof(Launch, gid) },
        { "--groups", take_groups },
        { "--capabilities", take_capabilities },
        { "--no-new-privileges", take_no_new_privileges },
        { "--filter", take_text, offsetof(Launch, filter) },
        { "--apparmor", take_text, offsetof(Launch, apparmor) },
        { "--selinux", take_text, offsetof(Launch, selinux) },
        { "--limit", take_limit },
        { "--directory", take_text, offsetof(Launch, directory) },
        { "--relay", take_text, offsetof(Launch, relay) },
        { "--credentials", take_text, offsetof(Launch, credentials) },
        { "--join", take_text, offsetof(Launch, join) },
        { "--unit", take_text, offsetof(Launch, unit) },
        { "--protect", take_paths, offsetof(Launch, protect) },
        { "--hide", take_paths, offsetof(Launch, hide) },
        { "--keep", take_kept },
        { "--environment", take_environment },
        { "--env", take_variable }, /* behind the option before, in place of one from there */
};

static void read_option(Launch *l, char *option)
{
        char *value = strchr(option, '=');

        if (!value)
                die("option %s has no value", option);
        *value++ = 0;
        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (strcmp(options[i].name, option) == 0) {
                        options[i].take(l, options[i].offset, value);
                        return;
                }
        die("unknown option %s", option);
}

static void read_filter(Launch *l)
{
        ssize_t n;
        int fd;

        if (!l->filter)
                return;
        fd = open(l->filter, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, l->program, sizeof(l->program));
        if (n <= 0 || n % (ssize_t) sizeof(struct sock_filter))
                die("cannot read the filter of system calls %s: %m", l->filter);
        l->n_program = (unsigned short) ((size_t) n / sizeof(struct sock_filter));
        (void) close(fd);
}

/* Nothing of ours is there when the app looks; nor what newer versions of systemd mount into every service that has a root of
 * its own (systemd.exec(5), BindLogSockets= and RootDirectory=). The journal is told what the app writes, and believes no app
 * that says it is another. */
static void clear_traces(void)
{
        static const char *const places[] = {
                LAUNCH_FILES, LAUNCH_BIN, "/run/systemd/journal/dev-log", "/run/systemd/journal/socket",
                "/run/systemd/journal/stdout", "/run/host/.os-release-stage",
        };

        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                (void) umount2(places[i], MNT_DETACH | UMOUNT_NOFOLLOW);
}

static void own_devices(void)
{
        const char *failed = app_devices_own(LAUNCH_BIN);

        if (failed)
                die("cannot make the app's own /dev: %s: %m", failed);
}

static void cover_paths(const Launch *l)
{
        const char *failed = l->protect ? app_paths_protect(l->protect, l->keep) : NULL;

        if (failed)
                die("cannot protect %s: %m", failed);
        failed = l->hide ? app_paths_hide(l->hide, LAUNCH_BIN) : NULL;
        if (failed)
                die("cannot hide %s: %m", failed);
}

static void read_text(int directory, const char *path, char *buffer, size_t size)
{
        int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);

        if (fd >= 0)
                (void) close(fd);
        buffer[n > 0 ? n : 0] = 0;
}

/* The control group of the process, below /sys/fs/cgroup, if it is still that of the unit. */
static const char *group_of(const Launch *l, int process, char *buffer, size_t size)
{
        char *group, *name;

        read_text(process, "cgroup", buffer, size);
        group = strncmp(buffer, "0::/", 4) == 0 ? buffer : strstr(buffer, "\n0::/");
        if (!group)
                return NULL;
        group = strchr(group, '/');
        group[strcspn(group, "\n")] = 0;
        name = strrchr(group, '/') + 1;
        return l->unit && strcmp(name, l->unit) == 0 ? group : NULL;
}

/* -1: the process is gone. 1: it has no more in its bounding set than the app is to have. process is its directory. */
static int has_given_up(const Launch *l, int process)
{
        char buffer[4096];
        const char *bounding;

        read_text(process, "status", buffer, sizeof(buffer));
        if (!*buffer)
                return -1;
        bounding = strstr(buffer, "\nCapBnd:");
        return bounding && (!l->restrict_capabilities ||
                            (strtoull(bounding + strlen("\nCapBnd:"), NULL, 16) & ~l->capabilities) == 0);
}

static bool executes(int process, const char *program)
{
        struct stat a, b;

        return fstatat(process, "exe", &a, 0) == 0 && stat(program, &b) == 0 && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino;
}

/* A service's main process is a part of PID 1 at first and where that is, then the launcher, to which nothing is hidden
 * yet. What an image has us execute must not find itself there. Where capabilities do not tell, the program does. */
static int is_the_app(const Launch *l, int process)
{
        static const char *const others[] = { "/proc/1/exe", "/usr/lib/systemd/systemd-executor", "/proc/self/exe" };
        int manager = open("/proc/1", O_PATH | O_DIRECTORY | O_CLOEXEC), r = has_given_up(l, process);
        bool tells_nothing = has_given_up(l, manager) != 0;

        (void) close(manager);
        for (size_t i = 0; r > 0 && tells_nothing && i < ELEMENTSOF(others); i++)
                if (executes(process, others[i]))
                        return 0;
        return r;
}

static void wait_for_the_app(const Launch *l, int process)
{
        static const struct timespec pause = { .tv_nsec = 1000 * 1000 };
        int r;

        for (unsigned i = 0; (r = is_the_app(l, process)) <= 0; i++) {
                if (r < 0)
                        die("the app does not run any more");
                if (i == START_MSEC_MAX)
                        die("the app has not started yet");
                (void) nanosleep(&pause, NULL);
        }
}

/* To where the app is: into its control group, whose limits count and with which we end, and its mounts. All other
 * namespaces are the pod's. All is looked up through one directory of /proc, which stands for this process alone,
 * whoever has its number later. */
static void join(const Launch *l)
{
        char buffer[4096], path[4200];
        const char *group;
        int process, mounts, procs;

        (void) snprintf(path, sizeof(path), "/proc/%s", l->join);
        process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        group = process < 0 ? NULL : group_of(l, process, buffer, sizeof(buffer));
        if (!group)
                die("the app does not run any more");
        wait_for_the_app(l, process);
        mounts = openat(process, "ns/mnt", O_RDONLY | O_CLOEXEC);
        (void) snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.procs", group);
        procs = open(path, O_WRONLY | O_CLOEXEC);
        if (mounts < 0 || procs < 0 || write(procs, "0", 1) < 0 || setns(mounts, CLONE_NEWNS) < 0)
                die("cannot join the app: %m");
        (void) close(process);
        (void) close(mounts);
        (void) close(procs);
}

/* The kernel's own /proc, whatever an image or a volume may have put in its place. */
static int open_proc(void)
{
        int fd = open_below(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
        struct statfs fs;
        struct stat st;

        if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
                die("cannot use /proc: %m");
        if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
                die("cannot use /proc: something else is mounted there");
        return fd;
}

/* Nothing that was mounted below /proc answers for the kernel (CVE-2019-16884 was that). */
static void write_attribute(const char *const *names, const char *text, const char *what)
{
        int proc = open_proc(), fd = -1;
        char path[64];

        for (; fd < 0 && *names; names++) {
                (void) snprintf(path, sizeof(path), "%i/attr/%s", getpid(), *names);
                fd = open_below(proc, path, O_WRONLY, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
        }
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                die("cannot use %s: %m", what);
        (void) close(fd);
        (void) close(proc);
}

static void set_labels(const Launch *l)
{
        char text[4096];

        if (l->apparmor) {
                (void) snprintf(text, sizeof(text), "exec %s", l->apparmor);
                write_attribute((const char *const[]) { "apparmor/exec", "exec", NULL }, text, "the AppArmor profile");
        }
        if (l->selinux)
                write_attribute((const char *const[]) { "exec", NULL }, l->selinux, "the SELinux context");
}

/* The bounding set while we still may, the user with the capabilities kept that loading a filter takes. */
static void become_user(const Launch *l)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};

        for (int c = 0; l->restrict_capabilities && c < 64 && prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
                if (!(l->capabilities & (UINT64_C(1) << c)) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
                        die("cannot give up capability %i: %m", c);
        if (isatty(STDIN_FILENO))
                (void) fchown(STDIN_FILENO, l->uid, (gid_t) -1);

        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(l->n_groups, l->groups) < 0 ||
            setresgid(l->gid, l->gid, l->gid) < 0 || setresuid(l->uid, l->uid, l->uid) < 0)
                die("cannot become user %u, group %u: %m", l->uid, l->gid);

        if (syscall(SYS_capget, &header, data) < 0)
                die("cannot tell the capabilities: %m");
        for (int i = 0; i < 2; i++) {
                data[i].effective = l->uid == 0 ? data[i].permitted : 0;
                data[i].inheritable = 0;
        }
        if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                die("cannot set the capabilities: %m");
}

static bool is_socket(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

__attribute__((noreturn)) static void become_relay(AppOutput *o, const int out[2], const int err[2])
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = {};

        int fds[] = { out[0], err[0], o->app, o->client };
        const int places[] = { 0, 3, 4, 5 };

        /* Nothing else is to stay open. First out of each other's way. Where the app may have so few files that this
         * fails, it had better learn of it when it writes than write to nobody. */
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0 && (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 10)) < 0)
                        _exit(EXIT_FAILURE);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0 && dup2(fds[i], places[i]) < 0)
                        _exit(EXIT_FAILURE);
        if (close_range(fds[3] >= 0 ? 6 : 5, ~0U, 0) < 0 || chdir("/") < 0 ||
            prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || syscall(SYS_capset, &header, none) < 0)
                _exit(EXIT_FAILURE);
        (void) prctl(PR_SET_NAME, "podctl-output");
        *o = (AppOutput) { .pipes = { 0, 3 }, .journal = { STDOUT_FILENO, STDERR_FILENO },
                           .client = fds[3] >= 0 ? 5 : -1, .app = 4, .raw = o->raw };
        app_output_carry(o);
        _exit(EXIT_SUCCESS);
}

/* The journal is a socket, and a socket cannot be opened: programs that log to /dev/stdout, as many images have
 * theirs do, would fail with ENXIO. What they get is a pipe of their own, and a process behind it. It is not their
 * child, since they may be waiting for all they have, has no privileges, cannot be traced, and ends with the last who
 * could write. */
static void start_relay(Launch *l)
{
        AppOutput o = { .client = l->client, .raw = strcmp(l->relay, "raw") == 0 };
        int out[2], err[2], status;
        sigset_t all, before;
        pid_t pid;

        if (!is_socket(STDOUT_FILENO) || !is_socket(STDERR_FILENO))
                return;
        o.app = (int) syscall(SYS_pidfd_open, getpid(), 0);
        if (o.app < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
                die("cannot make a pipe: %m");
        /* What ends the app is to leave the other process its last lines, from its first moment on. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &before);
        pid = fork();
        if (pid < 0)
                die("cannot fork: %m");
        if (pid == 0) {
                pid = fork();
                if (pid != 0)
                        _exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
                become_relay(&o, out, err);
        }
        if (waitpid(pid, &status, 0) < 0 || status != 0)
                die("cannot fork what carries its output");
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        if (dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0)
                die("cannot use a pipe: %m");
        for (int i = 0; i < 2; i++) {
                (void) close(out[i]);
                (void) close(err[i]);
        }
        (void) close(o.app);
        if (l->client >= 0)
                (void) close(l->client);
        the_client = l->client = -1;
}

static void change_directory(const Launch *l)
{
        if (l->directory && chdir(l->directory) < 0)
                die("cannot change to the working directory %s: %m", l->directory);
}

static void raise_capability(unsigned c)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};

        if (syscall(SYS_capget, &header, data) < 0)
                die("cannot tell the capabilities: %m");
        data[c / 32].effective |= UINT32_C(1) << (c % 32);
        if (syscall(SYS_capset, &header, data) < 0)
                die("cannot set the capabilities: %m");
}

static const struct {
        const char *name;
        __rlimit_resource_t resource;
} limits[] = {
        { "AS", RLIMIT_AS },           { "CORE", RLIMIT_CORE },     { "CPU", RLIMIT_CPU },
        { "DATA", RLIMIT_DATA },       { "FSIZE", RLIMIT_FSIZE },   { "LOCKS", RLIMIT_LOCKS },
        { "MEMLOCK", RLIMIT_MEMLOCK }, { "MSGQUEUE", RLIMIT_MSGQUEUE }, { "NICE", RLIMIT_NICE },
        { "NOFILE", RLIMIT_NOFILE },   { "NPROC", RLIMIT_NPROC },   { "RSS", RLIMIT_RSS },
        { "RTPRIO", RLIMIT_RTPRIO },   { "RTTIME", RLIMIT_RTTIME }, { "SIGPENDING", RLIMIT_SIGPENDING },
        { "STACK", RLIMIT_STACK },
};

static rlim_t read_limit(const char *text)
{
        return strncmp(text, "infinity", strlen("infinity")) == 0 ? RLIM_INFINITY : strtoull(text, NULL, 10);
}

static void set_limit(char *text)
{
        char *soft = strchr(text, '='), *hard = soft ? strchr(soft, ':') : NULL;
        struct rlimit limit;
        size_t i = 0;

        if (!hard)
                die("cannot set the limit %s", text);
        *soft++ = 0;
        limit = (struct rlimit) { .rlim_cur = read_limit(soft), .rlim_max = read_limit(hard + 1) };
        while (i < ELEMENTSOF(limits) && strcmp(limits[i].name, text) != 0)
                i++;
        if (i == ELEMENTSOF(limits))
                die("there is no limit %s", text);
        if (setrlimit(limits[i].resource, &limit) >= 0)
                return;
        if (errno == EPERM)
                raise_capability(CAP_SYS_RESOURCE);
        if (setrlimit(limits[i].resource, &limit) < 0)
                die("cannot set the limit %s: %m", text);
}

/* Last, since they are the app's: what has to be done before it must not fail for them. */
static void set_limits(const Launch *l)
{
        for (char **text = l->limits; text && *text; text++)
                set_limit(*text);
}

static void load_filter(const Launch *l)
{
        struct sock_fprog program = { .len = l->n_program, .filter = (struct sock_filter *) l->program };

        if (l->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                die("cannot set no_new_privs: %m");
        if (l->n_program == 0)
                return;
        if (!l->no_new_privileges)
                raise_capability(CAP_SYS_ADMIN);
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                die("cannot load the filter of system calls: %m");
}

/* In the first line of a script, of which buffer has n bytes. */
static const char *interpreter_of_script(char *buffer, size_t n)
{
        char *interpreter = buffer + 2 + strspn(buffer + 2, " \t");

        buffer[n] = 0;
        interpreter[strcspn(interpreter, " \t\n")] = 0;
        return interpreter;
}

/* The loader, which has a segment of its own (elf(5)). */
static const char *interpreter_of_program(int fd, char *buffer, size_t size)
{
        const Elf64_Ehdr header = *(const Elf64_Ehdr *) buffer;
        off_t at = (off_t) header.e_phoff;
        Elf64_Phdr segment = {};

        for (unsigned i = 0; i < header.e_phnum && segment.p_type != PT_INTERP; i++, at += (off_t) sizeof(segment))
                if (pread(fd, &segment, sizeof(segment), at) != (ssize_t) sizeof(segment))
                        return NULL;
        if (segment.p_type != PT_INTERP || segment.p_filesz >= size ||
            pread(fd, buffer, segment.p_filesz, (off_t) segment.p_offset) != (ssize_t) segment.p_filesz)
                return NULL;
        buffer[segment.p_filesz] = 0;
        return buffer;
}

/* The file that execve() would not find. Returns it in buffer, or NULL where there is nothing to tell. */
static const char *interpreter_of(const char *path, char *buffer, size_t size)
{
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : pread(fd, buffer, size - 1, 0);
        const Elf64_Ehdr *header = (const Elf64_Ehdr *) buffer;
        const char *result = NULL;

        if (n > 2 && buffer[0] == '#' && buffer[1] == '!')
                result = interpreter_of_script(buffer, (size_t) n);
        else if (n >= (ssize_t) sizeof(*header) && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
                 header->e_ident[EI_CLASS] == ELFCLASS64)
                result = interpreter_of_program(fd, buffer, size);
        if (fd >= 0)
                (void) close(fd);
        return result;
}

/* Said before the filter may forbid saying it. Whether a user may execute something is left to execve(). */
static void check_program(const char *path)
{
        _Alignas(Elf64_Ehdr) char buffer[4096];
        const char *interpreter;
        struct stat st;

        if (stat(path, &st) < 0)
                die("cannot execute %s: %m", path);
        interpreter = interpreter_of(path, buffer, sizeof(buffer));
        if (interpreter && *interpreter && stat(interpreter, &st) < 0)
                die("cannot execute %s: its interpreter %s: %m", path, interpreter);
}

/* Linux takes so much of one string, and a quarter of the limit of the stack, of 6 MB at most, of all together
 * (execve(2), "Limits on size of arguments and environment"). */
__attribute__((noreturn)) static void die_of_size(const char *path, char *const *argv, char *const *environment)
{
        char *const *const lists[] = { argv, environment };
        size_t all = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (char *const *s = lists[i]; *s; s++) {
                        size_t n = strlen(*s) + 1;

                        all += n + sizeof(char *);
                        if (n > 131072)
                                die("cannot execute %s: %s of %zu bytes (%.24s…) is longer than the 131072 bytes that "
                                    "the kernel takes", path, i == 0 ? "an argument" : "a variable", n, *s);
                }
        die("cannot execute %s: the command line and the environment have %zu bytes, more than the kernel takes; see "
            "--rlimit=RLIMIT_STACK",
            path, all);
}

/* The words after the options. */
static char **read_options(Launch *l, char **words, size_t n)
{
        size_t i = 0;

        l->n_words = n;
        for (; i < n && strcmp(words[i], "--") != 0; i++)
                read_option(l, words[i]);
        if (i + 2 >= n)
                die("nothing to execute");
        return words + i + 1;
}

int main(int argc, char *argv[])
{
        static Launch l;
        char **words = argv + 1;
        size_t n = (size_t) argc - 1;

        if (n == 1 && strncmp(words[0], "--words=", strlen("--words=")) == 0) {
                const char *path = words[0] + strlen("--words=");

                words = launch_words_read(path, 0, &n);
                if (!words)
                        die("cannot read %s: %m", path);
        }
        words = read_options(&l, words, n);
        the_client = l.client = l.relay ? app_output_connect(LAUNCH_FILES "/" LAUNCH_OUTPUT) : -1;

        read_filter(&l);
        if (l.join)
                join(&l);
        else {
                clear_traces();
                own_devices();
                cover_paths(&l);
        }
        if (l.credentials)
                app_credentials_own(l.credentials, l.uid, l.gid);
        set_labels(&l);
        become_user(&l);
        if (l.relay)
                start_relay(&l);
        change_directory(&l);
        check_program(words[0]);
        set_limits(&l);
        load_filter(&l);

        /* Services ignore it by default, and what is ignored stays so (systemd.exec(5), IgnoreSIGPIPE=). */
        (void) signal(SIGPIPE, SIG_DFL);
        (void) execve(words[0], words + 1, l.environment.list);
        if (errno == E2BIG)
                die_of_size(words[0], words + 1, l.environment.list);
        die("cannot execute %s: %m", words[0]);
}
