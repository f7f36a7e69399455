/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first program of every app: does everything for which systemd has no setting, gives up the privileges that this
 * needs, and becomes the app. PID 1 starts it in the app's root, where it is mounted at LAUNCH_BIN until then, as root
 * with all the pod's capabilities:
 *
 *   app-exec [--OPTION=VALUE…] -- PROGRAM ARGV0 [ARGUMENT…]
 *   app-exec --words=FILE    the same words, from a file
 *
 * The app's variables come in a file as well (--environment=). They never become the environment of this program, nor
 * of other programs of podctl that run beside the app: a variable of an image decides nothing outside of the app.
 *
 * It is also the first program of every command that runs beside an app, with --join= naming the app's main process
 * and --unit= its service: then it is started in the pod's root and moves to the app.
 *
 * The system call filter was compiled before, so that it costs no app any time, and is loaded last, so that it need not
 * allow the calls that are made here. Loading it does not require no_new_privs, which would break programs that gain
 * privileges. capabilities(7), "Effect of user ID changes on capabilities" and "Transformation of capabilities during
 * execve()", explain why there is nothing left to drop after that: execve() itself gives root the capabilities of the
 * bounding set, and other users none. The program is static, since the app's root may have any libraries or none. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include "inside/app-credentials.h"
#include "inside/app-devices.h"
#include "inside/app-die.h"
#include "inside/app-follow.h"
#include "inside/app-join.h"
#include "inside/app-output.h"
#include "inside/app-paths.h"
#include "inside/app-pids.h"
#include "inside/app-privileges.h"
#include "inside/app-program.h"
#include "inside/app-record.h"
#include "inside/app-relay.h"
#include "inside/app-share.h"
#include "inside/app-stdio.h"
#include "inside/app-terminal.h"
#include "inside/launch-options.h"
#include "inside/launch-places.h"
#include "inside/launch-words.h"

/* Unmounts podctl's own files before the app can see them, and those that newer versions of systemd mount into every
 * service that has a root of its own (systemd.exec(5), BindLogSockets= and RootDirectory=). The journal gets the app's
 * output without these sockets, through which an app could log under the name of another. */
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

static void cover_paths(const LaunchOptions *l)
{
        const char *failed = l->protect ? app_paths_protect(l->protect, l->keep) : NULL;

        if (failed)
                die("cannot protect %s: %m", failed);
        failed = l->hide ? app_paths_hide(l->hide, LAUNCH_BIN) : NULL;
        if (failed)
                die("cannot hide %s: %m", failed);
}

static void change_directory(const LaunchOptions *l)
{
        if (l->directory && chdir(l->directory) < 0)
                die("cannot change to the working directory %s: %m", l->directory);
}

static char **read_words(int argc, char **argv, size_t *ret_n)
{
        static const char option[] = "--words=";
        char **words = argv + 1;

        *ret_n = (size_t) argc - 1;
        if (*ret_n != 1 || strncmp(words[0], option, strlen(option)) != 0)
                return words;
        words = launch_words_read(argv[1] + strlen(option), 0, ret_n);
        if (!words)
                die("cannot read %s: %m", argv[1] + strlen(option));
        return words;
}

/* It is not worth the app: the journals have the output. */
static void connect_log_file(void)
{
        the_log_file.fd = app_log_file_connect(LAUNCH_FILES "/" LAUNCH_LOG_FILE);
        if (the_log_file.fd < 0 && errno != ENOENT)
                (void) dprintf(STDERR_FILENO, "<4>podctl: cannot write the app's log file, since nothing on the host "
                                              "takes its output: %m\n");
}

/* It is locked until the app has started or will not, so that whoever sees it empty knows which; so it gets its name
 * when it is. */
static void open_reason(const char *path)
{
        char temporary[PATH_MAX];

        (void) snprintf(temporary, sizeof(temporary), "%s~", path);
        the_reason = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (the_reason >= 0 && (flock(the_reason, LOCK_EX | LOCK_NB) < 0 || rename(temporary, path) < 0)) {
                (void) close(the_reason);
                the_reason = -1;
        }
}

static void begin_run(const char *app)
{
        int directory = open(LAUNCH_FILES "/" LAUNCH_STATUS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        app_record_begin_run(directory, app);
        (void) close(directory);
}

static void connect_outputs(LaunchOptions *l)
{
        if (l->reason)
                open_reason(l->reason);
        if (l->restarts)
                begin_run(l->restarts);
        if (l->relay) {
                the_client = app_output_connect(LAUNCH_FILES "/" LAUNCH_OUTPUT);
                connect_log_file();
        }
        if (l->relay)
                app_relay_open(&l->outputs, l->uid);
        if (l->fields)
                the_journal = (AppJournal) { app_journal_connect(LAUNCH_FILES "/" LAUNCH_JOURNAL), l->fields,
                                             strlen(l->fields) };
        l->attached = l->stdio && access(LAUNCH_FILES "/" LAUNCH_ATTACHED, F_OK) == 0;
        app_stdio_connect(l);
}

/* Who is attached to the app from the start gets its output there, and from the relay nothing of it; here only what
 * goes wrong before that. */
static void start_outputs(LaunchOptions *l, int argc, char *argv[])
{
        const int client = the_client;

        if (l->attached)
                the_client = -1;
        if (l->outputs.open && !l->relayed)
                app_relay_start(&l->outputs, l->relay, argc, argv);
        if (l->outputs.open)
                app_relay_connect(&l->outputs);
        if (!l->attached) {
                app_stdio_take(l);
                return;
        }
        the_client = client;
        app_stdio_take(l);
        (void) close(client);
        the_client = -1;
}

int main(int argc, char *argv[])
{
        static LaunchOptions l;
        static AppFilter filter;
        size_t n;
        char **words = read_words(argc, argv, &n);

        words = launch_options_read(&l, words, n);
        connect_outputs(&l);

        app_filter_read(&filter, l.filter);
        if (l.join)
                app_join(&l);
        else {
                if (l.share)
                        app_share(l.share);
                app_pids_part(&l, argc, argv);
                clear_traces();
                if (!l.host_devices)
                        own_devices();
                cover_paths(&l);
        }
        if (l.credentials && !l.join)
                app_credentials_own(l.credentials, l.uid, l.gid);
        if (l.secrets)
                app_credentials_to_variables(l.credentials, l.secrets, &l.environment);
        app_set_labels(&l);
        app_become_user(&l);
        if (l.terminal)
                app_terminal_take();
        else
                start_outputs(&l, argc, argv);
        change_directory(&l);
        app_program_check(words[0]);
        app_pids_prepare(&l);
        app_set_limits(&l);
        app_pids_ready(&l);
        app_filter_load(&filter, l.no_new_privileges);

        /* Services ignore SIGPIPE by default, and execve() does not change that (systemd.exec(5), IgnoreSIGPIPE=). */
        (void) signal(SIGPIPE, SIG_DFL);
        app_follow_bind(&l);
        (void) execve(words[0], words + 1, l.environment.list);
        if (errno == E2BIG)
                app_program_die_of_size(words[0], words + 1, l.environment.list);
        die("cannot execute %s: %m", words[0]);
}
