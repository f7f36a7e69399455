/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/strv.h"
#include "cli/terminal/editor.h"

#define EDITORS "editor, nano, vim or vi"

static const char *const fallbacks[] = { "editor", "nano", "vim", "vi" };

static const char *wanted_editor(void)
{
        static const char *const variables[] = { "SYSTEMD_EDITOR", "EDITOR", "VISUAL" };

        for (size_t i = 0; i < ELEMENTSOF(variables); i++) {
                const char *value = getenv(variables[i]);

                if (!isempty(value))
                        return value;
        }
        return NULL;
}

/* Words that quotation marks do not hold together, as systemctl reads them. */
static int split_command(const char *command, const char *path, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL, **argv = NULL;
        int r = strv_split(command, ' ', &words);

        STRV_FOREACH(word, words)
                if (r >= 0 && **word)
                        r = strv_extend(&argv, *word);
        if (r >= 0)
                r = strv_extend(&argv, path);
        if (r >= 0)
                *ret = TAKE_PTR(argv);
        return r;
}

/* In the child: the first that is there. */
_Noreturn static void execute(char *const *argv, const char *path)
{
        if (argv)
                (void) execvp(argv[0], argv);
        for (size_t i = 0; !argv && i < ELEMENTSOF(fallbacks); i++)
                (void) execlp(fallbacks[i], fallbacks[i], path, (char *) NULL);
        _exit(127);
}

/* The editor has the terminal: what is typed there is for it. */
static int wait_for(pid_t pid, int *ret_status)
{
        struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
        pid_t r;

        (void) sigaction(SIGINT, &ignore, &interrupt);
        (void) sigaction(SIGQUIT, &ignore, &quit);
        do
                r = waitpid(pid, ret_status, 0);
        while (r < 0 && errno == EINTR);
        (void) sigaction(SIGINT, &interrupt, NULL);
        (void) sigaction(SIGQUIT, &quit, NULL);
        return r < 0 ? -errno : 0;
}

int editor_run(const char *path)
{
        const char *wanted = wanted_editor();
        _cleanup_strv_free_ char **argv = NULL;
        int r = wanted ? split_command(wanted, path, &argv) : 0, status = 0;
        pid_t pid;

        if (r < 0)
                return log_oom();
        (void) fflush(stdout);
        pid = fork();
        if (pid == 0)
                execute(argv, path);
        r = pid < 0 ? -errno : wait_for(pid, &status);
        if (r < 0)
                return log_error_errno(r, "Cannot run an editor: %m");
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return log_error_errno(ENOENT, "There is no editor '%s'; name one in $SYSTEMD_EDITOR or $EDITOR",
                                       wanted ?: EDITORS);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return log_error_errno(ECANCELED, "The editor failed");
        return 0;
}
