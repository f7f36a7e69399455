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

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "inside/app-credentials.h"
#include "inside/app-devices.h"
#include "inside/app-die.h"
#include "inside/app-join.h"
#include "inside/app-output.h"
#include "inside/app-paths.h"
#include "inside/app-privileges.h"
#include "inside/app-program.h"
#include "inside/app-relay.h"
#include "inside/launch-options.h"
#include "inside/launch-places.h"
#include "inside/launch-words.h"

/* Nothing of ours is there when the app looks; nor what newer versions of systemd mount into every service that has a
 * root of its own (systemd.exec(5), BindLogSockets= and RootDirectory=). The journal is told what the app writes, and
 * believes no app that says it is another. */
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

int main(int argc, char *argv[])
{
        static LaunchOptions l;
        static AppFilter filter;
        size_t n;
        char **words = read_words(argc, argv, &n);

        words = launch_options_read(&l, words, n);
        the_client = l.relay ? app_output_connect(LAUNCH_FILES "/" LAUNCH_OUTPUT) : -1;

        app_filter_read(&filter, l.filter);
        if (l.join)
                app_join(&l);
        else {
                clear_traces();
                own_devices();
                cover_paths(&l);
        }
        if (l.credentials)
                app_credentials_own(l.credentials, l.uid, l.gid);
        app_set_labels(&l);
        app_become_user(&l);
        if (l.relay)
                app_relay_start(strcmp(l.relay, "raw") == 0);
        change_directory(&l);
        app_program_check(words[0]);
        app_set_limits(&l);
        app_filter_load(&filter, l.no_new_privileges);

        /* Services ignore it by default, and what is ignored stays so (systemd.exec(5), IgnoreSIGPIPE=). */
        (void) signal(SIGPIPE, SIG_DFL);
        (void) execve(words[0], words + 1, l.environment.list);
        if (errno == E2BIG)
                app_program_die_of_size(words[0], words + 1, l.environment.list);
        die("cannot execute %s: %m", words[0]);
}
