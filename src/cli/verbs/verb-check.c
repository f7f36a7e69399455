/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/log.h"
#include "cli/terminal/results.h"
#include "cli/files/check-report.h"
#include "cli/verbs/host-check.h"
#include "cli/files/pod-check.h"
#include "cli/verbs/verbs.h"
#include "foreign/kube/kube-pod.h"
#include "pod/pods-d.h"

typedef struct CheckArgs {
        bool host;
        char *format;
} CheckArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(CheckArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "host", &option_bool, offsetof(CheckArgs, host), NULL, "Report what this host has and lacks for pods" },
        {},
};

/* For people: what is good on standard output. */
static int check_and_tell(Context *c, const char *name, const char *path)
{
        _cleanup_(findings_done) Findings remarks = {};
        int r = pod_check_file(c, name, path, NULL, &remarks);

        for (size_t i = 0; r >= 0 && i < remarks.n; i++) {
                const Finding *f = &remarks.items[i];

                (void) printf("%s:%zu:%zu: %s: %s\n", path, f->line, f->column, f->member, f->text);
        }
        if (r >= 0)
                (void) printf("%s: good%s\n", path,
                              r > 0 ? ", as far as can be seen before its images are fetched" : "");
        return MIN(r, 0);
}

static int check_file(Context *c, const char *name, const char *path, CheckReport *report)
{
        return report ? check_report_file(report, c, name, path) : check_and_tell(c, name, path);
}

/* The name of a pod in pods.d, or the path of a file. */
static int check_word(Context *c, const char *word, CheckReport *report)
{
        _cleanup_free_ char *path = NULL;
        int r;

        if (strchr(word, '/') || kube_path_is_yaml(word))
                return check_file(c, NULL, word, report);
        r = pods_d_find(word, &path);
        if (r < 0)
                return log_error_errno(r, "There is no manifest for pod '%s' in " PODS_D_LOCAL
                                          " or another pods.d directory", word);
        return check_file(c, word, path, report);
}

static int check_words(Context *c, char *const *words, const char *format)
{
        _cleanup_(check_report_done) CheckReport report = {};
        int r = 0;

        STRV_FOREACH(word, words) {
                int k = check_word(c, *word, format ? &report : NULL);

                r = r < 0 ? r : k;
        }
        return format ? check_report_print(&report, format, r) : r;
}

static int run(Context *c, void *userdata, char **words)
{
        const CheckArgs *args = userdata;
        _cleanup_strv_free_ char **all = NULL;
        int r = 0;

        if (args->host && words[0])
                return log_error_errno(EINVAL, "Option --host looks at the host, not at '%s'", words[0]);
        if (args->host && geteuid() != 0)
                return log_error_errno(EPERM, "Cannot run 'check --host' as unprivileged user; become root");
        if (args->host)
                return host_check(c, args->format);
        if (!words[0]) {
                r = pods_d_list(&all);
                if (r < 0)
                        return log_error_errno(r, "Cannot read " PODS_D_LOCAL " and the other pods.d directories: %m");
                words = all;
        }
        return check_words(c, words, args->format);
}

const Verb verb_check = {
        .name = "check",
        .usage = "[NAME|FILE…]",
        .summary = "Look for mistakes in pods that systemd starts",
        .options = options,
        .args_size = sizeof(CheckArgs),
        .completes = "MANIFEST",
        .max_words = -1,
        .run = run,
};
