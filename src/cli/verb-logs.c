/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "basic/log.h"
#include "cli/verb.h"

/* The journal of a pod, while it runs and afterwards, read by journalctl(1): it knows all formats there are. */

typedef struct LogsArgs {
        char *app;
        bool all;
        bool follow;
        char *lines;
        char *output;
        char *since;
} LogsArgs;

static const Option options[] = {
        { "all", &option_bool, offsetof(LogsArgs, all), NULL, "What the pod's own services say, too" },
        { "app", &option_string, offsetof(LogsArgs, app), "APP", "Of this app only" },
        { "follow", &option_bool, offsetof(LogsArgs, follow), NULL, "Go on with what comes", 'f' },
        { "lines", &option_string, offsetof(LogsArgs, lines), "N", "The last N lines", 'n' },
        { "output", &option_string, offsetof(LogsArgs, output), "FORMAT", "Format of journalctl: short, cat, json …", 'o' },
        { "since", &option_string, offsetof(LogsArgs, since), "TIME", "Not before this time" },
        {},
};

/* Matches that '+' separates: any of them will do. For a process that was gone before journald could look at it, there
 * is no unit, but the name that its output was given. */
static int add_matches(const Pod *pod, const LogsArgs *args, char ***argv)
{
        const char *separator = NULL;

        for (size_t i = 0; !args->all && i < pod->manifest->n_apps; i++) {
                const char *name = pod->manifest->apps[i].name;
                int r = 0;

                if (args->app && !streq(args->app, name))
                        continue;
                if (separator)
                        r = strv_extend(argv, separator);
                if (r >= 0)
                        r = strv_extendf(argv, "_SYSTEMD_UNIT=%s.service", name);
                if (r >= 0)
                        r = strv_extend(argv, "+");
                if (r >= 0)
                        r = strv_extendf(argv, "SYSLOG_IDENTIFIER=%s", name);
                if (r < 0)
                        return r;
                separator = "+";
        }
        return 0;
}

static int arguments(const Pod *pod, const LogsArgs *args, char ***ret)
{
        const struct {
                const char *option;
                const char *value;
        } values[] = {
                { "--lines", args->lines }, { "--output", args->output }, { "--since", args->since },
        };
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_free_ char *directory = pod_path(pod, "journal");
        int r = directory ? 0 : -ENOMEM;

        if (r >= 0)
                r = strv_extend(&argv, "journalctl");
        if (r >= 0)
                r = strv_extend(&argv, "--quiet");
        if (r >= 0)
                r = strv_extendf(&argv, "--directory=%s", directory);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(values); i++)
                if (values[i].value)
                        r = strv_extendf(&argv, "%s=%s", values[i].option, values[i].value);
        if (r >= 0)
                r = strv_extend(&argv, args->follow ? "--follow" : "--no-pager");
        if (r >= 0)
                r = add_matches(pod, args, &argv);
        if (r >= 0)
                *ret = TAKE_PTR(argv);
        return r;
}

/* Goes on until the pod has ended and what it wrote last was shown. journalctl would wait for more for ever. */
static int follow(Pod *pod, char **argv)
{
        int status;
        pid_t pid = fork();

        if (pid < 0)
                return log_error_errno(errno, "Cannot fork: %m");
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
                (void) execvp(argv[0], argv);
                _exit(EXIT_PODCTL_FAILED);
        }

        while (pod_refresh(pod) >= 0 && pod->state == POD_RUNNING) {
                if (waitpid(pid, &status, WNOHANG) == pid)
                        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_PODCTL_FAILED;
                (void) usleep(100000);
        }

        /* journald has closed the files, and that wakes journalctl; it needs no more than a moment. */
        (void) usleep(500000);
        (void) kill(pid, SIGTERM);
        (void) waitpid(pid, NULL, 0);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        LogsArgs *args = userdata;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        r = context_find_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        r = pod_load(pod, &message);
        if (r < 0)
                return log_error_errno(r, "%s", strempty(message));
        if (args->app && !appc_pod_find_app(pod->manifest, args->app))
                return log_error_errno(ENOENT, "Pod '%s' has no app '%s'", words[0], args->app);

        r = arguments(pod, args, &argv);
        if (r < 0)
                return log_oom();
        if (args->follow && pod->state == POD_RUNNING)
                return follow(pod, argv);
        (void) execvp(argv[0], argv);
        return log_error_errno(errno, "Cannot run journalctl: %m");
}

const Verb verb_logs = {
        .name = "logs",
        .usage = "POD",
        .summary = "Show what a pod's apps have written",
        .options = options,
        .args_size = sizeof(LogsArgs),
        .min_words = 1,
        .max_words = 1,
        .completes = "POD",
        .run = run,
};
